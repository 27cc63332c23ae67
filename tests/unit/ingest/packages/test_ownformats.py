"""Our own tests for what PRONOM does not know: text encodings, XML roots, JSON, tables."""

import json

import pytest
from samarkiv_ingest.packages.ownformats import HEAD, UNKNOWN, look, text_charset, xml_root

ROOTS = [
    ('<?xml version="1.0"?><a/>', "a"),
    ('<?xml version="1.0"?>\n<!-- c --><?pi x?><a xmlns="urn:x" b="c">', "{urn:x}a"),
    ('<p:a xmlns:q="urn:y" xmlns:p="urn:x">', "{urn:x}a"),
    ("<a xmlns='urn:x'/>", "{urn:x}a"),
    ('\ufeff<?xml version="1.0"?><a/>', "a"),
    ("<html><body>", ""),
    ("<a>no declaration, no namespace</a>", ""),
    ("text < a", ""),
    ("", ""),
]


@pytest.mark.parametrize(("text", "root"), ROOTS)
def test_xml_roots(text, root):
    assert xml_root(text.encode()) == root


def test_utf16_xml_is_read():
    assert xml_root('<?xml version="1.0" encoding="UTF-16"?><a/>'.encode("utf-16")) == "a"


CHARSETS = [
    (b"plain", "ASCII"),
    ("Räksmörgås".encode(), "UTF-8"),
    ("\ufeffRäksmörgås".encode(), "UTF-8 with BOM"),
    ("Räksmörgås".encode("utf-16"), "UTF-16"),
    ("Räksmörgås".encode("latin-1"), "ISO-8859-1"),
    ("Räksmörgås – ja".encode("cp1252"), "windows-1252"),
    ("Räksmörgås".encode("cp850"), "IBM850"),
    ("Räksmörgås".encode("mac-roman"), "macintosh"),
    (b"\0\1\2", ""),
    (b"\x7fELF", ""),
    (("x" * (HEAD - 1) + "å").encode()[:HEAD], "UTF-8"),
]


@pytest.mark.parametrize(("head", "charset"), CHARSETS)
def test_text_encodings(head, charset):
    assert text_charset(head) == charset


def test_json_small_large_and_cut():
    assert look(b'{"a": [1, 2]}', "").puid == "fmt/817"
    assert look(b'{"a": [1, 2}', "").puid == "x-fmt/111"
    large = json.dumps({"a": list(range(5000))}).encode()
    assert look(large, "").puid == "fmt/817"
    assert look(large[:-1], "").puid == "x-fmt/111"
    assert look((b'[{"a": 1},' * 10_000)[:HEAD], "").puid == "fmt/817"
    assert look(b"[" * 5000, "").puid == "x-fmt/111"


def test_tables_by_extension_and_content():
    assert look(b"a;b\n1;2\n", "CSV").puid == "x-fmt/18"
    assert look(b"a\tb\n", "tsv").puid == "x-fmt/13"
    assert look(b"no separator", "csv").puid == "x-fmt/111"
    assert look(b"a;b\n", "txt").puid == "x-fmt/111"


def test_what_is_no_text_stays_unknown():
    assert look(b"", "txt") == look(bytes(100), "txt") == UNKNOWN
