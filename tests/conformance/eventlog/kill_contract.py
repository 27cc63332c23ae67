"""kill -9 between any two steps: what was acknowledged is done once, in order, after a restart."""

import json
import os
import signal
import subprocess
import sys

import pytest
from samarkiv_contracts.events.delivery import DeliveryReceived
from samarkiv_runtime.ports import Outgoing

from tests.conformance.eventlog.bench import Bench, delivery, envelope, received

EVENTS = 12


class KillContract:
    """Each place is passed by a real process that is killed there, and then by one that is not."""

    @pytest.mark.parametrize("place", ["claimed:1", "committed:1", "effected:3", "finished:2"])
    def test_nothing_is_lost_or_done_twice(self, bench: Bench, place: str) -> None:
        with bench.database.write() as tx:
            for number in range(EVENTS):
                key = delivery(number % 3)
                data = received(key).model_dump(mode="json")
                event = envelope(key, id=f"e{number}", type=DeliveryReceived.type, sequence=number, data=data)
                bench.log.append(tx, [Outgoing("archive.delivery", key, event)])
        assert self._run(bench, place) == -signal.SIGKILL
        assert self._run(bench, "") == 0
        effects = bench.effects()
        assert sorted(effects) == sorted(f"{delivery(n % 3)}/{n}" for n in range(EVENTS))
        for number in range(3):
            mine = [int(one.split("/")[1]) for one in effects if one.startswith(delivery(number))]
            assert mine == sorted(mine)

    def _run(self, bench: Bench, place: str) -> int:
        environment = {**os.environ, "SAMARKIV_FAILPOINT": place, "VICTIM": json.dumps(bench.engines)}
        command = [sys.executable, "-m", "tests.conformance.eventlog.victim", str(EVENTS)]
        return subprocess.run(command, env=environment, timeout=60, check=False).returncode
