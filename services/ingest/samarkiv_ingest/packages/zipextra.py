"""The extra fields of a zip entry: zip64 sizes, the Unicode path, Unix modes."""

import struct
import zlib
from typing import NamedTuple

FULL = 0xFFFFFFFF


class Malformed(Exception):
    """An extra field cannot be read."""


class Contradiction(Exception):
    """The zip64 fields do not agree with the header."""


class Sizes(NamedTuple):
    """The three numbers that zip64 may widen."""

    size: int
    packed: int
    at: int


def fields(extra: bytes) -> dict[int, bytes]:
    """Return the fields by id. Fewer than four bytes at the end are padding. Raises Malformed."""
    found: dict[int, bytes] = {}
    pos = 0
    while pos + 4 <= len(extra):
        ident, length = struct.unpack_from("<2H", extra, pos)
        pos += 4
        if pos + length > len(extra):
            raise Malformed(f"0x{ident:04x}")
        if ident in found and ident in (0x0001, 0x7075):
            raise Malformed(f"0x{ident:04x} twice")
        found[ident] = extra[pos : pos + length]
        pos += length
    return found


def widen(head: Sizes, disk: int, wide: bytes | None) -> Sizes:
    """Return the numbers of a central header after its zip64 field. Raises Contradiction."""
    needed = [value == FULL for value in head]
    if wide is None:
        if any(needed):
            raise Contradiction("no zip64 field")
        return head
    extra_disk = 4 if disk == 0xFFFF else 0
    count, rest = divmod(len(wide), 8)
    if rest not in (0, 4) or count > 3:
        raise Contradiction(f"length {len(wide)}")
    values = struct.unpack_from(f"<{count}Q", wide)
    if any(needed) and len(wide) == 8 * sum(needed) + extra_disk:
        left = iter(values)
        return Sizes(*(next(left) if wanted else value for wanted, value in zip(needed, head, strict=True)))
    # Some writers always give all of them: then each must say what the header says.
    full = [*values, *head[count:]]
    for value, wanted, told in zip(head, needed, full, strict=True):
        if (wanted and told == FULL) or (not wanted and told != value):
            raise Contradiction(f"{value} / {told}")
    return Sizes(*full)


def widen_local(size: int, packed: int, wide: bytes | None) -> tuple[int, int]:
    """Return size and packed size of a local header after its zip64 field. Raises Contradiction."""
    if wide is None:
        return size, packed
    if len(wide) < 16:
        if FULL in (size, packed):
            raise Contradiction(f"length {len(wide)}")
        return size, packed
    wide_size, wide_packed = struct.unpack_from("<2Q", wide)
    told: list[int] = []
    for head, value in ((size, wide_size), (packed, wide_packed)):
        if head not in (FULL, 0, value):
            raise Contradiction(f"{head} / {value}")
        told.append(value if head == FULL else head)
    return told[0], told[1]


def unicode_path(field: bytes, raw: bytes) -> tuple[str, bool]:
    """Return the name in an Info-ZIP Unicode path field and whether it belongs to the raw name. Raises Malformed."""
    if len(field) < 5 or field[0] != 1:
        raise Malformed("0x7075")
    belongs = struct.unpack_from("<L", field, 1)[0] == zlib.crc32(raw)
    try:
        return field[5:].decode("utf-8"), belongs
    except UnicodeDecodeError:
        raise Malformed("0x7075") from None


def unix_mode(found: dict[int, bytes]) -> int:
    """Return the mode in an ASi Unix field (0x756e), 0 when there is none."""
    field = found.get(0x756E, b"")
    return int(struct.unpack_from("<H", field, 4)[0]) if len(field) >= 6 else 0
