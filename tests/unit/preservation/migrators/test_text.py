"""Text to UTF-8: every character, proved by going back to the same bytes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from samarkiv_preservation.migrators import Migrators
from samarkiv_preservation.migrators.text import to_utf8
from samarkiv_runtime.pool import Pool
from samarkiv_runtime.sandbox import Sandbox

TEXT = (
    "Nämnden beslutar på förslag från ordföranden att bifalla ansökan.\r\nÖverklagande görs inom tre veckor.\r\n"
    * 40
)


@pytest.fixture(scope="module")
def migrators() -> Iterator[Migrators]:
    with Pool(1, warm=None) as pool:
        yield Migrators(pool, Sandbox())


def test_each_old_encoding_becomes_utf8_and_is_proved(migrators: Migrators, tmp_path: Path) -> None:
    encodings = ["latin-1", "cp850", "mac_roman", "utf-16", "utf-16-be", "utf-32"]
    sources = []
    for n, encoding in enumerate(encodings):
        source = tmp_path / f"källa {n}.txt"
        mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
        source.write_bytes(mark + TEXT.encode(encoding))
        sources.append(source)
    out = tmp_path / "out"
    out.mkdir()
    migrator = migrators.plan("x-fmt/111", "text/plain")
    assert migrator
    results = migrator.migrate(sources, out)
    assert [result.source for result in results] == sources
    for result in results:
        assert (result.outcome, result.reason, result.keeps) == ("proved", "", True)
        assert result.output
        assert result.output.read_bytes() == TEXT.encode()
        assert result.measured["characters"] == len(TEXT)
        assert result.measured["lines"] == 80
    assert sorted(path.name for path in out.iterdir()) == [f"{n:06}.txt" for n in range(6)]


@pytest.mark.parametrize("encoding", ["ascii", "utf-8", "utf-8-sig"])
def test_what_is_utf8_already_is_left_as_it_is(migrators: Migrators, tmp_path: Path, encoding: str) -> None:
    source = tmp_path / "a.txt"
    source.write_bytes(TEXT.encode("ascii", "ignore") if encoding == "ascii" else TEXT.encode(encoding))
    (result,) = migrators.plan("", "text/plain").migrate([source], tmp_path)  # type: ignore[union-attr]
    assert (result.outcome, result.output, result.keeps) == ("proved", None, False)
    assert result.measured["migrated"] is False
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_what_is_no_text_is_told(migrators: Migrators, tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_bytes(b"\x00\x01\x02\xff" * 50)
    (result,) = migrators.plan("x-fmt/111", "").migrate([source], tmp_path)  # type: ignore[union-attr]
    assert (result.outcome, result.output) == ("could_not", None)
    assert "NUL" in result.reason


def test_a_guess_needs_a_person(migrators: Migrators, tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_bytes("Παράδειγμα κειμένου στα ελληνικά, γραμμένο για δοκιμή. ".encode("cp1253") * 30)
    (result,) = migrators.plan("x-fmt/111", "").migrate([source], tmp_path)  # type: ignore[union-attr]
    assert result.outcome in {"needs_review", "plausible"}
    assert result.measured["round_trip"] is True


def test_too_large_is_could_not(tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_bytes(b"x" * 5000)
    assert to_utf8(str(source), str(tmp_path / "b"), 4096)[0] == "could_not"


def test_a_long_text_is_streamed_over_chunk_borders(tmp_path: Path) -> None:
    text = ("å" * 1023 + "\n") * 3000
    source, target = tmp_path / "a.txt", tmp_path / "b.txt"
    for encoding in ("latin-1", "utf-16"):
        source.write_bytes(text.encode(encoding))
        outcome, reason, _ = to_utf8(str(source), str(target), 1 << 30)
        assert (outcome, reason) == ("proved", "")
        assert target.read_text(encoding="utf-8") == text
    source.write_bytes(text.encode("utf-16")[:-1])
    assert to_utf8(str(source), str(target), 1 << 30)[0] == "failed"
    assert not target.exists()


def test_formats_that_are_kept_have_no_migrator(migrators: Migrators) -> None:
    for puid, mime in (("fmt/477", "application/pdf"), ("fmt/43", "image/jpeg"), ("", ""), ("fmt/494", "")):
        assert migrators.plan(puid, mime) is None
    assert migrators.plan("fmt/40", "") == migrators.plan("fmt/40", "")
    assert migrators.plan("fmt/40", "") != migrators.plan("fmt/412", "")
    assert len({migrators.plan("x-fmt/111", ""), migrators.plan("", "text/plain")}) == 1
