"""A producer that never gives up, and remembers what it was told: ok, fail or unknown (a cut answer is unknown)."""

import hashlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from samarkiv.demo.packages import Files, as_zip

TUS = {"tus-resumable": "1.0.0"}
PIECE = 300_000
PATIENCE_S = 240.0


@dataclass(frozen=True)
class Sent:
    """A delivery whose bytes the archive acknowledged."""

    key: str
    delivery: str
    word: str
    files: Files


@dataclass
class Producer:
    """Delivers packages to an address; every step is repeated until it is answered. `token` is asked for each time."""

    front: str
    token: Callable[[], str]
    seed: int
    acknowledged: list[Sent] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def deliver(self, key: str) -> Sent:
        """Deliver one package under an idempotency key; returns once it is acknowledged."""
        chance = random.Random(f"{self.seed}:{key}")
        word = "".join(chance.choice("bdfgklmnprstv") + chance.choice("aeiouyåäö") for _ in range(6))
        files = {
            f"ärende {key}/beslut.txt": f"Beslut om {word} i ärende {key}.".encode(),
            f"ärende {key}/tom.txt": b"",
            f"ärende {key}/bilaga.bin": chance.randbytes(chance.choice((1_000, 50_000, 700_000))),
        }
        body = as_zip(files, deflate=False)
        with httpx.Client(base_url=self.front, timeout=httpx.Timeout(30, connect=5), verify=False) as http:
            opened = self._ask(http, "POST", "/v1/deliveries", json=_opening(key, body), key=key).json()
            self._upload(http, opened["upload"], body)
            self._ask(http, "POST", opened["commit"])
        sent = Sent(key, opened["id"], word, files)
        with self._guard:
            self.acknowledged.append(sent)
        return sent

    def run(self, name: str, enough: threading.Event, pause_s: float) -> None:
        """Deliver again and again until it is enough; what goes wrong for good is kept in `faults`."""
        number = 0
        while not enough.is_set():
            try:
                self.deliver(f"{name}-{number}")
            except Exception as error:
                self.faults.append(f"{name}-{number}: {error!r}")
                return
            number += 1
            enough.wait(pause_s)

    def _upload(self, http: httpx.Client, address: str, body: bytes) -> None:
        """Send by tus from where the archive says that it stands, piece by piece."""
        until = time.monotonic() + PATIENCE_S
        offset = -1
        while offset < len(body):
            if time.monotonic() > until:
                raise TimeoutError(f"the upload stands at {offset}")
            if offset < 0:
                offset = int(self._ask(http, "HEAD", address, headers=TUS).headers["upload-offset"])
                continue
            headers = {
                **TUS,
                "upload-offset": str(offset),
                "content-type": "application/offset+octet-stream",
                **self._signed(),
            }
            piece = body[offset : offset + PIECE]
            try:
                answer = http.patch(address, content=piece, headers=headers)
            except httpx.TransportError:
                self._note("unknown")
                offset = -1
                continue
            self._note("ok" if answer.status_code == 204 else "fail")
            offset = int(answer.headers["upload-offset"]) if answer.status_code == 204 else -1
            if offset < 0:
                time.sleep(0.1)

    def _ask(
        self, http: httpx.Client, method: str, path: str, *, key: str = "", **given: Any
    ) -> httpx.Response:
        headers = given.pop("headers", {}) | ({"idempotency-key": key} if key else {})
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = http.request(method, path, headers={**headers, **self._signed()}, **given)
            except httpx.TransportError as error:
                self._note("unknown")
                said = repr(error)
            else:
                if answer.status_code < 300:
                    self._note("ok")
                    return answer
                self._note("unknown" if answer.status_code >= 500 else "fail")
                said = f"{answer.status_code} {answer.text}"
                # 401: the token of an embedded home is new at every start
                if answer.status_code < 500 and answer.status_code not in {401, 429}:
                    raise AssertionError(f"{method} {path}: {said}")
            if time.monotonic() > until:
                raise TimeoutError(f"{method} {path}: {said}")
            time.sleep(0.1)

    def _signed(self) -> dict[str, str]:
        token = self.token()
        return {"authorization": f"Bearer {token}"} if token else {}

    def _note(self, outcome: str) -> None:
        with self._guard:
            self.told[outcome] += 1


def _opening(key: str, body: bytes) -> dict[str, Any]:
    return {
        "agreement": "DEMO-TOLERANT",
        "title": f"Leverans {key}",
        "name": f"{key}.zip",
        "sha256": hashlib.sha256(body).hexdigest(),
        "bytes": len(body),
    }


@contextmanager
def producing(producer: Producer, threads: int, pause_s: float) -> Iterator[None]:
    """Deliver from several threads while the block runs, and until their last deliveries are acknowledged."""
    enough = threading.Event()
    running = [
        threading.Thread(target=producer.run, args=(name, enough, pause_s)) for name in "abcdef"[:threads]
    ]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        enough.set()
        for thread in running:
            thread.join()
    assert not producer.faults, producer.faults
