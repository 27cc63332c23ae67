"""A Docker engine of our own with stand-in images, to run the unchanged compose file where no image registry is."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import fetch
from .fetch import run, tell
from .native import Postgres
from .place import HERE, PARTS, EngineError, cache
from .process import Process

ROOT = HERE.parent.parent
SOURCE = HERE / "containers"
IMAGES = {
    "python": "python:3.13-slim-bookworm",
    "postgres": "postgres:18",
    "versitygw": "versity/versitygw:v1.8.0",
    "kafka": "apache/kafka:4.3.1",
    "opensearch": "opensearchproject/opensearch:3.8.0",
    "nginx": "nginx:1.28",
}
TOOLS = {
    "docker-compose": ("github.com/docker/compose/v5", "cmd", "v5.6.0", "internal"),
    "docker-buildx": ("github.com/docker/buildx", "cmd/buildx", "v0.38.2", "version"),
}
HOME = cache() / "docker"  # outside the checkout: nothing that walks the tree should meet whole file systems
DAEMON = Process("docker", HOME)
SOCKET = f"unix://{HOME / 'docker.sock'}"


def _env() -> dict[str, str]:
    return {
        **os.environ,
        "DOCKER_HOST": SOCKET,
        "DOCKER_CONFIG": str(HOME / "config"),
        "BUILDX_GIT_INFO": "false",
    }


def _docker(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(["docker", *words], check=False, capture_output=True, text=True, env=_env())
    if check and done.returncode:
        raise EngineError(f"docker {' '.join(words[:2])} failed\n{done.stdout[-1500:]}{done.stderr[-1500:]}")
    return done


def _tools() -> None:
    """Docker by apt; Compose and buildx as tools of a Go module (theirs refuse `go install`)."""
    if not (shutil.which("dockerd") and shutil.which("debootstrap")):
        tell("docker: installing …")
        fetch.apt("docker.io", "debootstrap")
    plugins = HOME / "config/cli-plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    for name, (module, package, version, place) in TOOLS.items():
        with fetch.made(cache() / f"{name}-{version}") as part:
            if part:
                tell(f"{name}: building, a minute or two …")
                with tempfile.TemporaryDirectory() as folder:
                    flags = f"-s -w -X {module}/{place}.Version={version}"
                    go = fetch.go()
                    run([go, "-C", folder, "mod", "init", "samarkiv.test/tools"], name)
                    run([go, "-C", folder, "get", "-tool", f"{module}/{package}@{version}"], name)
                    run(
                        [
                            go,
                            "-C",
                            folder,
                            "build",
                            "-trimpath",
                            f"-ldflags={flags}",
                            "-o",
                            str(part / name),
                            f"{module}/{package}",
                        ],
                        name,
                    )
        link = plugins / name
        link.unlink(missing_ok=True)
        link.symlink_to(cache() / f"{name}-{version}" / name)


def up(_words: list[str]) -> int:
    """Starts the engine and builds every stand-in that is missing."""
    _tools()
    if DAEMON.state() != "up":
        other = subprocess.run(
            ["docker", "-H", "unix:///var/run/docker.sock", "info"], check=False, capture_output=True
        )
        if Path("/var/run/docker.sock").is_socket() and other.returncode == 0:
            raise EngineError(
                "docker: another engine runs on this machine; stand-ins go into one of our own only"
            )
        home = DAEMON.home
        folders = [
            "--data-root",
            str(home / "data"),
            "--exec-root",
            str(home / "exec"),
            "--pidfile",
            str(home / "dockerd.pid"),
        ]
        DAEMON.launch(["dockerd", *folders, "-H", SOCKET])
        DAEMON.wait(lambda: _docker("info", check=False).returncode == 0, 60)
    for target, image in IMAGES.items():
        if _docker("image", "inspect", image, check=False).returncode:
            begun = time.monotonic()
            _docker(
                "buildx",
                "build",
                "-q",
                "--network",
                "host",
                "--target",
                target,
                "-t",
                image,
                "-f",
                str(SOURCE / "Dockerfile"),
                str(_context()),
            )
            tell(f"{image}: stand-in built ({time.monotonic() - begun:.0f} s)")
    print(f"export DOCKER_HOST={SOCKET}")
    return 0


def _context() -> Path:
    """The folder the stand-ins are built from."""
    with fetch.made(cache() / "stand-ins") as part:
        if part:
            tell("stand-ins: gathering …")
            shutil.copy2(_rootfs(), part / "rootfs.tar")
            _debian(part / "debian")
            Postgres().install()
            shutil.copytree(cache() / "postgres-18.6.0", part / "postgres", symlinks=True)
            shutil.copy2(fetch.versitygw(), part / "versitygw")
            shutil.copytree(fetch.jars("kafka", PARTS / "kafka"), part / "kafka")
            shutil.copytree(fetch.jars("opensearch", PARTS / "opensearch", least=21), part / "opensearch")
            _jre(part / "jre")
    for file in [*SOURCE.iterdir(), PARTS / "kafka/log4j2.properties"]:
        shutil.copy2(file, cache() / "stand-ins")
    return cache() / "stand-ins"


def _rootfs() -> Path:
    """A small Debian with Python, as a tar file."""
    with fetch.made(cache() / "rootfs-bookworm") as part:
        if part:
            mirror = [line.split(":", 1)[1].split()[0] for line in _sources() if line.startswith("URIs:")][:1]
            wanted = "--include=python3,python3-venv,python3-pip,ca-certificates"
            run(
                ["debootstrap", "--variant=minbase", wanted, "bookworm", str(part / "rootfs"), *mirror],
                "debootstrap",
            )
            for archive in (part / "rootfs/var/cache/apt/archives").glob("*.deb"):
                archive.unlink()
            run(["tar", "-C", str(part / "rootfs"), "-cf", str(part / "rootfs.tar"), "."], "rootfs")
            shutil.rmtree(part / "rootfs")
    return cache() / "rootfs-bookworm/rootfs.tar"


def _jre(target: Path) -> None:
    """The JDK of this machine without its compilers and packagers."""
    home, _ = fetch.jdk(21)
    listed = run([str(home / "bin/java"), "--list-modules"], "jre").split()
    modules = {line.partition("@")[0] for line in listed}
    kept = {name for name in modules if name.startswith("java.")} | (modules & {
        "jdk.unsupported", "jdk.management", "jdk.zipfs", "jdk.net", "jdk.crypto.ec", "jdk.httpserver", "jdk.incubator.vector",
        "jdk.management.agent", "jdk.naming.dns", "jdk.security.auth", "jdk.security.jgss", "jdk.localedata", "jdk.charsets",
    })  # fmt: skip
    run(
        [
            str(home / "bin/jlink"),
            "--add-modules",
            ",".join(sorted(kept)),
            "--no-man-pages",
            "--output",
            str(target),
        ],
        "jre",
    )


def _sources() -> list[str]:
    file = Path("/etc/apt/sources.list.d/debian.sources")
    return file.read_text().splitlines() if file.exists() else []


def _debian(target: Path) -> None:
    """curl, wget and nginx with the libraries they ask for, as found on this machine."""
    for name in ("curl", "wget"):
        if not shutil.which(name):
            fetch.apt(name)
    nginx = shutil.which("nginx") or str(fetch.debian_files("nginx", "usr/sbin/nginx"))
    for program, place in (
        (shutil.which("curl"), "usr/bin/curl"),
        (shutil.which("wget"), "usr/bin/wget"),
        (nginx, "usr/sbin/nginx"),
    ):
        copy = target / place
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(str(program), copy)
        for line in run(["ldd", str(program)], "ldd").splitlines():
            library = line.partition("=> ")[2].partition(" (")[0]
            if library.startswith("/"):
                (target / "usr/local/lib").mkdir(parents=True, exist_ok=True)
                shutil.copy2(os.path.realpath(library), target / "usr/local/lib" / Path(library).name)


def build(_words: list[str]) -> int:
    """Builds Samarkiv's own image from the real Dockerfile, with the host's network and certificates."""
    authorities = Path("/etc/ssl/certs/ca-certificates.crt")
    secret = ["--secret", f"id=ca,src={authorities}"] if authorities.exists() else []
    begun = time.monotonic()
    _docker(
        "buildx",
        "build",
        "-q",
        "--network",
        "host",
        *secret,
        "-t",
        "samarkiv:local",
        "-f",
        str(ROOT / "deploy/Dockerfile"),
        str(ROOT),
    )
    tell(f"samarkiv:local: built ({time.monotonic() - begun:.0f} s)")
    return 0


def compose(words: list[str]) -> int:
    """docker compose on the repository's file, with secrets made for this engine."""
    secrets = HOME / "compose.env"
    if not secrets.exists():
        run([sys.executable, str(ROOT / "deploy/secrets.py"), str(secrets)], "secrets")
    command = [
        "docker",
        "compose",
        "-f",
        str(ROOT / "docker-compose.yml"),
        "--env-file",
        str(secrets),
        *words,
    ]
    return subprocess.run(command, check=False, env=_env()).returncode


def down(_words: list[str]) -> int:
    """Ends the containers and the engine; images and volumes stay."""
    if DAEMON.state() == "up":
        running = _docker("ps", "-q").stdout.split()
        if running:
            _docker("stop", "-t", "10", *running)
        DAEMON.end(signal.SIGTERM)
        subprocess.run(["ip", "link", "delete", "docker0"], check=False, capture_output=True)
    return 0


def wipe(words: list[str]) -> int:
    """Ends everything and deletes images, volumes and secrets."""
    down(words)
    shutil.rmtree(DAEMON.home, ignore_errors=True)
    return 0


VERBS = {"up": up, "build": build, "compose": compose, "down": down, "wipe": wipe}


def act(words: list[str]) -> int:
    """`engines containers up|build|compose …|down|wipe`."""
    if not words or words[0] not in VERBS:
        raise EngineError(f"name what to do with containers: {', '.join(VERBS)}")
    if os.geteuid():
        raise EngineError("a Docker engine of our own needs root")
    return VERBS[words[0]](words[1:])
