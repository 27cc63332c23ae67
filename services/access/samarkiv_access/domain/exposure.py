"""Levels of records and files (DESIGN §5): the strictest on the path wins, unknown is closed."""

from collections.abc import Iterable, Mapping

from samarkiv_contracts.description import PackageDescription, RecordDescription
from samarkiv_contracts.levels import Level, strictest


def record_level(package: PackageDescription, record: RecordDescription) -> Level:
    """Return the level a record is shown at: never opener than its package; a protected identity is closed."""
    return Level.CLOSED if record.protected else strictest(package.level, record.level)


def file_level(shown: int, record: RecordDescription, path: str) -> Level:
    """Return the level of one file of a record: the record's own, or stricter when the file says so."""
    own = record.file_levels.get(path)
    return strictest(shown) if own is None else strictest(shown, own)


def leftover_level(package: PackageDescription, records: Iterable[int]) -> Level:
    """Return the level of files that no record names: the strictest of the package and all its records."""
    return strictest(package.level, *records)


def levels_of_paths(
    package: PackageDescription, records: Iterable[RecordDescription]
) -> tuple[Mapping[str, Level], Level]:
    """Return the level of every path that a record names, and the level of all other paths.

    A path that several records name has the strictest of theirs. A record with `files=None` holds every path.
    """
    named: dict[str, Level] = {}
    shown: list[int] = []
    whole: list[int] = []
    raised: dict[str, int] = {}
    for record in records:
        level = record_level(package, record)
        shown.append(level)
        if record.files is None:
            whole.append(level)
            for path, own in record.file_levels.items():
                raised[path] = strictest(own, raised.get(path, 0))
        else:
            for path in record.files:
                one = file_level(level, record, path)
                named[path] = strictest(one, named.get(path, Level.OPEN))
    rest = strictest(package.level, *whole) if whole else leftover_level(package, shown)
    for path, own in raised.items():
        named[path] = strictest(own, named.get(path, Level.OPEN))
    if whole:
        named = {path: strictest(level, rest) for path, level in named.items()}
    return named, rest
