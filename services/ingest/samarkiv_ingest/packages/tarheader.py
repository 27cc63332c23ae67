"""One header block of a tar file, and the records of a pax header."""

from typing import NamedTuple

BLOCK = 512


class Broken(Exception):
    """The block is no tar header, or a field of it cannot be read."""


class Header(NamedTuple):
    """The fields the scan needs."""

    name: bytes
    mode: int
    size: int
    type: bytes
    link: bytes


def parse(block: bytes) -> Header:
    """Return the header in a block. Raises Broken."""
    told = _number(block[148:156])
    blank = sum(block[:148]) + sum(block[156:]) + 8 * 0x20
    if told != blank:
        signed = blank - 256 * sum(1 for byte in block[:148] + block[156:] if byte >= 0x80)
        if told != signed:
            raise Broken("checksum")
    name = block[:100].split(b"\0", 1)[0]
    if block[257:263] == b"ustar\0" and block[345]:
        name = block[345:500].split(b"\0", 1)[0] + b"/" + name
    size = _number(block[124:136])
    if size < 0:
        raise Broken("size")
    return Header(name, _number(block[100:108]), size, block[156:157], block[157:257].split(b"\0", 1)[0])


def _number(field: bytes) -> int:
    """Return an octal or base-256 number."""
    if field[0] in (0x80, 0xFF):
        value = int.from_bytes(field[1:], "big")
        return value if field[0] == 0x80 else value - (1 << (8 * (len(field) - 1)))
    text = field.split(b"\0", 1)[0].strip(b" ")
    if not text:
        return 0
    if text.strip(b"01234567"):
        raise Broken(f"number {text!r}")
    return int(text, 8)


def pax(data: bytes) -> dict[str, bytes]:
    """Return the records of a pax header, lines of length, key and value, each key once. Raises Broken."""
    found: dict[str, bytes] = {}
    pos = 0
    while pos < len(data):
        space = data.find(b" ", pos, pos + 12)
        digits = data[pos:space] if space > 0 else b""
        if not digits.isdigit():
            if data[pos:].strip(b"\0"):
                raise Broken("pax record")
            break
        end = pos + int(digits)
        key, sign, value = data[space + 1 : end - 1].partition(b"=")
        if end > len(data) or end <= space or data[end - 1 : end] != b"\n" or not sign:
            raise Broken("pax record")
        text = key.decode("utf-8", "backslashreplace")
        if text in found:
            raise Broken(f"pax {text} twice")
        found[text] = value
        pos = end
    return found
