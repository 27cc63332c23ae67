"""`samarkiv validate`: the same verdict for a folder, its zip and its tar.gz, and what is told of a refused container."""

import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest
from samarkiv_runtime.settings import Settings

from samarkiv.commands.validate import show, validate_path
from tests.unit.ingest.validators import sip


def packed(folder: Path, kind: str) -> Path:
    """Return a folder as it is, zipped, or in a tar.gz."""
    if kind == "zip":
        return Path(shutil.make_archive(str(folder.parent / "p"), "zip", folder.parent, folder.name))
    if kind == "tar.gz":
        with tarfile.open(folder.parent / "p.tgz", "w:gz") as box:
            box.add(folder, folder.name)
        return folder.parent / "p.tgz"
    return folder


def judge(path: Path, profile: str = "", language: str = "sv"):
    """Return the result of the command."""
    return validate_path(Settings(home=path.parent / "home"), path, profile, language)


@pytest.mark.parametrize("kind", ["folder", "zip", "tar.gz"])
def test_each_form_of_a_package_gets_the_same_verdict(tmp_path, kind):
    good = judge(packed(sip.make(tmp_path / "good"), kind))
    assert (good["profile"], good["outcome"]) == ("e-ark-sip-2.2.0", "valid")
    text = sip.mets().replace('TYPE="Mixed"', 'TYPE="X"')
    bad = judge(packed(sip.make(tmp_path / "bad", text), kind))
    errors = [one["code"] for one in bad["findings"] if one["severity"] == "ERROR"]
    assert (bad["outcome"], errors) == ("invalid", ["CSIP2"])
    assert bad["findings"][0]["file"] == "paket/METS.xml"


def test_names_that_differ_in_case_are_noted_beside_the_rules(tmp_path):
    text = sip.mets().replace('TYPE="Mixed"', 'TYPE="X"')
    folder = sip.make(tmp_path, text, {"schemas/METS.xsd": b"x"})
    result = judge(packed(folder, "zip"))
    codes = {one["code"] for one in result["findings"]}
    assert result["outcome"] == "invalid"
    assert {"SAM-NAME-CASE", "CSIP2"} <= codes


def test_what_is_no_container_is_refused(tmp_path, capsys):
    (tmp_path / "x.zip").write_bytes(b"nothing")
    result = judge(tmp_path / "x.zip", language="en")
    assert (result["outcome"], result["findings"][0]["code"]) == ("refused", "SAM-CONTAINER-UNKNOWN")
    show(result)
    assert "SAM-CONTAINER-UNKNOWN" in capsys.readouterr().out


def test_a_profile_can_be_forced(tmp_path):
    (tmp_path / "mapp").mkdir()
    (tmp_path / "mapp/a.txt").write_text("x")
    assert judge(tmp_path / "mapp")["outcome"] == "valid"
    assert "CSIPSTR4" in {one["code"] for one in judge(tmp_path / "mapp", "e-ark-sip-2.2.0")["findings"]}


def test_a_file_beside_the_root_folder_breaks_the_single_root(tmp_path):
    box = packed(sip.make(tmp_path), "zip")
    with zipfile.ZipFile(box, "a") as more:
        more.writestr("lös.txt", "x")
    result = judge(box)
    errors = [one["code"] for one in result["findings"] if one["severity"] == "ERROR"]
    assert (result["profile"], errors) == ("e-ark-sip-2.2.0", ["CSIPSTR1"])


def test_a_package_without_root_folder_breaks_it_too(tmp_path):
    folder = sip.make(tmp_path, sip.mets(""))
    box = shutil.make_archive(str(tmp_path / "flat"), "zip", folder)
    codes = {one["code"] for one in judge(Path(box))["findings"]}
    assert "CSIPSTR1" in codes
