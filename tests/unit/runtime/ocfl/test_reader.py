"""The package reader: newest members, ranges, fall-over to another copy, and no bad bytes."""

import hashlib
import json
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from samarkiv_contracts.description import PackageDescription, RecordDescription
from samarkiv_contracts.problems import AllCopiesBad, CopyUnreadable
from samarkiv_runtime import ocfl
from samarkiv_runtime.objects.fake import Fault, FaultyStore
from samarkiv_runtime.objects.folder import FolderStore
from samarkiv_runtime.ocfl import PackageReader, container_key, index_key, object_root
from samarkiv_runtime.ports import ObjectStore

ID = "uuid-e1407479-3136-46c0-9908-bb02fb0339e2"
UUID = ID.removeprefix("uuid-")
BIG = bytes(range(256)) * 12_000  # 3 MB, over the limit for whole reads here


def package(label: str) -> PackageDescription:
    return PackageDescription(
        id=ID, label=label, tenant=f"tnt-{UUID}", tenant_name="Åby", authority=f"aut-{UUID}", authority_name="Nämnd",
        agreement=f"agr-{UUID}", agreement_reference="A-1", agreement_version=1, delivery=f"dlv-{UUID}",
        producer="system", profile="folder", received_at="2026-11-24T12:00:00Z", container_name="x.zip",
        container_sha256="0" * 64, container_bytes=1, records=2, files=1, bytes=1,
    )  # fmt: skip


def described(label: str) -> bytes:
    records = [RecordDescription(id=f"rec-{UUID[:-1]}{n}", title=f"Ärende {n}") for n in range(2)]
    return b"".join(doc.model_dump_json().encode() + b"\n" for doc in (package(label), *records))


V1 = {
    "representations/original/data/Ångström é.txt": b"hej",
    "representations/original/data/tom.txt": b"",
    "representations/original/data/stor.bin": BIG,
    "metadata/other/description.jsonl": described("v1"),
    "METS.xml": b"<mets>1</mets>",
}
V2 = {
    "representations/pdfa-1/data/a.pdf": b"%PDF",
    "metadata/other/description-v2.jsonl": described("v2"),
    "METS.xml": b"<mets>2</mets>",
}


def container(members: dict[str, bytes]) -> tuple[bytes, bytes]:
    file = BytesIO()
    lines = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as made:
        for name, data in members.items():
            made.writestr(f"{ID}/{name}", data)
            lines.append(
                {
                    "member": f"{ID}/{name}",
                    "offset": file.tell() - len(data),
                    "length": len(data),
                    "sha256": hashlib.sha256(data).hexdigest(),
                    **({"puid": "x-fmt/111", "mime": "text/plain"} if name.endswith(".txt") else {}),
                }
            )
    index = b"".join(json.dumps(line, ensure_ascii=len(lines) > 4).encode() + b"\n" for line in lines)
    return file.getvalue(), index


def put(store: ObjectStore, key: str, data: bytes) -> None:
    writer = store.create(key)
    writer.write(data)
    writer.commit()


def build(store: ObjectStore, *versions: dict[str, bytes]) -> None:
    manifest: dict[str, list[str]] = {}
    told = {}
    for number, members in enumerate(versions, 1):
        stored, index = container(members)
        put(store, container_key(ID, number), stored)
        put(store, index_key(ID, number), index)
        manifest[hashlib.sha512(stored).hexdigest()] = [f"v{number}/content/v{number}.zip"]
        manifest[hashlib.sha512(index).hexdigest()] = [f"v{number}/content/v{number}.index.jsonl"]
        told[f"v{number}"] = {
            "created": f"2026-11-2{number}T12:00:00Z",
            "message": f"step {number}",
            "state": {},
        }
    doc = {"id": ID, "head": f"v{len(versions)}", "manifest": manifest, "versions": told}
    raw = json.dumps(doc).encode()
    put(store, f"{object_root(ID)}/inventory.json", raw)
    put(
        store,
        f"{object_root(ID)}/inventory.json.sha512",
        hashlib.sha512(raw).hexdigest().encode() + b" inventory.json\n",
    )


class Copies:
    def __init__(self, home: Path, *versions: dict[str, bytes]) -> None:
        self.a = FaultyStore(FolderStore(home / "a"))
        self.b = FaultyStore(FolderStore(home / "b"))
        for store in (self.a, self.b):
            build(store, *versions)
        self.heard: list[tuple[str, str]] = []
        self.reader = PackageReader(
            {"a": self.a, "b": self.b},
            lambda copy, _id, what: self.heard.append((copy, what.partition(":")[0])),
        )

    def get(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        return b"".join(self.reader.read_member(ID, name, offset, length))


@pytest.fixture(autouse=True)
def low_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocfl, "WHOLE", 1 << 20)


@pytest.fixture
def copies(tmp_path: Path) -> Copies:
    return Copies(tmp_path, V1, V2)


def test_layout_is_that_of_the_extension() -> None:
    # the examples of the extension's own text
    assert object_root("object-01") == "3c0/ff4/240/object-01"
    assert object_root("..hor/rib:le-$id") == "487/326/d8c/%2e%2ehor%2frib%3ale-%24id"
    long = "abcdefghij" * 26
    assert object_root(long).split("/")[3] == long[:100] + "-" + hashlib.sha256(long.encode()).hexdigest()


def test_versions_and_current_members(copies: Copies) -> None:
    assert [(v.number, v.message) for v in copies.reader.versions(ID)] == [(1, "step 1"), (2, "step 2")]
    members = list(copies.reader.members(ID))
    assert [(m.name.removeprefix(f"{ID}/"), m.version) for m in members] == [
        *((name, 1) for name in V1 if name != "METS.xml"),
        *((name, 2) for name in V2),
    ]
    assert (members[0].puid, members[0].mime) == ("x-fmt/111", "text/plain")


def test_every_member_comes_back_and_the_newest_mets(copies: Copies) -> None:
    for name, data in {**V1, **V2}.items():
        assert copies.get(name) == data
        assert copies.get(f"{ID}/{name}") == data
    with pytest.raises(KeyError):
        copies.get("representations/original/data/finns inte")
    with pytest.raises(KeyError):
        copies.reader.inventory(ID.replace("e", "f"))


def test_ranges_of_small_and_large_members(copies: Copies) -> None:
    assert copies.get("representations/pdfa-1/data/a.pdf", 1, 2) == b"PD"
    assert copies.get("representations/pdfa-1/data/a.pdf", 9) == b""
    assert copies.get("representations/original/data/stor.bin", 2_000_001, 5) == BIG[2_000_001:2_000_006]
    assert copies.get("representations/original/data/stor.bin", 3_071_999, 50) == BIG[-1:]
    assert copies.get("representations/original/data/stor.bin", len(BIG)) == b""
    assert copies.get("representations/original/data/tom.txt") == b""


def test_the_newest_description_and_its_records(copies: Copies) -> None:
    package, records = copies.reader.description(ID)
    assert package.label == "v2"
    assert [record.title for record in records] == ["Ärende 0", "Ärende 1"]


@pytest.mark.parametrize("kind", ["flip", "truncate", "drop", "cut", "refuse"])
@pytest.mark.parametrize("name", ["inventory.json", "v2.index.jsonl", "v1.index.jsonl", "v1.zip"])
def test_another_copy_is_used_when_one_is_bad(copies: Copies, kind: str, name: str) -> None:
    copies.a.plan(Fault(kind, "read", f"*/{name}", times=None))  # type: ignore[arg-type]
    assert copies.get("representations/original/data/Ångström é.txt") == b"hej"
    assert copies.heard[0] == (
        "a",
        name if name != "v1.zip" else f"{ID}/representations/original/data/Ångström é.txt",
    )


@pytest.mark.parametrize("kind", ["truncate", "drop", "cut", "refuse"])
def test_a_large_member_goes_on_from_another_copy(copies: Copies, kind: str) -> None:
    copies.a.plan(Fault(kind, "read", "*/v1.zip"))  # type: ignore[arg-type]
    assert copies.get("representations/original/data/stor.bin") == BIG
    assert copies.heard[0][0] == "a"


def test_a_large_member_with_wrong_bytes_never_ends_well(copies: Copies) -> None:
    copies.a.plan(Fault("flip", "read", "*/v1.zip"))
    seen: list[bytes] = []
    with pytest.raises(CopyUnreadable):
        seen.extend(copies.reader.read_member(ID, "representations/original/data/stor.bin"))
    assert 0 < sum(map(len, seen)) < len(BIG)


def test_when_no_copy_is_whole(copies: Copies) -> None:
    for store in (copies.a, copies.b):
        store.plan(Fault("flip", "read", "*/v1.zip"))
    with pytest.raises(AllCopiesBad):
        copies.get("representations/original/data/Ångström é.txt")
    copies.a.plan(Fault("flip", "read", "*/v1.zip"))
    copies.b.plan(Fault("refuse", "read", "*/v1.zip"))
    with pytest.raises(CopyUnreadable):
        copies.get("representations/original/data/Ångström é.txt")


def test_an_index_is_read_once_and_large_ones_stay_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = Copies(tmp_path, {f"data/{n}": b"%d" % n for n in range(6000)} | {"METS.xml": b""})
    assert copies.get("data/5999") == b"5999"
    copies.a.plan(Fault("refuse", "read", "*.index.jsonl", times=None))
    assert copies.get("data/17") == b"17"
    assert sum(1 for _ in copies.reader.members(ID)) == 6001
    assert copies.heard == []
    monkeypatch.setattr(ocfl, "_CACHE_BYTES", 1)
    with pytest.raises(KeyError):
        copies.get("data/6000")
