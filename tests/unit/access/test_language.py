"""Both languages complete: no missing message, none left over, no text beside the catalogue."""

import ast
import re
from pathlib import Path

import pytest
import samarkiv_access.web
from jinja2 import Environment, nodes
from markupsafe import Markup
from samarkiv_access.web.language import FOLDER, Tongue, Tongues, fill, read_catalogue, swedish_number
from samarkiv_access.web.render import moment, size, whole

WEB = Path(samarkiv_access.web.__file__).parent
TEMPLATES = sorted((WEB / "templates").glob("*.html"))
# Words that are the same in both languages and stand in templates as they are.
SAME = {"Samarkiv", "SHA-256", "tus 1.0", "CloudEvents 1.0"}


def messages() -> dict[str, str | None]:
    """Return every message of templates and pages: Swedish singular → plural or None."""
    found: dict[str, str | None] = {}
    for path in TEMPLATES:
        for call in Environment(autoescape=True).parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in {"_", "n_"}:
                said = [one.value for one in call.args if isinstance(one, nodes.Const)]
                found[said[0]] = said[1] if call.node.name == "n_" else None
    for path in sorted(WEB.glob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or not call.args:
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            said = [
                one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            if name == "say" and said:
                found[said[0]] = None
            elif name == "count" and len(said) == 2:
                found[said[0]] = said[1]
    return found


def test_every_message_has_its_english_and_none_is_left_over() -> None:
    known = read_catalogue(FOLDER / "en.po")
    said = messages()
    assert sorted(set(said) - set(known)) == []
    assert sorted(set(known) - set(said)) == []


def test_translations_keep_the_places_and_are_translated() -> None:
    for swedish, english in read_catalogue(FOLDER / "en.po").items():
        forms = english if isinstance(english, tuple) else (english,)
        assert all(forms), swedish
        assert set(re.findall(r"{(\w+)}", forms[-1])) <= set(re.findall(r"{(\w+)}", swedish)) | {
            "n",
            "copies",
        }, swedish
        assert not re.search("[åäöÅÄÖ]", "".join(forms)), swedish


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_text_stands_beside_the_catalogue(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    bare = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "\0", text, flags=re.DOTALL)
    bare = re.sub(r"<(code|script|style)\b.*?</\1>", "\0", bare, flags=re.DOTALL)
    pieces = re.sub(r"<[^>]*>", "\0", bare).split("\0")
    words = {piece.strip(" \n–·›,?.()") for piece in pieces if re.search(r"[A-Za-zåäöÅÄÖ]{2}", piece)}
    assert words - SAME == set()
    for name in ("alt", "title", "placeholder", "aria-label", "data-name", "data-done", "value"):
        for value in re.findall(rf'\b{name}="([^"]*)"', text):
            assert (
                "{{" in value
                or not re.search("[A-Za-zåäö]{3}", value)
                or value in {"approve", "return", "retry", "drop", "staff"}
            ), value


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_inline_script_or_style(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|\son\w+=|javascript:|<style|<script(?![^>]*src=)", text)


def test_a_value_from_outside_is_escaped_inside_a_marked_message() -> None:
    assert fill("{a} {b}", {"a": Markup("<b>x</b>"), "b": "<i>"}) == "<b>x</b> &lt;i&gt;"
    assert fill("{a}", {"a": "<i>"}) == "<i>"


def test_numbers_sizes_and_times_are_written_as_the_language_does() -> None:
    sv, en = Tongues().get("sv"), Tongues().get("en")
    assert sv.number(412870) == "412\xa0870"
    assert en.number(412870) == "412,870"
    assert (size(38_200_000), size(38_200_000, "en"), size(184_000), size(12)) == (
        "38,2\xa0MB",
        "38.2\xa0MB",
        "184\xa0kB",
        "12\xa0B",
    )
    assert moment("2026-07-01T06:00:00Z") == "2026-07-01 08:00"
    assert moment("2026-12-01T23:30:00Z") == "2026-12-02 00:30"
    assert moment("okänt") == "okänt"


def test_plurals_and_the_way_back_to_swedish() -> None:
    tongue = Tongue("sv", {}, swedish_number)
    assert tongue.count("En fil", "{n} filer", 1) == "En fil"
    assert tongue.count("En fil", "{n} filer", 1200) == "1\xa0200 filer"
    assert Tongues().get("en").count("En fil", "{n} filer", 2) == "2 files"
    assert Tongues().get("de").say("Sök") == "Sök"


def test_dates_and_registry_numbers_are_not_broken_over_lines() -> None:
    assert str(whole("Beslut 2009-06-11, BN 2009-000412 <x>")) == (
        'Beslut <span class="nobr">2009-06-11</span>, <span class="nobr">BN 2009-000412</span> &lt;x&gt;'
    )
