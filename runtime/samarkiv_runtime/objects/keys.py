"""Keys of objects: which are well-formed, the same rule for every store."""

RESERVED = (".temp", ".part")
MAX_SEGMENT = 255
MAX_KEY = 1024


def check_key(key: str) -> str:
    """Return `key` as it is; raises ValueError when it is absolute, has `..`, an empty or too long segment.

    Keys are made by the archive, never taken from users (RELIABILITY rule 6): a bad key is a fault of ours.
    """
    try:
        size = len(key.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise ValueError(f"object key is not UTF-8: {key!r}") from error
    if not key or size > MAX_KEY:
        raise ValueError(f"object key must be 1 to {MAX_KEY} bytes: {key[:80]!r}")
    segments = key.split("/")
    for segment in segments:
        if segment in {"", ".", ".."} or len(segment.encode("utf-8")) > MAX_SEGMENT:
            raise ValueError(f"object key has a bad segment: {key!r}")
        if "\x00" in segment or "\\" in segment:
            raise ValueError(f"object key has a forbidden character: {key!r}")
    if segments[0] in RESERVED:
        raise ValueError(f"object key lies in a reserved folder: {key!r}")
    return key


def check_range(offset: int, length: int | None) -> None:
    """Raise ValueError when a range is negative."""
    if offset < 0 or (length is not None and length < 0):
        raise ValueError(f"negative range: {offset}, {length}")
