"""Four services as processes of their own on the real engines, with nginx before them."""

import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from samarkiv_contracts.paths import SERVICES
from sqlalchemy import create_engine, text

from samarkiv.client import Client

ROOT = Path(__file__).resolve().parents[2]
ENGINES = ROOT / "deploy" / "engines" / "engines"
NAMES = [*SERVICES, "preservation-2"]


def engine_environment() -> dict[str, str]:
    """Return what the running engines' addresses are."""
    listed = subprocess.run([str(ENGINES), "env"], capture_output=True, text=True, check=True).stdout
    return dict(shlex.split(line.removeprefix("export "))[0].split("=", 1) for line in listed.splitlines())


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Cluster:
    """The processes by name, with the environment they share. `front` is nginx's address."""

    folder: Path
    environment: dict[str, str]
    ports: dict[str, int]
    front: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    token: str = ""
    operator: str = ""

    def start(self, name: str, more: dict[str, str] | None = None) -> "subprocess.Popen[bytes]":
        """Start a service (`preservation-2` is a second member of preservation's group), with more environment."""
        log = (self.folder / f"{name}.log").open("ab")
        command = [
            sys.executable,
            "-m",
            "samarkiv.cli",
            "serve",
            "--service",
            name.split("-", maxsplit=1)[0],
            "--port",
            str(self.ports[name]),
        ]
        home = {"SAMARKIV_HOME": str(self.folder / "home")}
        self.processes[name] = subprocess.Popen(
            command, env={**self.environment, **home, **(more or {})}, stdout=log, stderr=log
        )
        return self.processes[name]

    def wait_ready(self, name: str, seconds: float = 150) -> None:
        """Wait until a service says that it is ready."""
        deadline = time.monotonic() + seconds
        said = ""
        while time.monotonic() < deadline:
            if self.processes[name].poll() is not None:
                break
            try:
                answer = httpx.get(f"http://127.0.0.1:{self.ports[name]}/readyz", timeout=5, verify=False)
                said = answer.text
                if answer.status_code == 200:
                    return
            except httpx.HTTPError as error:
                said = repr(error)
            time.sleep(0.1)
        raise AssertionError(f"{name} is not ready: {said}\n{self.log(name)}")

    def kill(self, name: str) -> None:
        """End a service at once (kill -9)."""
        self.processes[name].kill()
        self.processes[name].wait(10)

    def log(self, name: str) -> str:
        """Return the last lines of a service's log."""
        return "\n".join((self.folder / f"{name}.log").read_text(errors="replace").splitlines()[-40:])

    def stop(self) -> None:
        """Stop everything."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)

    def client(self, token: str = "", *, signed: bool = True) -> Client:
        """Return a client at the front, the producer's and archivist's unless another token is given."""
        os.environ["SAMARKIV_URL"], os.environ["SAMARKIV_TOKEN"] = self.front, token or self.token
        try:
            from samarkiv_runtime.settings import load_settings

            return Client(load_settings(_env_file=None), signed=signed)
        finally:
            del os.environ["SAMARKIV_URL"], os.environ["SAMARKIV_TOKEN"]


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Give a running cluster with a database, topics, buckets and indexes of its own."""
    engines = engine_environment()
    name = f"t{secrets.token_hex(5)}"
    with _database(engines["SAMARKIV_DATABASE_URL"], name) as url:
        ports = {one: free_port() for one in NAMES}
        front = free_port()
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("SAMARKIV_")},
            **engines,
            "SAMARKIV_MODE": "distributed",
            "SAMARKIV_DATABASE_URL": url,
            "SAMARKIV_KAFKA_PREFIX": f"{name}.",
            "SAMARKIV_KAFKA_SESSION_MS": "3000",
            "SAMARKIV_OPENSEARCH_PREFIX": name,
            "SAMARKIV_S3_BUCKET_PREFIX": name,
            "SAMARKIV_LEASE_S": "3",
            "SAMARKIV_WORKERS": "2",
            "SAMARKIV_LOG_FORMAT": "json",
            "SAMARKIV_PUBLIC_URL": f"http://127.0.0.1:{front}",
            **{f"SAMARKIV_{one.upper()}_URL": f"http://127.0.0.1:{ports[one]}" for one in SERVICES},
        }
        made = Cluster(folder, environment, ports, f"http://127.0.0.1:{front}")
        (folder / "home").mkdir()
        subprocess.run(
            [sys.executable, "-m", "samarkiv.cli", "migrate"],
            env={**environment, "SAMARKIV_HOME": str(folder / "home")},
            check=True,
            timeout=120,
        )
        try:
            _nginx(made, engines.get("SAMARKIV_NGINX", "nginx"), front)
            for one in NAMES:
                made.start(one)
            for one in NAMES:
                made.wait_ready(one)
            _people(made)
            yield made
        finally:
            made.stop()


@contextmanager
def _database(url: str, name: str) -> Iterator[str]:
    """Give a fresh database on the running PostgreSQL."""
    admin = create_engine(url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        yield url.rsplit("/", 1)[0] + f"/{name}"
    finally:
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        admin.dispose()


def _nginx(made: Cluster, program: str, port: int) -> None:
    """Start nginx with the configuration that the product generates."""
    generated = subprocess.run(
        [sys.executable, "-m", "samarkiv.cli", "nginx"],
        env={**made.environment, "SAMARKIV_PORT": str(port), "SAMARKIV_HOME": str(made.folder)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    folder = made.folder / "nginx"
    folder.mkdir()
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; events {{}}\nhttp {{\naccess_log off;\n{places}{generated}}}\n"
    )
    log = (made.folder / "nginx.log").open("ab")
    made.processes["nginx"] = subprocess.Popen(
        [program, "-p", str(folder), "-c", str(folder / "nginx.conf")], stdout=log, stderr=log
    )


def _people(made: Cluster) -> None:
    """Make members, agreements and a producer's and archivist's token, as an administrator would."""
    script = Path(__file__).with_name("setup_cluster.py")
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**made.environment, "SAMARKIV_HOME": str(made.folder / "home"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    made.token, made.operator = done.stdout.strip().splitlines()[-2:]
