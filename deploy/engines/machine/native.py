"""The engines that are plain programs: two S3 stores, PostgreSQL and nginx."""

from __future__ import annotations

import io
import os
import platform
import shutil
import socket
import struct
import subprocess
import tarfile
import zipfile
from pathlib import Path

from . import fetch
from .java import DIRECT
from .place import HERE, PARTS, WORK, EngineError, cache, port, reachable_data, secret
from .process import Process, free


class S3:
    """One S3 store on a folder of its own, with versions and object lock; objects are plain files."""

    def __init__(self, copy: str) -> None:
        self.name = f"s3-{copy}"
        self.copy = copy
        self.process = Process(self.name, WORK / self.name)
        self.address = f"http://127.0.0.1:{port(self.name)}"

    def install(self) -> None:
        fetch.versitygw()

    def start(self) -> None:
        """Starts the store and returns when it says that it is healthy."""
        free(port(self.name), self.name)
        home = self.process.home
        for folder in ("data", "versions", "iam"):
            (home / folder).mkdir(parents=True, exist_ok=True)
        listen = [
            "--port",
            f"127.0.0.1:{port(self.name)}",
            "--region",
            "us-east-1",
            "--health",
            "/health",
            "--keep-alive",
            "--quiet",
        ]
        store = [
            "--iam-dir",
            str(home / "iam"),
            "posix",
            "--versioning-dir",
            str(home / "versions"),
            str(home / "data"),
        ]
        keys = self.env()
        # by environment: every user of the machine can read a command line
        root = {
            "ROOT_ACCESS_KEY": keys["SAMARKIV_S3_ACCESS_KEY"],
            "ROOT_SECRET_KEY": keys["SAMARKIV_S3_SECRET_KEY"],
        }
        self.process.launch([str(fetch.versitygw()), *listen, *store], root)
        self.process.wait(self._ready, 60)

    def _ready(self) -> bool:
        try:
            with DIRECT.open(f"{self.address}/health", timeout=5) as answer:
                return int(answer.status) == 200
        except OSError:
            return False

    def env(self) -> dict[str, str]:
        return {
            f"SAMARKIV_S3_{self.copy.upper()}_URL": self.address,
            "SAMARKIV_S3_ACCESS_KEY": secret("s3_access_key_id"),
            "SAMARKIV_S3_SECRET_KEY": secret("s3_secret_key"),
        }


class Postgres:
    """PostgreSQL with Swedish order and checksums; it refuses to be root, so root starts it as `postgres`."""

    name = "postgres"
    options = (
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "unix_socket_directories=",
        "-c",
        "max_connections=200",
    )
    quick = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")

    def __init__(self) -> None:
        self.process = Process(self.name, WORK / self.name)
        self.address = f"127.0.0.1:{port('postgres')}"

    def _as(self) -> list[str]:
        if os.geteuid():
            return []
        if subprocess.run(["id", "postgres"], check=False, capture_output=True).returncode:
            fetch.run(["useradd", "--system", "--no-create-home", "postgres"], "postgres")
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "env", "HOME=/tmp"]

    def install(self) -> None:
        arch = "arm64v8" if platform.machine() in {"aarch64", "arm64"} else "amd64"
        with fetch.made(cache() / "postgres-18.6.0") as part:
            if part:
                jar = next(fetch.jars("postgres-jar", PARTS / "postgres", f"-Darch={arch}").glob("*.jar"))
                with zipfile.ZipFile(jar) as outer:
                    inner = next(name for name in outer.namelist() if name.endswith(".txz"))
                    with tarfile.open(fileobj=io.BytesIO(outer.read(inner)), mode="r:xz") as files:
                        files.extractall(part, filter="tar")
                fetch.run(["chmod", "-R", "a+rX", str(part)], "postgres")

    def _program(self, name: str) -> str:
        self.install()
        return str(cache() / "postgres-18.6.0/bin" / name)

    def data(self) -> Path:
        return reachable_data("postgres-data", self._as()) if not os.geteuid() else WORK / "postgres-data"

    def start(self) -> None:
        """Makes the cluster and the database once, starts, returns when connections are taken."""
        free(port("postgres"), "postgres")
        data = self.data()
        if not (data / "ready").exists():
            self._create(data)
        (data / "postmaster.pid").unlink(
            missing_ok=True
        )  # ours is down, see `free`; a killed one leaves its file
        speed = () if os.environ.get("ENGINES_POSTGRES_DURABLE") == "1" else self.quick
        server = [
            self._program("postgres"),
            "-D",
            str(data),
            "-p",
            str(port("postgres")),
            *self.options,
            *speed,
        ]
        self.process.launch([*self._as(), *server])
        self.process.wait(self._ready, 60)

    def _create(self, data: Path) -> None:
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True, mode=0o700)
        password = data.with_name("postgres-password")
        with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(secret("postgres_password"))
        if not os.geteuid():
            for path in (data, password):
                shutil.chown(path, "postgres", "postgres")
        order = ["-E", "UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=sv-SE", "-k"]
        login = ["-U", "samarkiv", "-A", "scram-sha-256", f"--pwfile={password}"]
        fetch.run(
            [*self._as(), self._program("initdb"), "-D", str(data), "--no-sync", *login, *order],
            "postgres: initdb",
        )
        password.unlink()
        single = [*self._as(), self._program("postgres"), "--single", "-D", str(data), "postgres"]
        subprocess.run(single, check=True, input=b"create database samarkiv\n", capture_output=True)
        (data / "ready").touch()

    def _ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port("postgres")), 3) as line:
                body = struct.pack("!I", 3 << 16) + b"user\0samarkiv\0\0"
                line.sendall(struct.pack("!I", len(body) + 4) + body)
                return line.recv(64)[:1] == b"R"  # asks for the password; while starting it answers E
        except OSError:
            return False

    def env(self) -> dict[str, str]:
        password = secret("postgres_password")
        return {"SAMARKIV_DATABASE_URL": f"postgresql+psycopg://samarkiv:{password}@{self.address}/samarkiv"}


class Nginx:
    """The reverse proxy before the four services, which listen on fixed ports of the same machine."""

    name = "nginx"

    def __init__(self) -> None:
        self.process = Process(self.name, WORK / self.name)
        self.address = f"http://127.0.0.1:{port('nginx')}"

    def install(self) -> None:
        self.program()

    def program(self) -> str:
        """The path of nginx: the machine's own, else Debian's, unpacked into the cache."""
        return shutil.which("nginx") or str(fetch.debian_files("nginx", "usr/sbin/nginx"))

    def start(self) -> None:
        """Starts with the compose file's configuration, its names and ports replaced by loopback ones."""
        free(port("nginx"), "nginx")
        home = self.process.home
        home.mkdir(parents=True, exist_ok=True)
        given = Path(os.environ.get("ENGINES_NGINX_CONF", HERE.parent / "nginx/samarkiv.conf"))
        site = given.read_text().replace("listen 8080", f"listen 127.0.0.1:{port('nginx')}")
        for service in ("ingest", "preservation", "search", "access"):
            site = site.replace(f"{service}:8080", f"127.0.0.1:{port(service)}")
        (home / "site.conf").write_text(site)
        (home / "nginx.conf").write_text(
            (PARTS / "nginx/nginx.conf").read_text().replace("{home}", str(home))
        )
        self.process.launch([self.program(), "-p", str(home), "-c", str(home / "nginx.conf"), "-e", "stderr"])
        self.process.wait(self._ready, 30)

    def _ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port("nginx")), 3):
                return True
        except OSError:
            return False

    def env(self) -> dict[str, str]:
        return {"SAMARKIV_NGINX": self.program()}


def check_platform() -> None:
    """Raises EngineError where /proc and Linux programs are missing."""
    if not Path("/proc/self/stat").exists():
        raise EngineError("the engines run on Linux")
