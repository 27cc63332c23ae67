"""The index anew from the packages themselves, in a shadow; the switch comes when it holds what the rows say."""

import logging
from collections.abc import Callable

from samarkiv_contracts.problems import NotFound
from samarkiv_runtime.clock import rfc3339

from samarkiv_search import store
from samarkiv_search.backends.port import SearchIndex
from samarkiv_search.usecases.indexing import Indexed, index_into, note
from samarkiv_search.usecases.parts import Parts

logger = logging.getLogger("samarkiv.search")
_BATCH = 200


class Stopped(Exception):
    """The service is going down; the rebuild begins again at the next start."""


def ask(parts: Parts, why: str) -> int:
    """Ask for a rebuild; returns its number, that of the running one when there is one."""
    with parts.database.write() as tx:
        return store.ask_rebuild(tx, why, rfc3339(parts.clock.now()))


def lost(parts: Parts) -> bool:
    """Return whether the rows tell of records that an index does not hold: it was deleted, or an older one came back."""
    return bool(_missing(parts, parts.public, parts.closed))


def _missing(parts: Parts, public: SearchIndex, closed: SearchIndex) -> str:
    with parts.database.read() as tx:
        said = store.sums(tx)
    for name, index, wanted in (("public", public, said["shown"]), ("closed", closed, said["records"])):
        held = index.count("record")
        if held < wanted:
            return f"{name} holds {held} of {wanted} records"
    return ""


def asked(parts: Parts) -> bool:
    """Return whether a rebuild is asked for, or was broken off."""
    with parts.database.read() as tx:
        return store.running_rebuild(tx) is not None


def run(parts: Parts, stopping: Callable[[], bool]) -> bool:
    """Do the rebuild that is asked for; False when there is none. Raises Stopped when `stopping` says so.

    Writers go on meanwhile; what they touched is caught up when all is read, alone, right before the switch.
    """
    with parts.database.read() as tx:
        row = store.running_rebuild(tx)
    if row is None:
        return False
    number = int(row["n"])
    with parts.database.write() as tx:
        store.note_rebuild(tx, number, state="running", total=store.sums(tx)["packages"])
    shadows = parts.backend.shadow("public"), parts.backend.shadow("closed")
    try:
        parts.gate.touched.clear()
        since = rfc3339(parts.clock.now())
        done = _pass(parts, number, shadows, stopping)
        logger.info("index rebuilt in a shadow: %d packages", done, extra={"event": "search.rebuilt"})
        with parts.gate.alone():
            _catch_up(parts, shadows, since, stopping)
            told = _compare(parts, shadows)
            if told:
                _end(parts, number, "failed", told)
                return True
            parts.public.switch(shadows[0])
            parts.closed.switch(shadows[1])
    except Stopped:
        raise
    except Exception as error:
        _end(parts, number, "failed", f"{type(error).__name__}: {error}")
        raise
    _end(parts, number, "done", "")
    return True


def _pass(
    parts: Parts, number: int, shadows: tuple[SearchIndex, SearchIndex], stopping: Callable[[], bool]
) -> int:
    """Index every package into the shadows; returns how many."""
    last, done = "", 0
    while True:
        with parts.database.read() as tx:
            batch = store.packages_after(tx, last, _BATCH)
        if not batch:
            return done
        for package in batch:
            if stopping():
                raise Stopped
            indexed = _one(parts, package, shadows)
            if indexed is not None:
                done += 1
                with parts.database.write() as tx:
                    note(tx, parts, indexed, keep_time=True)
                    store.note_rebuild(tx, number, done=done)
        last = batch[-1]


def _catch_up(
    parts: Parts, shadows: tuple[SearchIndex, SearchIndex], since: str, stopping: Callable[[], bool]
) -> None:
    """Index what was touched in this process, or noted by others, since the rebuild began; nobody writes meanwhile."""
    with parts.database.read() as tx:
        noted = store.packages_after(tx, "", 1_000_000, since)
    for package in sorted({*parts.gate.touched, *noted}):
        if stopping():
            raise Stopped
        _one(parts, package, shadows)


def _one(parts: Parts, package: str, shadows: tuple[SearchIndex, SearchIndex]) -> Indexed | None:
    try:
        return index_into(parts, package, *shadows)
    except NotFound:
        logger.warning("a package is in no copy any more", extra={"event": "search.package_gone"})
        return None


def _compare(parts: Parts, shadows: tuple[SearchIndex, SearchIndex]) -> str:
    """Return why the shadow must not be used: fewer records than the rows say; empty when all is well."""
    for shadow in shadows:
        shadow.refresh()
    return _missing(parts, *shadows)


def _end(parts: Parts, number: int, state: str, told: str) -> None:
    with parts.database.write() as tx:
        store.note_rebuild(tx, number, state=state, told=told, ended_at=rfc3339(parts.clock.now()))
