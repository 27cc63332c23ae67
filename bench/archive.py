"""A real embedded archive in a process of its own, and PERFORMANCE's clock around one delivery to it."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from bench import meter
from bench.corpus import Corpus

AGREEMENT = "BENCH"
PATIENCE_S = 3600
POLL_S = 0.2


@dataclass
class Timed:
    """One delivery by the clock, in seconds. `found` runs from the start of the upload, `from_commit` from its end.

    `cpu` is without `meanwhile`: what the workers did after `package.stored`, which is the text stage's beginning.
    """

    found: float
    from_commit: float
    upload: float
    cpu: float
    cpu_from_commit: float
    stages: dict[str, tuple[float, float]] = field(default_factory=dict)
    together: float = 0.0
    each: dict[str, float] = field(default_factory=dict)
    delivery: str = ""
    meanwhile: float = 0.0
    text: float = 0.0
    text_cpu: float = 0.0


class Archive:
    """`samarkiv serve` with a fresh home. `profile` runs it under the sampler of `bench.profiled`."""

    def __init__(self, work: Path, *, profile: bool = False, entries: int = 250_000) -> None:
        self.home = work / "home"
        self._profile = profile
        self._env = {
            **os.environ,
            "SAMARKIV_HOME": str(self.home.absolute()),
            "SAMARKIV_PORT": str(_free_port()),
            "SAMARKIV_MAX_ENTRIES": str(entries),
            "SAMARKIV_LOG_LEVEL": "WARNING",
        }
        self.process: subprocess.Popen[bytes] | None = None
        self._token = ""

    def __enter__(self) -> Self:
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        subprocess.run(
            [sys.executable, "-m", "bench.setup"], env=self._env, check=True, stderr=subprocess.DEVNULL
        )
        command = ["-m", "bench.profiled"] if self._profile else ["-m", "samarkiv.cli"]
        self._log = (self.home / "bench.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, *command, "serve"], env=self._env, stdout=self._log, stderr=self._log
        )
        try:
            self._wait_ready()
            self._token = (self.home / "token").read_text(encoding="utf-8").strip()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._log.close()
        shutil.rmtree(self.home / "copies", ignore_errors=True)
        shutil.rmtree(self.home / "staging", ignore_errors=True)

    @property
    def pid(self) -> int:
        """Return the process id of the server."""
        assert self.process is not None
        return self.process.pid

    def _wait_ready(self) -> None:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                ready = self.call("GET", "/readyz", signed=False)[0] == 200
                # the home's token is written a moment after
                if ready and (self.home / "token").exists():
                    return
            except OSError:
                pass
            if self.process is not None and self.process.poll() is not None:
                raise SystemExit((self.home / "bench.log").read_text(encoding="utf-8"))
            time.sleep(0.1)
        raise SystemExit("the archive did not become ready")

    def reset_profile(self) -> None:
        """Let the sampler forget what it saw so far."""
        if self._profile:
            os.kill(self.pid, signal.SIGUSR1)

    # ------------------------------------------------------------------ talking to it

    def call(
        self, method: str, path: str, body: object = None, *, signed: bool = True
    ) -> tuple[int, dict[str, Any]]:
        """Return status and JSON of a call."""
        head = {"content-type": "application/json"} if body is not None else {}
        data = json.dumps(body).encode() if body is not None else b""
        status, _headers, answer = self._send(method, path, head, data, signed=signed)
        return status, json.loads(answer) if answer[:1] in {b"{", b"["} else {}

    def _send(
        self, method: str, path: str, headers: dict[str, str], data: "bytes | Path", *, signed: bool = True
    ) -> tuple[int, dict[str, str], bytes]:
        """Send one request; a file is handed to the socket by the kernel, so that the client costs next to nothing."""
        size = data.stat().st_size if isinstance(data, Path) else len(data)
        lines = [f"{method} {path} HTTP/1.1", "host: bench", "connection: close", f"content-length: {size}"]
        if signed:
            lines.append(f"authorization: Bearer {self._token}")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        with socket.create_connection(
            ("127.0.0.1", int(self._env["SAMARKIV_PORT"])), timeout=PATIENCE_S
        ) as line:
            line.sendall("\r\n".join([*lines, "", ""]).encode())
            if isinstance(data, Path):
                with data.open("rb") as file:
                    line.sendfile(file)
            elif data:
                line.sendall(data)
            answer = b""
            while piece := line.recv(1 << 16):
                answer += piece
        head, _, body = answer.partition(b"\r\n\r\n")
        status, *told = head.decode("latin-1").split("\r\n")
        pairs = dict(one.lower().split(": ", 1) for one in told if ": " in one)
        if pairs.get("transfer-encoding") == "chunked":
            body = _unchunked(body)
        return int(status.split()[1]), pairs, body

    # ------------------------------------------------------------------ the clock

    def time(self, corpus: Corpus, *, text: bool = False) -> Timed:
        """Deliver a corpus and stop the clock when public search finds a file of it; `text` waits for the full text too."""
        with meter.Memory(self.pid) as memory:
            cpu0, start = meter.cpu(self.pid), time.perf_counter()
            delivery, cpu_commit, committed = self._upload(corpus)
            self._until(delivery, "searchable")
            self._found(corpus.word)
            end, cpu1, found_at = time.perf_counter(), meter.cpu(self.pid), time.time()
            timed = Timed(
                found=end - start,
                from_commit=end - committed,
                upload=committed - start,
                cpu=cpu1 - cpu0,
                cpu_from_commit=cpu1 - cpu_commit,
                delivery=delivery,
            )
            if text:
                self._until(delivery, "indexed")
                timed.text = time.perf_counter() - end
                timed.text_cpu = meter.cpu(self.pid) - cpu1
        timed.together = memory.together
        timed.each = {f"{pid} {memory.names.get(pid, '')}": peak for pid, peak in memory.each.items()}
        timed.stages, stored = self._stages(delivery, memory)
        timed.meanwhile = max(0.0, memory.others_at(found_at) - memory.others_at(stored))
        timed.cpu -= timed.meanwhile
        timed.cpu_from_commit -= timed.meanwhile
        timed.text_cpu += timed.meanwhile if text else 0.0
        return timed

    def _upload(self, corpus: Corpus) -> tuple[str, float, float]:
        path = Path(corpus.path)
        opening = {
            "agreement": AGREEMENT,
            "title": path.stem,
            "name": path.name,
            "sha256": corpus.sha256,
            "bytes": corpus.bytes,
        }
        status, opened = self.call("POST", "/v1/deliveries", opening)
        if status != 201:
            raise SystemExit(f"not opened: {status} {opened}")
        tus = {
            "tus-resumable": "1.0.0",
            "upload-offset": "0",
            "content-type": "application/offset+octet-stream",
        }
        address = str(opened["upload"])
        address = address[address.index("/v1/") :]
        status, _headers, answer = self._send("PATCH", address, tus, path)
        if status != 204:
            raise SystemExit(f"not uploaded: {status} {answer!r}")
        cpu, at = meter.cpu(self.pid), time.perf_counter()
        status, told = self.call("POST", f"/v1/deliveries/{opened['id']}/commit")
        if status >= 300:
            raise SystemExit(f"not committed: {status} {told}")
        return str(opened["id"]), cpu, at

    def _until(self, delivery: str, mark: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            _status, row = self.call("GET", f"/v1/deliveries/{delivery}")
            if row["state"] == "accepted" and row[mark]:
                return
            if row["state"] in {"rejected", "held", "parked", "returned"}:
                raise SystemExit(f"{delivery} ended {row['state']}: {row}")
            time.sleep(POLL_S)
        raise SystemExit(f"{delivery} was not {mark} in {PATIENCE_S} s")

    def _found(self, word: str) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            _status, told = self.call("GET", f"/v1/search?q={quote(word)}", signed=False)
            if told.get("items"):
                return
            time.sleep(POLL_S)
        raise SystemExit(f"{word} was not found")

    def _stages(self, delivery: str, memory: meter.Memory) -> tuple[dict[str, tuple[float, float]], float]:
        """Return wall and CPU seconds from `received` to each event of the walk, and when it was stored."""
        base = sqlite3.connect(f"file:{self.home}/db/samarkiv.sqlite?mode=ro", uri=True)
        try:
            rows = base.execute("SELECT at, body FROM event ORDER BY n").fetchall()
        finally:
            base.close()
        told: dict[str, tuple[float, float]] = {}
        first = stored = 0.0
        for at, body in rows:
            one = json.loads(body)
            if one.get("correlationid") == delivery:
                first = first or at
                name = ".".join(one["type"].split(".")[-3:-1])
                spent = memory.cpu_at(at) - memory.cpu_at(first)
                told.setdefault(name, (round(at - first, 2), round(spent, 2)))
                stored = stored or (at if name == "package.stored" else 0.0)
        return told, stored


def _unchunked(body: bytes) -> bytes:
    out = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            break
        out, body = out + rest[:length], rest[length + 2 :]
    return out


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
