"""Format identification inside a worker process: pygfried on reused files in tmpfs, then our own tests.

Never imported by the parent: pygfried starts a Go runtime, and a fork after that hangs (FORMATS). Light imports only.
"""

import atexit
import contextlib
import json
import os
import re
import tempfile
from typing import Any, NamedTuple

from samarkiv_ingest.packages import ownformats

_SLOTS = 16
_KEEP = 256 << 10
_CACHE = 4096
_EXTENSION = re.compile(r"[A-Za-z0-9_+-]{1,16}")
_PREFIX = "samarkiv-identify-"


class Format(NamedTuple):
    """What a file was found to be. `basis` is the level of the evidence, `warning` one of `` extension, fault."""

    puid: str
    mime: str
    name: str
    basis: str
    warning: str
    evidence: str


EMPTY = Format("", ownformats.OCTETS, "Empty file", "", "", "")


def extension(path: str) -> str:
    """Return the extension of a path as it may stand in a file name, or an empty string."""
    leaf = path.rpartition("/")[2]
    stem, dot, ext = leaf.rpartition(".")
    return ext if dot and stem and _EXTENSION.fullmatch(ext) else ""


class Identifier:
    """One per worker process; owns a folder in tmpfs."""

    def __init__(self) -> None:
        os.environ["GOMAXPROCS"] = "1"  # read by the Go runtime when the library is loaded
        import pygfried

        self._scanner = pygfried.Scanner()
        self._folder = _own_folder()
        self._slots = [_Slot(f"{self._folder}/{n:02d}") for n in range(_SLOTS)]
        self._known: dict[tuple[str, str], Format] = {}
        # One file is looked at now: the scanner reads its signatures (75 MB, 0.1 s) at the first.
        details = self._scanner.identify_many([self._slots[0].put("", b"-")])
        self.tool = f"siegfried {details['siegfried']} ({details['identifiers'][0]['details']})"
        atexit.register(self.close)

    def many(self, files: list[tuple[str, str, Any]]) -> list[Format]:
        """Identify files given as (sha256, path, bytes); equal bytes with equal extension are looked at once."""
        found: list[Format | None] = []
        asked: dict[tuple[str, str], tuple[str, Any]] = {}
        keys = []
        for digest, path, data in files:
            ext = extension(path)
            key = (digest, ext)
            keys.append(key)
            if not len(data):
                self._known[key] = EMPTY
            elif key not in self._known:
                asked[key] = (ext, data)
        if len(self._known) + len(asked) > _CACHE:
            asked_for = set(keys)
            self._known = {key: value for key, value in self._known.items() if key in asked_for}
        todo = list(asked.items())
        for start in range(0, len(todo), _SLOTS):
            part = todo[start : start + _SLOTS]
            paths = [slot.put(ext, data) for slot, (_, (ext, data)) in zip(self._slots, part, strict=False)]
            for (key, (ext, data)), told in zip(
                part, self._scanner.identify_many(paths)["files"], strict=True
            ):
                self._known[key] = _judge(told, ext, data)
            for slot in self._slots:
                slot.shrink()
        found = [self._known[key] for key in keys]
        return [one for one in found if one is not None]

    def file(self, path: str, name: str, head: bytes) -> Format:
        """Identify a file on disk as if it were called `name`."""
        ext = extension(name)
        link = f"{self._folder}/large{'.' if ext else ''}{ext}"
        os.symlink(path, link)
        try:
            return _judge(self._scanner.identify_many([link])["files"][0], ext, head)
        finally:
            os.unlink(link)

    def scratch(self) -> str:
        """Return the worker's own folder."""
        return self._folder

    def close(self) -> None:
        """Remove the worker's folder."""
        with contextlib.suppress(OSError):
            for name in os.listdir(self._folder):
                os.unlink(f"{self._folder}/{name}")
            os.rmdir(self._folder)


class _Slot:
    """A file that is written again and again, renamed to the extension of the day."""

    def __init__(self, stem: str) -> None:
        self._stem = stem
        self._path = stem
        self._fd = os.open(stem, os.O_RDWR | os.O_CREAT, 0o600)
        self._size = 0

    def put(self, ext: str, data: Any) -> str:
        path = f"{self._stem}.{ext}" if ext else self._stem
        if path != self._path:
            os.rename(self._path, path)
            self._path = path
        view = memoryview(data)
        at = 0
        while at < len(view):
            at += os.pwrite(self._fd, view[at:], at)
        if self._size != at:
            os.ftruncate(self._fd, at)
            self._size = at
        return path

    def shrink(self) -> None:
        if self._size > _KEEP:
            os.ftruncate(self._fd, 0)
            self._size = 0


def _own_folder() -> str:
    """Make this process's folder; folders that killed workers left behind are removed."""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()  # noqa: S108 - own folder inside, 0700
    # Process ids mean something only in the namespace they were given in.
    prefix = f"{_PREFIX}{_namespace()}-"
    for name in os.listdir(base):
        pid = name.removeprefix(prefix).partition("-")[0]
        if name.startswith(prefix) and pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
            with contextlib.suppress(OSError):
                for left in os.listdir(f"{base}/{name}"):
                    os.unlink(f"{base}/{name}/{left}")
                os.rmdir(f"{base}/{name}")
    return tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-", dir=base)


def _namespace() -> str:
    try:
        return "".join(filter(str.isdigit, os.readlink("/proc/self/ns/pid")))
    except OSError:
        return "0"


_LEVELS = (("container", "container"), ("byte match", "byte"), ("xml", "xml"), ("text match", "text"))


def _judge(told: Any, ext: str, head: Any) -> Format:
    """Turn one answer of siegfried into a Format; what it does not know, our own tests look at."""
    matches = told["matches"]
    fault = told["errors"] if told["errors"] != "empty source" else ""
    if not matches or matches[0]["id"] == "UNKNOWN":
        own = ownformats.look(bytes(memoryview(head)[: ownformats.HEAD]), ext)
        mismatch = bool(matches) and "possibilities based on extension" in matches[0]["warning"]
        warning = "fault" if fault else "extension" if mismatch else ""
        return Format(
            own.puid,
            own.mime,
            own.name,
            own.basis,
            warning,
            fault or ("" if not matches else matches[0]["warning"]),
        )
    best = matches[0]
    basis = next((level for word, level in _LEVELS if word in best["basis"]), "extension")
    if basis == "extension" and len(head):
        own = ownformats.look(bytes(memoryview(head)[: ownformats.HEAD]), ext)
        if own.puid == best["id"]:
            basis = own.basis
    name = f"{best['format']} {best['version']}".strip()
    warning = "fault" if fault else "extension" if "extension mismatch" in best["warning"] and ext else ""
    return Format(
        best["id"],
        best["mime"].partition(",")[0].strip() or ownformats.OCTETS,
        name,
        basis,
        warning,
        fault or best["basis"],
    )


def line_part(found: Format) -> str:
    """Return the JSON members of a FileEntry that a format gives."""
    return (
        f'"puid":{json.dumps(found.puid)},"mime":{json.dumps(found.mime)},'
        f'"format":{json.dumps(found.name, ensure_ascii=False)},"basis":{json.dumps(found.basis)}'
    )
