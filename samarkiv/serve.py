"""Serving: one uvicorn process with all services, or with one by name; the home is locked while it runs."""

import fcntl
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from samarkiv_contracts.paths import SERVICES
from samarkiv_runtime.memory import be_thrifty
from samarkiv_runtime.settings import Settings
from samarkiv_runtime.telemetry import configure_logging

from samarkiv import talk
from samarkiv.app import Archive, compose, prepare

logger = logging.getLogger("samarkiv.serve")


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Hold `SAMARKIV_HOME/lock`; ends the command with exit code 3 when another process holds it."""
    home.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            talk.stop(
                talk.SYSTEM,
                f"Arkivet i {home} används redan av en annan process.",
                f"The archive in {home} is already in use by another process.",
            )
        yield
    finally:
        os.close(descriptor)


class Running:
    """An archive with its web server in a thread: `with Running(settings) as archive:`."""

    def __init__(self, settings: Settings, service: str | None = None) -> None:
        self.settings = settings
        self._only = (service,) if service else SERVICES
        self._server: Any = None
        self._thread: threading.Thread | None = None
        self.archive: Archive | None = None

    def __enter__(self) -> Archive:
        """Prepare, compose, listen, start the workers."""
        be_thrifty()
        if self.settings.embedded:
            prepare(self.settings)
        self.archive = compose(self.settings, self._only)
        if self.settings.embedded:
            self.archive.recover()
        self._listen(self.archive.app)
        self.archive.start()
        return self.archive

    def __exit__(self, *_: object) -> None:
        """Stop listening, then the workers, then the rest."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(10)
        if self.archive is not None:
            self.archive.stop()
        if self.settings.embedded:
            (self.settings.home / "address").unlink(missing_ok=True)

    def _listen(self, app: Any) -> None:
        import uvicorn

        config = uvicorn.Config(
            app,
            host=self.settings.host,
            port=self.settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            proxy_headers=not self.settings.embedded,
            forwarded_allow_ips="*" if not self.settings.embedded else "127.0.0.1",
            timeout_graceful_shutdown=5,
            lifespan="off",
        )
        self._server = uvicorn.Server(config)
        listener = _listener(self.settings)
        port = listener.getsockname()[1]
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="samarkiv-web", daemon=True
        )
        self._thread.start()
        if self.settings.embedded:
            address = self.settings.public_url or f"http://{self.settings.host}:{port}"
            (self.settings.home / "address").write_text(address + "\n", encoding="utf-8")


def _listener(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol is named because asyncio sets TCP_NODELAY only then: 40 ms a request otherwise.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        talk.stop(
            talk.SYSTEM,
            f"Port {settings.port} på {settings.host} går inte att använda: {error.strerror}. Välj en annan med SAMARKIV_PORT.",
            f"Port {settings.port} on {settings.host} cannot be used: {error.strerror}. Choose another with SAMARKIV_PORT.",
        )
    listener.set_inheritable(False)
    listener.listen(2048)
    return listener


def wait_for_signal() -> None:
    """Return at Ctrl-C or SIGTERM."""
    done = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: done.set())
    while not done.wait(3600):
        pass


def serve_archive(settings: Settings, service: str | None) -> int:
    """Serve until stopped; returns the exit code. `service` names one of the four when distributed."""
    if service and service not in SERVICES:
        talk.stop(
            talk.USAGE, f"Tjänsterna heter {', '.join(SERVICES)}.", f"The services are {', '.join(SERVICES)}."
        )
    if service and settings.embedded:
        talk.stop(
            talk.USAGE,
            "En tjänst för sig kräver SAMARKIV_MODE=distributed.",
            "One service by itself needs SAMARKIV_MODE=distributed.",
        )
    configure_logging(settings)
    if not settings.embedded:
        with Running(settings, service):
            wait_for_signal()
        return talk.DONE
    with locked(settings.home), Running(settings) as archive:
        address = (archive.house.settings.home / "address").read_text(encoding="utf-8").strip()
        talk.say(f"Samarkiv på {address}  (Ctrl-C stoppar)", f"Samarkiv at {address}  (Ctrl-C stops)")
        wait_for_signal()
        talk.say("Stoppar …", "Stopping …")
    return talk.DONE
