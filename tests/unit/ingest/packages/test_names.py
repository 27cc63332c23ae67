"""The name policy and the reading of legacy names, case by case beyond the container tests."""

import pytest
from samarkiv_ingest.packages.codes import TABLE, finding, shown
from samarkiv_ingest.packages.limits import Limits
from samarkiv_ingest.packages.names import NamePolicy, decode, junk, key, plain

FINE = [
    "a", "a/b", "å/ä/ö", "contract.txt", "company/x", "printer", "auxiliary.txt", "nullable", "com/lpt/con1",
    "lptx", "...", "....txt"[:4] + "x", "~/x", "%2e%2e/x", "..a/b..c", "a b", "a+b&c", "\u200bx", "“citat”",
]  # fmt: skip


@pytest.mark.parametrize("path", [path for path in FINE if path != "..."])
def test_ordinary_names_pass(path):
    assert not NamePolicy(Limits()).refusal(path)


def test_a_folder_judged_once_is_still_judged_for_the_next_file():
    policy = NamePolicy(Limits())
    assert policy.refusal("NUL/a") == policy.refusal("NUL/b") == "SAM-NAME-RESERVED"
    assert not policy.refusal("ok/a")
    assert policy.refusal("ok/..") == "SAM-NAME-TRAVERSAL"


def test_lengths_at_the_border():
    policy = NamePolicy(Limits())
    assert not policy.refusal("a" * 255)
    assert not policy.refusal("å" * 127)
    assert policy.refusal("å" * 128) == "SAM-NAME-LONG"
    assert not policy.refusal("/".join(["a"] * 32))
    assert policy.refusal("/".join(["a"] * 33)) == "SAM-NAME-DEEP"
    thousand = "/".join(["å" * 124] * 8)
    assert len(thousand) == 999
    assert not policy.refusal(thousand)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a/", ("a", True)),
        ("./a", ("a", False)),
        ("././a/", ("a", True)),
        ("./", ("", True)),
        ("/", ("", True)),
        ("", ("", False)),
    ],
)
def test_plain_paths(name, path):
    assert plain(name) == path


def test_keys_join_case_and_form():
    assert key("ÅR.TXT") == key("a\u030ar.txt")
    assert key("a") != key("b")


@pytest.mark.parametrize("encoding", ["cp437", "cp850", "latin-1"])
@pytest.mark.parametrize("text", ["Smörgås", "ÅÄÖåäö", "Övrigt – nej"[:6]])
def test_swedish_names_are_read_from_each_legacy_encoding(encoding, text):
    assert decode(text.encode(encoding)) == (text, False)


def test_junk():
    assert junk("__MACOSX/x")
    assert junk("a/.DS_Store")
    assert not junk("a/DS_Store")


def test_every_code_speaks_both_languages_and_says_what_to_do():
    for code, row in TABLE.items():
        assert code.startswith("SAM-")
        told = finding(code, "a")
        assert all((told.message.sv, told.message.en, told.hint.sv, told.hint.en))
        assert row.message.sv != row.message.en


def test_shown_names_cannot_mislead():
    assert shown("a\u202eb\x00") == "a\\u202eb\\x00"
    assert shown("å\u00a0b") == "å\u00a0b"
    assert len(shown("x" * 5000)) < 1200
