"""Office to PDF/A: what is believed and what is not, with a program that lies; and the real one where it is installed."""

import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from samarkiv_preservation.formats.policy import standing_policy
from samarkiv_preservation.migrators import Migrators
from samarkiv_preservation.migrators.office import OfficeMigrator
from samarkiv_preservation.migrators.verapdf import VeraPdf
from samarkiv_preservation.migrators.verify import words_of
from samarkiv_runtime.pool import Pool
from samarkiv_runtime.sandbox import Limits, Run, Sandbox

from tests.unit.preservation.derivatives import samples

Act = Callable[[Path, Path], None]


class LyingOffice:
    """Exit status 0 whatever it does; `acts` say what becomes of each source, by its number."""

    why = ""

    def __init__(self, acts: dict[int, Act]) -> None:
        self.acts = acts
        self.runs: list[list[str]] = []

    def version(self) -> str:
        return "9.9"

    def convert(self, _family: str, names: Sequence[str], work: Path, _limits: Limits) -> Run:
        self.runs.append(list(names))
        for name in names:
            act = self.acts.get(int(name[:6]))
            if act:
                act(work / "in" / name, work / "out" / (name[:6] + ".pdf"))
        return Run(0, timed_out=False, told="convert …\n")


XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">'
    b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>"
    b'</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


def pdfa(_source: Path, output: Path, words: bool = True) -> None:
    """A PDF that claims to be PDF/A-2b, with the sample's words or without."""
    samples.make_pdf(output, 1)
    import pikepdf

    with pikepdf.open(output, allow_overwriting_input=True) as made:
        if not words:
            made.pages[0].Contents = made.make_stream(b"")
        made.Root.Metadata = made.make_stream(XMP, Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML)
        made.save(output, force_version="1.7", compress_streams=False)


def blank(source: Path, output: Path) -> None:
    pdfa(source, output, words=False)


def plain(_source: Path, output: Path) -> None:
    samples.make_pdf(output, 1)


def link(_source: Path, output: Path) -> None:
    output.unlink(missing_ok=True)
    os.symlink("/etc/passwd", output)


def rubbish(_source: Path, output: Path) -> None:
    output.write_bytes(b"%PDF-1.7\n" + b"x" * 600)


class FixedJudge(VeraPdf):
    def __init__(self, compliant: bool | None) -> None:
        super().__init__("none")
        self.compliant = compliant

    def judge(self, _path: Path, _flavour: str) -> dict[str, Any]:
        return {"compliant": self.compliant}


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(1, warm=None) as pool:
        yield pool


def migrator(office: LyingOffice, pool: Pool, judge: VeraPdf | None = None) -> OfficeMigrator:
    rule = standing_policy().rule_for("fmt/412", "")
    return OfficeMigrator(rule, "fmt/412", "", ".docx", office, pool, judge)  # type: ignore[arg-type]


def sources(folder: Path, count: int) -> list[Path]:
    made = []
    for n in range(count):
        (folder / str(n)).mkdir(parents=True)
        made.append(samples.make_docx(folder / str(n) / "samma namn.docx"))
    return made


def test_only_what_is_measured_is_believed(tmp_path: Path, pool: Pool) -> None:
    office = LyingOffice({0: pdfa, 1: blank, 2: plain, 3: link, 4: rubbish})
    batch = sources(tmp_path / "in", 6)
    out = tmp_path / "out"
    out.mkdir()
    results = migrator(office, pool).migrate(batch, out)
    assert [result.source for result in results] == batch
    told = [(result.outcome, result.keeps) for result in results]
    assert told == [
        ("needs_review", False),  # the sample PDF lacks the heading: too few of the words
        ("needs_review", False),
        ("needs_review", False),
        ("failed", False),
        ("needs_review", False),
        ("failed", False),
    ]
    assert results[1].measured["word_recall"] == 0.0
    assert "fmt/17" in results[2].reason or "fmt/1" in results[2].reason
    assert results[3].output is None
    assert "no pages" in results[4].reason
    assert results[5].reason.startswith("no output")
    # what was missing has been tried once more, alone
    assert office.runs[1:] == [["000003.docx"], ["000005.docx"]]
    assert all(result.output is None or result.output.parent == out for result in results)
    assert not [path for path in out.iterdir() if path.is_dir()]


@pytest.mark.parametrize(
    ("judge", "outcome"),
    [(None, "plausible"), (True, "proved"), (False, "needs_review"), ("silent", "plausible")],
)
def test_verapdf_makes_the_difference(tmp_path: Path, pool: Pool, judge: Any, outcome: str) -> None:
    import docx

    source = tmp_path / "a.docx"
    document = docx.Document()
    document.add_paragraph(samples.WORDS)
    document.save(str(source))
    verapdf = None if judge is None else FixedJudge(None if judge == "silent" else judge)
    (result,) = migrator(LyingOffice({0: pdfa}), pool, verapdf).migrate([source], tmp_path)
    assert (result.outcome, result.measured["word_recall"], result.measured["puid"]) == (
        outcome,
        1.0,
        "fmt/477",
    )
    assert (result.tool, result.version) == ("LibreOffice", "9.9")


def test_a_signed_original_is_marked_and_its_copy_never_proved(tmp_path: Path, pool: Pool) -> None:
    import docx

    source = tmp_path / "a.docx"
    document = docx.Document()
    document.add_paragraph(samples.WORDS)
    document.save(str(source))
    with zipfile.ZipFile(source, "a") as box:
        box.writestr("_xmlsignatures/sig1.xml", "<Signature/>")
    (result,) = migrator(LyingOffice({0: pdfa}), pool, FixedJudge(True)).migrate([source], tmp_path)
    assert (result.outcome, result.measured["signed"]) == ("plausible", True)
    assert "signed" in result.reason


def test_without_a_sandbox_nothing_is_converted(
    tmp_path: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    program = tmp_path / "soffice"
    program.write_text("#!/bin/sh\ntouch /tmp/never\n")
    program.chmod(0o755)
    migrators = Migrators(pool, Sandbox())
    planned = migrators.plan("fmt/412", "")
    assert planned
    (result,) = planned.migrate([samples.make_docx(tmp_path / "a.docx")], tmp_path)
    assert (result.outcome, result.output) == ("could_not", None)
    assert "sandbox" in result.reason
    assert [one.outcome for one in migrators.health() if "office" in one.name] == ["could_not_check"]


def test_the_program_of_this_machine_if_it_has_one(tmp_path: Path, pool: Pool) -> None:
    migrators = Migrators(pool, Sandbox())
    batch = [samples.make_docx(tmp_path / f"{n}.docx", 20) for n in range(2)]
    broken = tmp_path / "2.docx"
    broken.write_bytes(batch[0].read_bytes()[:4000])
    book = samples.make_xlsx(tmp_path / "3.xlsx")
    out = tmp_path / "out"
    out.mkdir()
    words, sheets = migrators.plan("fmt/412", ""), migrators.plan("fmt/214", "")
    assert words
    assert sheets
    results = [*words.migrate([*batch, broken], out), *sheets.migrate([book], out)]
    usable = any("office" in one.name and one.outcome == "ok" for one in migrators.health())
    assert usable == bool(shutil.which("soffice") and Sandbox().walls)
    if not usable:
        assert [(result.outcome, result.output) for result in results] == [("could_not", None)] * 4
        return
    assert [result.outcome for result in results] == ["plausible", "plausible", "failed", "plausible"]
    assert results[0].measured["word_recall"] == 1.0
    assert results[0].measured["puid"] == "fmt/477"
    assert results[0].version[0].isdigit()


def test_words_are_counted_without_case_digits_and_line_end_hyphens() -> None:
    assert words_of("Överklagan-\nde 2024 ÖVERKLAGANDE a 1250,5 ﬁl") == {"överklagande": 2, "fil": 1}


JUDGE = """
import json, sys, time
for line in sys.stdin:
    ask = json.loads(line)
    if "hang" in ask["path"]: time.sleep(600)
    if "crash" in ask["path"]: sys.exit(1)
    print(json.dumps({"path": ask["path"], "compliant": "good" in ask["path"], "findings": [{"code": "6.1.2-1"}]}), flush=True)
"""


def test_a_warm_judge_is_asked_again_after_it_died(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from samarkiv_preservation.migrators import verapdf

    monkeypatch.setattr(verapdf, "_SMALL", 0.05)
    monkeypatch.setattr(verapdf, "_START_S", 5.0)
    program = tmp_path / "judge.py"
    program.write_text(JUDGE)
    for name in ("good", "bad", "crash", "hang"):
        (tmp_path / name).write_bytes(b"%PDF")
    judge = VeraPdf(f"{sys.executable} {program}")
    assert judge.judge(tmp_path / "good", "2b") == {"compliant": True, "findings": ["6.1.2-1"]}
    assert judge.judge(tmp_path / "bad", "2b")["compliant"] is False
    assert judge.judge(tmp_path / "hang", "2b")["compliant"] is None
    assert judge.judge(tmp_path / "good", "2b")["compliant"] is True
    assert judge.judge(tmp_path / "crash", "2b")["compliant"] is None
    assert judge.judge(tmp_path / "good", "2b")["compliant"] is True
    judge.close()
    assert VeraPdf("/no/such/program").judge(tmp_path / "good", "2b")["compliant"] is None


@pytest.mark.engines
def test_what_the_program_makes_is_judged_by_verapdf_and_proved(tmp_path: Path, pool: Pool) -> None:
    judge = Path(__file__).parents[4] / "deploy" / "engines" / "engines"
    migrators = Migrators(pool, Sandbox(), verapdf=f"{judge} judge verapdf")
    planned = migrators.plan("fmt/412", "")
    assert planned
    (result,) = planned.migrate([samples.make_docx(tmp_path / "a.docx", 5)], tmp_path)
    migrators.close()
    assert (result.outcome, result.measured["verapdf"]) == ("proved", {"compliant": True})
