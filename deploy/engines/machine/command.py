"""The verbs of `deploy/engines/engines`."""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import java, native
from .fetch import tell
from .place import JUDGES, WORK, EngineError, locked, secret

HELP = """The real engines of Samarkiv's tests, on loopback and without containers.

  engines up [NAME…]       install what is missing, start, return when all are ready (all of them without a name)
  engines down [NAME…]     end them in order; data is kept
  engines status           one line each; exit 1 when one is not up
  engines env              export lines with addresses and secrets: eval "$(deploy/engines/engines env)"
  engines install [NAME…]  only fetch and build
  engines start NAME       the same as up for one
  engines kill NAME        SIGKILL              engines freeze NAME / thaw NAME   SIGSTOP / SIGCONT
  engines log NAME         the path of its output
  engines wipe             end all and delete their data and secrets; fetched parts stay in the cache
  engines judge commons-ip [FOLDER…]    findings on E-ARK packages as JSON lines
  engines judge verapdf [FILE…]         the same for PDF/A and PDF/UA
                           without a path: a warm judge, one JSON request a line on standard input
  engines containers up|build|compose …|down|wipe
                           the compose file on a Docker engine of our own, with stand-ins for the official images

NAME is kafka, opensearch, s3 (both stores) or s3-a, s3-b, postgres, nginx.
Set from outside: ENGINES_WORK (data, default deploy/engines/.work), ENGINES_CACHE (parts), ENGINES_KAFKA_PORT and so on,
ENGINES_VERSITYGW (a binary of your own), ENGINES_POSTGRES_DURABLE=1 (fsync on), ENGINES_NGINX_CONF, JAVA_HOME.
"""
Engine = java.Kafka | java.OpenSearch | native.S3 | native.Postgres | native.Nginx


def _engines() -> dict[str, Engine]:
    every: list[Engine] = [
        native.Postgres(),
        native.S3("a"),
        native.S3("b"),
        java.Kafka(),
        java.OpenSearch(),
        native.Nginx(),
    ]
    return {engine.name: engine for engine in every}


def _chosen(names: list[str]) -> list[Engine]:
    known = _engines()
    wanted: list[str] = []
    for name in names or ["all"]:
        wanted += list(known) if name == "all" else ["s3-a", "s3-b"] if name == "s3" else [name]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise EngineError(f"no engine is called {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(wanted)]


def _together(engines: list[Engine], act: Callable[[Engine], str]) -> int:
    """Acts on all at once and tells each result; gives back 0, or 3 when one failed."""
    failed = 0

    def timed(engine: Engine) -> bool:
        begun = time.monotonic()
        try:
            said = act(engine)
        except (EngineError, OSError, subprocess.SubprocessError) as error:
            tell(f"{engine.name}: {error}" if engine.name not in str(error) else str(error))
            return False
        tell(f"{engine.name}: {said} ({time.monotonic() - begun:.1f} s)")
        return True

    with ThreadPoolExecutor(max_workers=8) as pool:
        failed = sum(not done for done in pool.map(timed, engines))
    return 3 if failed else 0


def up(names: list[str]) -> int:
    def act(engine: Engine) -> str:
        with locked(f"{engine.name}"):
            if engine.process.state() == "frozen":
                engine.process.signal(signal.SIGCONT)
            if engine.process.state() == "up":
                return f"already up at {engine.address}"
            engine.install()
            engine.start()
        return f"up at {engine.address}"

    native.check_platform()
    return _together(_chosen(names), act)


def install(names: list[str]) -> int:
    def act(engine: Engine) -> str:
        engine.install()
        return "installed"

    return _together(_chosen(names), act)


def _end(names: list[str], how: signal.Signals) -> int:
    def act(engine: Engine) -> str:
        with locked(f"{engine.name}"):
            state = engine.process.state()
            engine.process.end(how)
        return "was not up" if state == "down" else "ended"

    return _together(_chosen(names), act)


def down(names: list[str]) -> int:
    def act(engine: Engine) -> str:
        with locked(f"{engine.name}"):
            if engine.process.state() == "down":
                engine.process.end(signal.SIGTERM)
                return "was not up"
            # PostgreSQL: TERM waits for clients to go, INT sends them away
            engine.process.end(signal.SIGINT if engine.name == "postgres" else signal.SIGTERM)
        return "ended"

    return _together(_chosen(names), act)


def kill(names: list[str]) -> int:
    return _end(_named(names), signal.SIGKILL)


def _named(names: list[str]) -> list[str]:
    if not names:
        raise EngineError("name the engine")
    return names


def freeze(names: list[str]) -> int:
    for engine in _chosen(_named(names)):
        engine.process.signal(signal.SIGSTOP)
    return 0


def thaw(names: list[str]) -> int:
    for engine in _chosen(_named(names)):
        engine.process.signal(signal.SIGCONT)
    return 0


def start(names: list[str]) -> int:
    return up(_named(names))


def status(names: list[str]) -> int:
    states = []
    for engine in _chosen(names):
        states.append(engine.process.state())
        print(f"{engine.name:12} {states[-1]:7} {engine.process.pid() or '-':>8}  {engine.address}")
    return 0 if all(state == "up" for state in states) else 1


def env(names: list[str]) -> int:
    values = {"SAMARKIV_SERVICE_SECRET": secret("service_secret")}
    for engine in _chosen(names):
        values |= engine.env()
    for key, value in values.items():
        print(f"export {key}={shlex.quote(value)}")
    return 0


def log(names: list[str]) -> int:
    for engine in _chosen(_named(names)):
        print(engine.process.log)
    return 0


def wipe(_names: list[str]) -> int:
    failed = _end([], signal.SIGKILL)
    shutil.rmtree(native.Postgres().data(), ignore_errors=True)
    for engine in _chosen([]):
        shutil.rmtree(engine.process.home, ignore_errors=True)
    for file in (*WORK.glob("*.lock"), WORK / "secrets.json"):
        file.unlink(missing_ok=True)
    return failed


def judge(names: list[str]) -> int:
    mains = {"commons-ip": "samarkiv.PackageJudge", "verapdf": "samarkiv.PdfJudge"}
    if not names or names[0] not in mains:
        raise EngineError(f"name the judge: {', '.join(mains)}")
    requests = [{"path": str(Path(path).absolute())} for path in names[1:]]
    return java.judge(names[0], JUDGES / names[0], mains[names[0]], requests)


def containers(words: list[str]) -> int:
    from .containers import act

    return act(words)


VERBS: dict[str, Callable[[list[str]], int]] = {
    "up": up, "down": down, "status": status, "env": env, "install": install, "start": start, "kill": kill,
    "freeze": freeze, "thaw": thaw, "log": log, "wipe": wipe, "judge": judge, "containers": containers,
}  # fmt: skip


def main(words: list[str]) -> int:
    """Carries out one verb; 0 done, 1 not up, 2 usage, 3 an engine failed."""
    verb = VERBS.get(words[0]) if words else None
    if verb is None:
        print(HELP, file=sys.stdout if words[:1] in (["help"], ["--help"], ["-h"]) else sys.stderr)
        return 0 if words[:1] in (["help"], ["--help"], ["-h"]) else 2
    try:
        return verb(words[1:])
    except EngineError as error:
        tell(f"engines: {error}")
        return 3
