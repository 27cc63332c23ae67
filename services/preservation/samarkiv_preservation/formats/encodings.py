"""How a text file is encoded: the ladder of the format policy, made for Swedish offices of four decades.

Byte order mark → strict UTF-8 → no C1 bytes: Latin-1 → the code page in which å, ä and ö are found → a guess.
"""

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Certainty = Literal["certain", "likely", "guess", "binary"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SWEDISH = "åäöÅÄÖéÉ"
_RARER = "üÜæøÆØ§°½–—”“’…€»«µ·´èáàñ"
_PAGES = ("cp1252", "cp850", "mac_roman")
# letters that the same byte means in two code pages at once must not vote for both alike
_WEIGHT = 8
_SAMPLE = 1 << 20


@dataclass(frozen=True)
class Encoding:
    """What a text is encoded in, how sure that is, and what it was decided upon."""

    name: str
    certainty: Certainty
    basis: str


class Census:
    """Counts the bytes of a text as they pass; nothing but counts and a sample is kept."""

    def __init__(self) -> None:
        self._counts = [0] * 256
        self._utf8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
        self._sample = b""
        self.size = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.size += len(chunk)
        if len(self._sample) < _SAMPLE:
            self._sample += chunk[: _SAMPLE - len(self._sample)]
        if self._utf8:
            try:
                self._utf8.decode(chunk)
            except UnicodeDecodeError:
                self._utf8 = None
        # only what is not ASCII is counted one by one
        rest = chunk.translate(None, _ASCII)
        for byte in set(rest):
            self._counts[byte] += rest.count(byte)
        self._counts[0] += chunk.count(0)

    def encoding(self) -> Encoding:
        """Return the verdict over everything fed."""
        for mark, name in _MARKS:
            if self._sample.startswith(mark):
                return Encoding(name, "certain", "byte order mark")
        if self._counts[0]:
            return Encoding("", "binary", "NUL bytes")
        if self._utf8:
            try:
                self._utf8.decode(b"", final=True)
            except UnicodeDecodeError:
                pass
            else:
                plain = not any(self._counts[128:])
                return Encoding("ascii" if plain else "utf-8", "certain", "strict UTF-8")
        if not any(self._counts[0x80:0xA0]):
            return Encoding("latin-1", *self._sure("latin-1"), "no C1 bytes")
        votes = sorted(((self._votes(page), -n, page) for n, page in enumerate(_PAGES)), reverse=True)
        best, second = votes[0], votes[1]
        if best[0] > 0 and best[0] >= 2 * second[0]:
            return Encoding(best[2], *self._sure(best[2]), "å, ä and ö")
        return self._guess(best[2] if best[0] > 0 else "")

    def _sure(self, page: str) -> tuple[Certainty]:
        """Certain when nearly every byte beyond ASCII is a letter Swedish offices write."""
        total = sum(self._counts[128:])
        known = sum(self._counts[byte] for byte in _bytes_of(page, _SWEDISH + _RARER))
        return ("certain" if known >= 0.9 * total else "likely",)

    def _votes(self, page: str) -> int:
        if any(self._counts[byte] for byte in _undefined(page)):
            return 0
        common = sum(self._counts[byte] for byte in _bytes_of(page, _SWEDISH))
        rarer = sum(self._counts[byte] for byte in _bytes_of(page, _RARER))
        return _WEIGHT * common + rarer

    def _guess(self, voted: str) -> Encoding:
        import charset_normalizer

        best = charset_normalizer.from_bytes(self._sample).best()
        if best and not any(self._counts[byte] for byte in _undefined(best.encoding)):
            return Encoding(best.encoding, "guess", "charset-normalizer")
        if voted:
            return Encoding(voted, "guess", "å, ä and ö")
        return Encoding("", "binary", "no encoding fits")


def find_encoding(chunks: Iterable[bytes]) -> Encoding:
    """Return the encoding of a text."""
    census = Census()
    for chunk in chunks:
        census.feed(chunk)
    return census.encoding()


def decode(data: bytes) -> str:
    """Return a text for reading and search; what cannot be read becomes U+FFFD."""
    found = find_encoding([data])
    return data.decode(found.name or "latin-1", errors="replace").removeprefix("\ufeff")


_ASCII = bytes(range(128))
_BYTES: dict[tuple[str, str], tuple[int, ...]] = {}


def _bytes_of(page: str, letters: str) -> tuple[int, ...]:
    key = (page, letters)
    if key not in _BYTES:
        wanted = set(letters)
        found = []
        for byte in range(128, 256):
            try:
                letter = bytes([byte]).decode(page)
            except UnicodeDecodeError:
                continue
            if letter in wanted:
                found.append(byte)
        _BYTES[key] = tuple(found)
    return _BYTES[key]


def _undefined(page: str) -> tuple[int, ...]:
    key = (page, "")
    if key not in _BYTES:
        missing = []
        for byte in range(128, 256):
            try:
                bytes([byte]).decode(page)
            except UnicodeDecodeError:
                missing.append(byte)
        # a multi-byte encoding has no bytes of its own: everything is judged by decoding
        _BYTES[key] = tuple(missing) if len(missing) < 100 else ()
    return _BYTES[key]
