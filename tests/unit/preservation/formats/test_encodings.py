"""The ladder of text encodings, on the code pages Swedish offices have used."""

import pytest
from samarkiv_preservation.formats.encodings import Census, decode, find_encoding

LETTER = (
    "Byggnadsnämnden i Åmål beslutade den 3 mars att bevilja sökanden tillstånd för ändring av huset på Östra gatan. "
    "Överklagande ska ges in skriftligen inom tre veckor från den dag då beslutet meddelades."
)


@pytest.mark.parametrize(
    ("encoding", "name", "certainty"),
    [
        ("ascii", "ascii", "certain"),
        ("utf-8", "utf-8", "certain"),
        ("utf-8-sig", "utf-8-sig", "certain"),
        ("utf-16", "utf-16", "certain"),
        ("utf-32", "utf-32", "certain"),
        ("latin-1", "latin-1", "certain"),
        ("cp850", "cp850", "certain"),
        ("mac_roman", "mac_roman", "certain"),
    ],
)
@pytest.mark.parametrize("repeat", [1, 200])
def test_each_rung(encoding: str, name: str, certainty: str, repeat: int) -> None:
    text = LETTER * repeat
    if encoding == "ascii":
        text = text.encode("ascii", "ignore").decode()
    raw = text.encode(encoding)
    found = find_encoding(raw[at : at + 777] for at in range(0, len(raw), 777))
    assert (found.name, found.certainty) == (name, certainty)
    assert raw.decode(found.name).encode(found.name) == raw
    assert decode(raw) == text


def test_windows_letters_with_quotes_and_dashes() -> None:
    raw = (LETTER + " – ”citat” … 5 €").encode("cp1252")
    assert find_encoding([raw]).name == "cp1252"


def test_a_character_cut_between_two_chunks_is_still_utf8() -> None:
    census = Census()
    for byte in "åäö€😀".encode():
        census.feed(bytes([byte]))
    assert census.encoding().name == "utf-8"
    assert census.size == 13


def test_a_cut_file_is_not_called_utf8() -> None:
    assert find_encoding(["abc å".encode()[:-1]]).certainty != "certain"


def test_what_is_no_text_is_told() -> None:
    assert find_encoding([b"\x00\x01\x02" * 100]).certainty == "binary"
    assert find_encoding([b""]).name == "ascii"


def test_greek_is_a_guess_at_best() -> None:
    found = find_encoding(["Αυτό είναι ένα κείμενο στα ελληνικά για δοκιμή. ".encode("cp1253") * 20])
    assert found.certainty in {"guess", "likely"}
