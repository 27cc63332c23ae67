"""Exports: the originals byte for byte, nothing that the caller may not have, and packages that other tools accept."""

import hashlib
import io
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bagit
import pytest
from lxml import etree
from samarkiv_access.dissemination.originals import Original, bag
from samarkiv_access.dissemination.zipstream import Entry, entry_of, zip_stream
from samarkiv_access.usecases.give import Desk, Form, export
from samarkiv_contracts.problems import CopyUnreadable, Forbidden, NotFound
from samarkiv_runtime.clock import CountedIds

from tests.unit.access.fakes import ARCHIVIST, Caller, Room
from tests.unit.access.shelf import an_id, described, record
from tests.unit.access.test_hear import stored

MOMENT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FILES = {
    "beslut.pdf": b"%PDF-1.4 beslut",
    "mapp/åäö & co.txt": "åäö".encode(),
    "hemlig.txt": b"hemligt",
    "tom.txt": b"",
}


@pytest.fixture
def desk(room: Room) -> Desk:
    one = record(
        "p", title="Bygglov <Tallen> & Granen", file_levels={"hemlig.txt": 1}, dates={"decided": "2009-06-11"}
    )
    room.shelf.put(described("p", files=4, label="Bygglov 2009"), [one], FILES)
    room.hear(stored("p"))
    return Desk(room.database, room.packages, CountedIds(), "0.1", "http://arkiv.test")


def taken(desk: Desk, form: Form, caller: Caller | None = None) -> zipfile.ZipFile:
    made = export(desk, caller or Caller(), an_id("uuid", "p"), form, MOMENT)
    return zipfile.ZipFile(io.BytesIO(b"".join(made.chunks)))


def test_zip_gives_the_open_originals_under_their_names(desk: Desk) -> None:
    out = taken(desk, "zip")
    assert out.testzip() is None
    assert {name: out.read(name) for name in out.namelist()} == {
        k: v for k, v in FILES.items() if k != "hemlig.txt"
    }


def test_the_zip_is_read_by_unzip(desk: Desk, tmp_path: Path) -> None:
    made = export(desk, Caller(), an_id("uuid", "p"), "zip", MOMENT)
    path = tmp_path / "out.zip"
    path.write_bytes(b"".join(made.chunks))
    done = subprocess.run(["unzip", "-tq", str(path)], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


def test_bagit_is_a_valid_bag_with_two_manifests(desk: Desk, tmp_path: Path) -> None:
    out = taken(desk, "bagit")
    out.extractall(tmp_path)
    bag = bagit.Bag(str(tmp_path / an_id("uuid", "p")))
    bag.validate()
    assert sorted(bag.algorithms) == ["sha256", "sha512"]
    assert (Path(bag.path) / "data" / "mapp" / "åäö & co.txt").read_bytes() == "åäö".encode()
    assert not (Path(bag.path) / "data" / "hemlig.txt").exists()


def test_percent_signs_and_line_breaks_are_escaped_in_manifests_and_nothing_else_is() -> None:
    # RFC 8493 §2.1.3; bagit-python does not read an escaped percent sign back.
    entry = replace(entry_of("x", b""), sha256=hashlib.sha256(b"").hexdigest())
    odd = [Original("100%\n å.txt", entry)]
    out = zipfile.ZipFile(io.BytesIO(b"".join(zip_stream(bag(odd, "b", [], MOMENT), MOMENT))))
    assert out.read("b/manifest-sha256.txt").decode().endswith("  data/100%25%0A å.txt\n")


def test_an_archivist_gets_every_file_and_the_aip(desk: Desk) -> None:
    caller = Caller(ARCHIVIST)
    assert "hemlig.txt" in taken(desk, "zip", caller).namelist()
    out = taken(desk, "aip", caller)
    assert f"{an_id('uuid', 'p')}/METS.xml" in out.namelist()


def test_the_aip_is_not_for_everyone(desk: Desk) -> None:
    with pytest.raises(Forbidden) as refused:
        taken(desk, "aip")
    assert refused.value.stable_code == "aip_not_public"


def test_hidden_and_absent_packages_answer_alike(room: Room, desk: Desk) -> None:
    room.shelf.put(described("closed", level=2), [record("closed", level=2)], {"a": b"a"})
    room.hear(stored("closed"))
    for package in (an_id("uuid", "closed"), an_id("uuid", "never")):
        with pytest.raises(NotFound):
            export(desk, Caller(), package, "zip", MOMENT)


def _mets(out: zipfile.ZipFile, name: str) -> Any:
    return etree.fromstring(out.read(name))


def test_dip_lists_exactly_what_it_holds_with_right_digests(desk: Desk) -> None:
    out = taken(desk, "dip")
    root = out.namelist()[0].split("/")[0]
    names = {"m": "http://www.loc.gov/METS/", "x": "http://www.w3.org/1999/xlink"}
    listed: set[str] = set()
    for folder, mets in (
        ("", "METS.xml"),
        ("representations/original/", "representations/original/METS.xml"),
    ):
        tree = _mets(out, f"{root}/{mets}")
        for element in tree.xpath("//*[@CHECKSUM]"):
            at = element if element.get("{http://www.w3.org/1999/xlink}href") else element[0]
            from urllib.parse import unquote

            path = f"{root}/{folder}{unquote(at.get('{http://www.w3.org/1999/xlink}href'))}"
            data = out.read(path)
            assert hashlib.sha256(data).hexdigest() == element.get("CHECKSUM"), path
            assert len(data) == int(element.get("SIZE"))
            listed.add(path)
        assert tree.xpath("string(//m:metsHdr/@*[local-name()='OAISPACKAGETYPE'])", namespaces=names) == "DIP"
    assert listed | {f"{root}/METS.xml"} == set(out.namelist())
    assert not any("hemlig" in name for name in out.namelist())


def test_dip_names_its_source_and_what_was_held_back(desk: Desk) -> None:
    out = taken(desk, "dip")
    root = out.namelist()[0].split("/")[0]
    assert root != an_id("uuid", "p")
    text = out.read(f"{root}/METS.xml").decode()
    assert f'<altRecordID TYPE="SOURCEAIP">{an_id("uuid", "p")}/v1</altRecordID>' in text
    premis = out.read(f"{root}/representations/original/metadata/preservation/premis.xml").decode()
    assert f"{an_id('uuid', 'p')}/ID-original-1" in premis
    assert "1 files are not given out" in premis


def test_a_broken_copy_breaks_the_stream_instead_of_ending_well() -> None:
    wrong = Entry("a", 3, 0, lambda: iter((b"abd",)), hashlib.sha256(b"abc").hexdigest())
    with pytest.raises(CopyUnreadable):
        b"".join(zip_stream([wrong], MOMENT))
    short = Entry("a", 5, 0, lambda: iter((b"abc",)), hashlib.sha256(b"abc").hexdigest())
    with pytest.raises(CopyUnreadable):
        b"".join(zip_stream([short], MOMENT))


def test_many_members_become_zip64() -> None:
    body = b"".join(zip_stream((entry_of(f"{n}", b"") for n in range(66_000)), MOMENT))
    assert len(zipfile.ZipFile(io.BytesIO(body)).namelist()) == 66_000


def test_mets_premis_and_ead_of_a_dip_are_valid_by_their_schemas(desk: Desk, tmp_path: Path) -> None:
    from samarkiv_preservation.packages.schemas import schemas

    for name, data in schemas():
        (tmp_path / name).write_bytes(data)
    mets, premis, ead = (
        etree.XMLSchema(etree.parse(str(tmp_path / name)))
        for name in ("mets-csip.xsd", "premis-v3-0.xsd", "ead3.xsd")
    )
    out = taken(desk, "dip")
    root = out.namelist()[0].split("/")[0]
    for name, schema in (
        ("METS.xml", mets),
        ("representations/original/METS.xml", mets),
        ("metadata/preservation/premis.xml", premis),
        ("representations/original/metadata/preservation/premis.xml", premis),
        ("metadata/descriptive/ead.xml", ead),
    ):
        schema.assertValid(etree.fromstring(out.read(f"{root}/{name}")))
