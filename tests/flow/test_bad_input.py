"""Bad input over the public API: each a clear coded answer in both languages, and nothing half-stored."""

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from samarkiv_runtime.settings import Settings

from samarkiv.app import Archive
from samarkiv.client import Client, Told
from samarkiv.commands import deliver
from samarkiv.demo.packages import as_zip, bag

GOOD = {"a.txt": b"hej", "b/c.txt": b"du"}
METS = b'<?xml version="1.0"?><!DOCTYPE mets [<!ENTITY x SYSTEM "file:///etc/passwd">]><mets xmlns="http://www.loc.gov/METS/">&x;</mets>'


def _traversal() -> bytes:
    return as_zip({"../ut.txt": b"x"})


def _backslash() -> bytes:
    return as_zip({"a\\b.txt": b"x"})


def _truncated() -> bytes:
    return as_zip(GOOD)[:-30]


def _bomb() -> bytes:
    return as_zip({"nollor.bin": bytes(30_000_000)})


def _encrypted() -> bytes:
    data = bytearray(as_zip(GOOD))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = 0
        while (at := data.find(mark, at)) >= 0:
            data[at + offset] |= 1
            at += 4
    return bytes(data)


def _symlink() -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        link = tarfile.TarInfo("länk")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return sink.getvalue()


def _duplicate() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("a.txt", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.txt", b"2")
    return sink.getvalue()


def _nothing() -> bytes:
    return b"detta ar ingen behallare" * 40


HOSTILE: dict[str, Callable[[], bytes]] = {
    "SAM-NAME-TRAVERSAL": _traversal,
    "SAM-NAME-BACKSLASH": _backslash,
    "SAM-ZIP-": _truncated,
    "RATIO": _bomb,
    "ENCRYPT": _encrypted,
    "LINK": _symlink,
    "DUPLICATE": _duplicate,
    "SAM-CONTAINER-UNKNOWN": _nothing,
}
KEPT: dict[str, Callable[[], bytes]] = {
    "BAG-": lambda: as_zip(bag("väska", GOOD, {}, wrong="a.txt")),
    "BAG": lambda: as_zip(bag("väska", GOOD, {}, missing="a.txt")),
    "XML": lambda: as_zip({"sip/METS.xml": METS, "sip/representations/rep1/data/a.txt": b"x"}),
}


def _deliver(client: Client, folder: Path, body: bytes) -> dict[str, object]:
    path = folder / "paket.zip"
    path.write_bytes(body)
    return deliver.wait(client, deliver.deliver(client, path, "DEMO-TOLERANT"), seconds=60)


def _left(settings: Settings) -> list[Path]:
    return [
        one for name in ("staging", "scratch") for one in (settings.home / name).rglob("*") if one.is_file()
    ]


def _settled(settings: Settings, archive: Archive) -> list[Path]:
    for _ in range(100):
        if not _left(settings):
            break
        archive.house.clock.sleep(0.05)
    return _left(settings)


def test_hostile_containers_are_rejected_with_a_code_and_leave_nothing(
    client: Client, archive: Archive, settings: Settings, tmp_path: Path
) -> None:
    for code, make in HOSTILE.items():
        row = _deliver(client, tmp_path, make())
        assert row["state"] == "rejected", (code, row)
        found = list(client.items(f"/v1/deliveries/{row['id']}/findings"))
        blocking = [one for one in found if one["effect"] == "block"]
        assert any(code in one["code"] for one in blocking), (code, found)
        assert all(one["message"] and one["hint"] for one in blocking)
        english = Client(settings, language="en")
        assert [one["message"] for one in english.items(f"/v1/deliveries/{row['id']}/findings")] != [
            one["message"] for one in found
        ]
        assert _settled(settings, archive) == [], code


def test_what_a_correction_can_mend_is_kept_in_quarantine(
    client: Client, archive: Archive, settings: Settings, tmp_path: Path
) -> None:
    for code, make in KEPT.items():
        row = _deliver(client, tmp_path, make())
        assert row["state"] == "rejected", (code, row)
        codes = [
            one["code"]
            for one in client.items(f"/v1/deliveries/{row['id']}/findings")
            if one["effect"] == "block"
        ]
        assert any(code in one for one in codes), (code, codes)
        assert (settings.home / "staging" / "uploads" / str(row["id"]) / "container").is_file()


def test_a_wrong_digest_is_told_at_once_and_nothing_is_kept(
    client: Client, archive: Archive, settings: Settings
) -> None:
    body = as_zip(GOOD)
    opened = client.post(
        "/v1/deliveries", {"agreement": "DEMO-TOLERANT", "sha256": "0" * 64, "bytes": len(body)}
    )
    _patch(client, opened["upload"], 0, body)
    with pytest.raises(Told) as told:
        client.post(f"/v1/deliveries/{opened['id']}/commit")
    assert (told.value.status, told.value.problem["code"], told.value.problem["fault"]) == (
        422,
        "digest_mismatch",
        "content",
    )
    assert told.value.problem["findings"][0]["code"] == "SAM-DIGEST"
    assert client.delivery(opened["id"])["state"] == "rejected"
    assert _settled(settings, archive) == []


def _patch(client: Client, address: str, offset: int, body: bytes, **headers: str) -> int:
    answer = client.request(
        "PATCH",
        address,
        content=body,
        headers={
            "tus-resumable": "1.0.0",
            "upload-offset": str(offset),
            "content-type": "application/offset+octet-stream",
            **headers,
        },
    )
    return int(answer.headers["upload-offset"])


def test_a_cut_upload_resumes_where_it_stands_and_a_damaged_piece_is_taken_back(
    client: Client, archive: Archive
) -> None:
    del archive
    body = as_zip(GOOD)
    opened = client.post("/v1/deliveries", {"agreement": "DEMO-TOLERANT", "bytes": len(body)})
    assert _patch(client, opened["upload"], 0, body[:100]) == 100
    with pytest.raises(Told) as told:
        _patch(client, opened["upload"], 90, body[90:])
    assert told.value.problem["code"] == "wrong_offset"
    with pytest.raises(Told) as told:
        _patch(
            client,
            opened["upload"],
            100,
            body[100:],
            **{"upload-checksum": "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA="},
        )
    assert told.value.status == 460
    head = client.request("HEAD", opened["upload"], headers={"tus-resumable": "1.0.0"})
    assert head.headers["upload-offset"] == "100"
    assert _patch(client, opened["upload"], 100, body[100:]) == len(body)
    client.post(f"/v1/deliveries/{opened['id']}/commit")
    assert deliver.wait(client, opened["id"], seconds=60)["state"] == "accepted"


def test_a_cancelled_upload_leaves_nothing(client: Client, archive: Archive, settings: Settings) -> None:
    opened = client.post("/v1/deliveries", {"agreement": "DEMO-TOLERANT"})
    _patch(client, opened["upload"], 0, b"x" * 1000)
    client.request("DELETE", opened["upload"], headers={"tus-resumable": "1.0.0"})
    assert client.delivery(opened["id"])["state"] == "rejected"
    assert _settled(settings, archive) == []


def test_an_unknown_agreement_and_a_used_key_are_told_plainly(client: Client, archive: Archive) -> None:
    del archive
    with pytest.raises(Told) as told:
        client.post("/v1/deliveries", {"agreement": "FINNS-INTE"})
    assert (told.value.status, told.value.problem["code"], told.value.problem["fault"]) == (
        422,
        "unknown_agreement",
        "person",
    )
    key = {"idempotency-key": "en-nyckel"}
    first = client.post("/v1/deliveries", {"agreement": "DEMO-TOLERANT", "title": "A"}, headers=key)
    again = client.post("/v1/deliveries", {"agreement": "DEMO-TOLERANT", "title": "A"}, headers=key)
    assert first == again
    with pytest.raises(Told) as told:
        client.post("/v1/deliveries", {"agreement": "DEMO-TOLERANT", "title": "B"}, headers=key)
    assert told.value.problem["code"] == "idempotency_key_reused"
