"""Judges of stored packages: ocfl-py, the schemas a package carries, zipfile and a script of standard tools."""

import json
import subprocess
import zipfile
from pathlib import Path

import ocfl
from lxml import etree
from samarkiv_runtime.objects.folder import FolderStore
from samarkiv_runtime.ocfl import object_root

SCRIPT = Path(__file__).parent / "verify.sh"
METS = "{http://www.loc.gov/METS/}"


def object_path(store: FolderStore, package: str) -> Path:
    return store.root / object_root(package)


def ocfl_says_valid(store: FolderStore, package: str) -> None:
    passed, validator = ocfl.Object().validate(str(object_path(store, package)))[:2]
    assert passed, str(validator)


def root_says_valid(store: FolderStore) -> None:
    assert ocfl.StorageRoot(root=str(store.root)).validate(), store.root


def unzipped(store: FolderStore, package: str, dest: Path, versions: tuple[str, ...] = ("v1",)) -> Path:
    """Unzip with standard tools, every digest checked; returns the package folder."""
    dest.mkdir(parents=True, exist_ok=True)
    run = subprocess.run(
        ["bash", str(SCRIPT), str(object_path(store, package)), str(dest), *versions],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return dest / package


def schema_valid(folder: Path) -> int:
    """Validate every METS, PREMIS and EAD3 of a package by its own schemas; returns how many files were judged."""
    kinds = {"mets": "mets-csip.xsd", "premis": "premis-v3-0.xsd", "ead": "ead3.xsd"}
    parser = etree.XMLParser(no_network=True)
    schemas = {
        kind: etree.XMLSchema(etree.parse(folder / "schemas" / name, parser)) for kind, name in kinds.items()
    }
    judged = 0
    for path in sorted(folder.rglob("*.xml")):
        if "data" in path.relative_to(folder).parts:
            continue
        kind = "mets" if path.name == "METS.xml" else "ead" if path.name.startswith("ead") else "premis"
        tree = etree.parse(path, parser)
        schemas[kind].assertValid(tree)
        if kind == "mets":
            references_close(tree)
        judged += 1
    return judged


def references_close(tree: "etree._ElementTree") -> None:
    ids = {element.attrib["ID"] for element in tree.iter() if "ID" in element.attrib}
    wanted = {
        one
        for element in tree.iter()
        for name in ("ADMID", "DMDID", "FILEID")
        for one in element.attrib.get(name, "").split()
    }
    assert wanted <= ids, wanted - ids


def listed_exactly(folder: Path) -> None:
    """Every file of the package is listed by a METS exactly where it lies, and nothing else is."""
    from urllib.parse import unquote

    listed = {"METS.xml"}
    for mets in [folder / "METS.xml", *folder.glob("representations/*/METS.xml")]:
        base = mets.parent.relative_to(folder)
        for element in etree.parse(mets).iter(f"{METS}mdRef", f"{METS}FLocat"):
            href = unquote(element.attrib["{http://www.w3.org/1999/xlink}href"])
            listed.add((base / href).as_posix())
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert listed == there


def originals(store: FolderStore, package: str) -> dict[str, bytes]:
    """Read the originals by the index alone (range reads), and check that zipfile agrees."""
    folder = object_path(store, package) / "v1/content"
    prefix = f"{package}/representations/original/data/"
    container = (folder / "v1.zip").read_bytes()
    found = {}
    for line in (folder / "v1.index.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["member"].startswith(prefix) and "mime" in entry:
            data = container[entry["offset"] : entry["offset"] + entry["length"]]
            found[entry["member"].removeprefix(prefix)] = data
    with zipfile.ZipFile(folder / "v1.zip") as archive:
        assert archive.testzip() is None
        for path, data in found.items():
            assert archive.read(prefix + path) == data
    return found
