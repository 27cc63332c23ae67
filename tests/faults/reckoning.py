"""The reckoning after the kills: what was acknowledged against registry, copies, index, staging and jobs."""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from samarkiv_runtime.database import Database
from samarkiv_runtime.ocfl import object_root
from samarkiv_runtime.ports import ObjectStore
from sqlalchemy import text

from samarkiv.client import Client
from samarkiv.commands import care, fetch
from tests.faults.producer import Sent

NAMASTE = "0=ocfl_object_1.1"
ROOT_FILES = {
    "0=ocfl_1.1",
    "ocfl_layout.json",
    "extensions/0003-hash-and-id-n-tuple-storage-layout/config.json",
}


def settled(client: Client, sent: Sequence[Sent], seconds: float) -> dict[str, dict[str, Any]]:
    """Wait until every acknowledged delivery is accepted and searchable; returns them by id."""
    until = time.monotonic() + seconds
    left = [one.delivery for one in sent]
    rows: dict[str, dict[str, Any]] = {}
    while left and time.monotonic() < until:
        row = client.delivery(left[0])
        if row["state"] == "accepted" and row["indexed"]:
            rows[left.pop(0)] = row
        else:
            time.sleep(0.1)
    late = {name: client.delivery(name)["state_text"] for name in left}
    assert not late, f"not accepted and searchable in {seconds:.0f} s: {late}"
    return rows


def accepted_once(client: Client, public: Client, sent: Sequence[Sent], rows: Mapping[str, Any]) -> set[str]:
    """One delivery a key, one package a delivery, one hit a package, one receipt of each kind; returns the packages."""
    assert len({one.delivery for one in sent}) == len(sent), "two acknowledgements of one delivery"
    listed = {row["id"]: row for row in client.items("/v1/deliveries", limit=200)}
    titles = Counter(row["title"] for row in listed.values())
    assert not [title for title, count in titles.items() if count > 1], "a key was opened twice"
    assert set(listed) == {one.delivery for one in sent}, "there are deliveries that nobody sent"
    for one in sent:
        row = rows[one.delivery]
        assert len(row["packages"]) == 1, row
        assert sorted(receipt["kind"] for receipt in row["receipts"]) == ["accepted", "received"], row
        hits = public.get("/v1/search", q=one.word)["items"]
        assert [hit["package"] for hit in hits] == row["packages"], (one.key, hits)
    packages = {str(row["packages"][0]) for row in rows.values()}
    assert len(packages) == len(sent), "two deliveries share a package"
    assert {one["id"] for one in client.items("/v1/packages", limit=200)} == packages
    return packages


def whole_copies(copies: Mapping[str, ObjectStore], packages: set[str]) -> None:
    """Each copy holds these packages, registries, and no file beyond what their inventories list."""
    for name, copy in copies.items():
        keys = {one.key for one in copy.list("")}
        roots = {key.removesuffix(f"/{NAMASTE}") for key in keys if key.endswith(f"/{NAMASTE}")}
        found = set()
        expected = set(ROOT_FILES)
        for root in roots:
            inventory = json.loads(b"".join(copy.read(f"{root}/inventory.json")))
            assert root == object_root(inventory["id"])
            found.add(inventory["id"])
            folders = ["", *(f"{version}/" for version in inventory["versions"])]
            expected |= {f"{root}/{NAMASTE}"}
            expected |= {
                f"{root}/{folder}inventory.json{end}" for folder in folders for end in ("", ".sha512")
            }
            expected |= {f"{root}/{path}" for paths in inventory["manifest"].values() for path in paths}
        stored = {one for one in found if one.startswith("uuid-")}
        assert stored == packages, f"copy {name}: {stored ^ packages}"
        assert keys == expected, f"copy {name}: {sorted(keys ^ expected)}"


def same_bytes(client: Client, sent: Sequence[Sent], rows: Mapping[str, Any], folder: Path) -> None:
    """Every delivered file comes out as it came, by path and bytes."""
    for one in sent:
        target = folder / one.key
        fetch.fetch(client, rows[one.delivery]["packages"][0], target, "zip")
        out = {
            path.relative_to(target).as_posix(): path.read_bytes()
            for path in target.rglob("*")
            if path.is_file()
        }
        assert out == one.files, one.key


def verified(operator: Client, packages: set[str]) -> None:
    """`samarkiv verify` says ok of every copy."""
    answers = [answer for package in sorted(packages) for answer in care.verify(operator, package)]
    assert len(answers) == len(packages)
    assert all(one["outcome"] == "ok" for one in answers), answers


def nothing_left(database: Database, staging: Callable[[], list[str]], seconds: float = 30.0) -> None:
    """No job is undone or parked, and staging is empty (the janitor is given a moment)."""
    until = time.monotonic() + seconds
    while True:
        with database.read() as tx:
            jobs = tx.execute(
                text("SELECT consumer, type, state, code, reason FROM job WHERE state <> 'done'")
            ).all()
        left = staging()
        if not jobs and not left:
            return
        assert time.monotonic() < until, f"jobs {jobs}, staging {left}"
        time.sleep(0.2)
