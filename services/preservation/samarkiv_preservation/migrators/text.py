"""Text to UTF-8: streamed, and proved by encoding the result back to the very same bytes."""

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samarkiv_runtime.pool import Pool, PoolError

from samarkiv_preservation.formats.encodings import Census
from samarkiv_preservation.formats.policy import Rule
from samarkiv_preservation.migrators.base import MigrationResult, Outcome

TOOL = "samarkiv text"
_CHUNK = 1 << 20
_OUTCOMES: dict[str, Outcome] = {"certain": "proved", "likely": "plausible", "guess": "needs_review"}
# with a byte order mark the stream has one order, and the mark is not text
_MARKED = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class TextMigrator:
    """Text of any encoding to UTF-8 without a byte order mark; line ends and every character are kept."""

    rule: Rule
    version: str
    pool: Pool = field(compare=False, repr=False)
    target_puid: str = "x-fmt/111"
    target_mime: str = "text/plain"
    suffix: str = ".txt"

    def migrate(self, batch: Sequence[Path], outdir: Path) -> list[MigrationResult]:
        """Migrate; what is UTF-8 or ASCII already is proved without output."""
        pairs = [(str(source), str(outdir / f"{n:06}{self.suffix}")) for n, source in enumerate(batch)]
        tasks = [pairs[at : at + 50] for at in range(0, len(pairs), 50)]
        futures = [self.pool.submit(to_utf8_many, task, self.rule.max_bytes) for task in tasks]
        found: list[MigrationResult] = []
        for task, future in zip(tasks, futures, strict=True):
            try:
                outcomes = future.result()
            except PoolError as error:
                outcomes = [("failed", str(error), {})] * len(task)
            for (source, target), (outcome, reason, measured) in zip(task, outcomes, strict=True):
                made = Path(target) if measured.get("migrated") else None
                found.append(
                    MigrationResult(Path(source), made, outcome, measured, TOOL, self.version, reason)
                )
        return found


Told = tuple[Outcome, str, dict[str, Any]]


def to_utf8_many(pairs: list[tuple[str, str]], max_bytes: int) -> list[Told]:
    """Write each source to its target in UTF-8; returns outcome, reason and what was measured. Raises OSError."""
    return [to_utf8(source, target, max_bytes) for source, target in pairs]


def to_utf8(source: str, target: str, max_bytes: int) -> Told:
    """Write `source` to `target` in UTF-8 when it is not that already. Raises OSError."""
    census = Census()
    for chunk in _chunks(source):
        census.feed(chunk)
        if census.size > max_bytes:
            return "could_not", f"larger than {max_bytes >> 20} MiB", {}
    found = census.encoding()
    measured: dict[str, Any] = {
        "encoding": found.name,
        "certainty": found.certainty,
        "basis": found.basis,
        "bytes": census.size,
        "migrated": False,
    }
    if found.certainty == "binary":
        return "could_not", f"no text: {found.basis}", measured
    if found.name in {"ascii", "utf-8", "utf-8-sig"}:
        return "proved", "is UTF-8 already", measured
    told = _transcode(source, target, found.name)
    if told is None:
        Path(target).unlink(missing_ok=True)
        return "failed", f"not {found.name} throughout", measured
    measured.update(told, migrated=True, round_trip=True)
    return _OUTCOMES[found.certainty], "", measured


def _transcode(source: str, target: str, name: str) -> dict[str, Any] | None:
    """Return counts; None when the text does not decode, or does not encode back to the same bytes."""
    mark, codec = b"", name
    with open(source, "rb") as file:
        head = file.read(4)
    for one, explicit in _MARKED:
        if name in {"utf-16", "utf-32"} and head.startswith(one) and explicit.startswith(name):
            mark, codec = one, explicit
    decoder = codecs.getincrementaldecoder(codec)()
    encoder = codecs.getincrementalencoder(codec)()
    characters = lines = size = 0
    expected = bytearray()
    with open(target, "wb") as out:
        skip = len(mark)
        for chunk, last in _marked_last(_chunks(source)):
            chunk, skip = chunk[skip:], 0  # noqa: PLW2901
            expected += chunk
            try:
                text = decoder.decode(chunk, last)
                back = encoder.encode(text, last)
            except UnicodeError:
                return None
            if not expected.startswith(back):
                return None
            del expected[: len(back)]
            raw = text.encode("utf-8")
            out.write(raw)
            characters, lines, size = characters + len(text), lines + text.count("\n"), size + len(raw)
    return None if expected else {"characters": characters, "lines": lines, "bytes_after": size}


def _chunks(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _marked_last(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    held = next(chunks, b"")
    for chunk in chunks:
        yield held, False
        held = chunk
    yield held, True
