"""kill -9 and SIGSTOP longer than the lease at seeded moments: every effect once, each key in order."""

import json
import os
import random
import signal
import subprocess
import sys
import time

from samarkiv_contracts.events.delivery import DeliveryReceived
from samarkiv_runtime.ports import Outgoing

from tests.conformance.eventlog.bench import Bench, delivery, envelope, received

LANES = 8


class StormContract:
    """Two worker processes share the work; one of them is always being hurt."""

    moments = 8
    events = 240

    def test_a_storm_loses_nothing_and_does_nothing_twice(self, bench: Bench) -> None:
        dice = random.Random(20261124)
        workers = [self._start(bench) for _ in range(2)]
        told = 0
        try:
            for _ in range(self.moments):
                told = self._tell(bench, told, told + self.events // self.moments)
                time.sleep(dice.uniform(0.02, 0.1) * self.patience)
                victim = dice.randrange(2)
                if dice.random() < 0.6:
                    workers[victim].kill()
                    workers[victim].wait()
                    workers[victim] = self._start(bench)
                else:
                    workers[victim].send_signal(signal.SIGSTOP)
                    time.sleep(0.1)
                    if bench.database.dialect != "sqlite":  # stopped inside a transaction, it holds the file
                        told = self._tell(bench, told, told + 5)
                    time.sleep(0.1 + 0.5 * self.patience)  # longer than the lease of 0.5 s
                    workers[victim].send_signal(signal.SIGCONT)
            until = time.monotonic() + 60
            while len(bench.effects()) < told and time.monotonic() < until:
                time.sleep(0.05)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
        effects = bench.effects()
        assert sorted(effects) == sorted(f"{delivery(n % LANES)}/{n}" for n in range(told))
        for lane in range(LANES):
            mine = [int(one.split("/")[1]) for one in effects if one.startswith(delivery(lane))]
            assert mine == sorted(mine)
        assert bench.jobs.parked() == []

    patience = 1.0

    def _start(self, bench: Bench) -> "subprocess.Popen[bytes]":
        environment = {**os.environ, "VICTIM": json.dumps(bench.engines), "VICTIM_LOG": "CRITICAL"}
        command = [sys.executable, "-m", "tests.conformance.eventlog.victim", "1000000"]
        return subprocess.Popen(command, env=environment)

    def _tell(self, bench: Bench, start: int, end: int) -> int:
        for number in range(start, end):
            key = delivery(number % LANES)
            data = received(key).model_dump(mode="json")
            event = envelope(key, id=f"e{number}", type=DeliveryReceived.type, sequence=number, data=data)
            with bench.database.write() as tx:
                bench.log.append(tx, [Outgoing("archive.delivery", key, event)])
        return end
