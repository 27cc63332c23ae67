"""Delivers every package of the corpora over the public API, under a strict and a tolerant agreement, and says how it went.

Run as `python -m tests.corpora_deliver` with SAMARKIV_CORPORA naming the folder of the corpora; writes
`docs/reference/corpora.md`. Real input that nobody here wrote: each must end accepted or rejected with coded findings.
"""

import os
import shutil
import sys
import tarfile
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from samarkiv_ingest.packages.sip_writer import zip_folder
from samarkiv_runtime.settings import load_settings

from samarkiv.client import Client, Told
from samarkiv.commands import deliver, fetch
from samarkiv.demo import agreements, load, members
from samarkiv.serve import Running

ROOT = Path(__file__).resolve().parents[1]
REFERENCES = ("DEMO-STRICT", "DEMO-TOLERANT")
PAGE = ROOT / "docs" / "reference" / "corpora.md"


def unpack(corpora: Path, folder: Path) -> list[tuple[str, str, Path]]:
    """Unpack the corpora; returns (corpus, name, folder) of every package."""
    for corpus in ("eark-dev", "bagit-suite"):
        with tarfile.open(corpora / f"{corpus}.tar.xz") as archive:
            archive.extractall(folder / corpus, filter="data")
    rows = (corpora / "eark-dev.tsv").read_text(encoding="utf-8").splitlines()[1:]
    eark, bags = folder / "eark-dev" / "eark-dev", folder / "bagit-suite"
    names = sorted({row.split("\t")[0] for row in rows})
    found = [("eark-dev", name, eark / name) for name in names if (eark / name).is_dir()]
    return found + [
        ("bagit-suite", str(bag.relative_to(bags)), bag)
        for bag in sorted(bags.glob("v*/*/*"))
        if bag.is_dir()
    ]


def send(
    client: Client, package: Path, reference: str, title: str, scratch: Path
) -> tuple[str, dict[str, Any]]:
    """Deliver one package; returns its delivery id."""
    packed = scratch / "paket.zip"
    packed.unlink(missing_ok=True)
    zip_folder(package, packed)
    identity = deliver.deliver(client, packed, reference, title=title)
    return identity, deliver.wait(client, identity, seconds=120)


def same(client: Client, package: Path, identity: str, scratch: Path) -> bool:
    """Return whether the package comes out as it went in, every file by path and bytes."""
    target = scratch / "ut"
    shutil.rmtree(target, ignore_errors=True)
    fetch.fetch(client, identity, target, "zip")
    went = {
        str(one.relative_to(package.parent)): one.read_bytes() for one in package.rglob("*") if one.is_file()
    }
    came = {str(one.relative_to(target)): one.read_bytes() for one in target.rglob("*") if one.is_file()}
    return went == came or {name.split("/", 1)[1]: body for name, body in went.items()} == came


def main() -> int:
    """Deliver everything; returns 1 when anything was parked or crashed."""
    corpora = Path(os.environ["SAMARKIV_CORPORA"])
    rows: list[tuple[str, str, str, str, list[str], str]] = []
    with tempfile.TemporaryDirectory(prefix="samarkiv-corpora-") as folder:
        scratch = Path(folder)
        packages = unpack(corpora, scratch)
        settings = load_settings(home=scratch / "home", port=0, log_level="ERROR", _env_file=None)
        with Running(settings) as archive:
            wanted = [one for one in agreements.AGREEMENTS if one.reference in REFERENCES]
            parts = archive.services["ingest"].parts  # type: ignore[attr-defined]
            load.agreements(parts, load.members(parts, members.MEMBERS[:1]), wanted)
            client = Client(settings)
            begun = time.monotonic()
            for number, (corpus, name, package) in enumerate(packages, 1):
                rows += [
                    (corpus, name, one, *_one(client, package, one, name, scratch)) for one in REFERENCES
                ]
                if number % 25 == 0:
                    print(f"{number} of {len(packages)}, {time.monotonic() - begun:.0f} s", file=sys.stderr)
    PAGE.write_text(_page(rows), encoding="utf-8")
    print(_sums(rows))
    return 1 if any(row[3] not in {"accepted", "rejected"} for row in rows) else 0


def _one(
    client: Client, package: Path, reference: str, name: str, scratch: Path
) -> tuple[str, list[str], str]:
    try:
        identity, row = send(client, package, reference, name, scratch)
    except Told as told:
        return told.problem.get("code", "told"), [str(told.problem.get("code"))], ""
    findings = list(client.items(f"/v1/deliveries/{identity}/findings", limit=500))
    codes = sorted({one["code"] for one in findings if one["effect"] == "block"})
    if row["state"] != "accepted":
        return row["state"], codes, ""
    return "accepted", codes, "identical" if same(client, package, row["packages"][0], scratch) else "DIFFERS"


def _sums(rows: list[Any]) -> str:
    counts = Counter((row[0], row[2], row[3]) for row in rows)
    lines = ["| Corpus | Agreement | accepted | rejected | other |", "|---|---|---|---|---|"]
    for corpus in ("eark-dev", "bagit-suite"):
        for reference in REFERENCES:
            mine = {state: count for (c, r, state), count in counts.items() if (c, r) == (corpus, reference)}
            other = sum(mine.values()) - mine.get("accepted", 0) - mine.get("rejected", 0)
            lines.append(
                f"| {corpus} | {reference} | {mine.get('accepted', 0)} | {mine.get('rejected', 0)} | {other} |"
            )
    accepted = [row for row in rows if row[3] == "accepted"]
    same_bytes = sum(1 for row in accepted if row[5] == "identical")
    lines += [
        "",
        f"{len(rows)} deliveries; {len(accepted)} accepted, of which {same_bytes} came out byte-identical.",
    ]
    return "\n".join(lines)


def _page(rows: list[Any]) -> str:
    head = (
        "# Corpora, delivered\n\n"
        "Every package of the E-ARK development set and the BagIt suite, delivered over the public API under two agreements: one\n"
        "*strict* (every ERROR rule blocks) and one *tolerant* (structure, fixity, completeness and safety block; the rest is recorded).\n"
        "A corpus package promises to be right about its own rule only, so few pass a strict reading.\n"
        "Made by `python -m tests.corpora_deliver`.\n\n"
    )
    lines = ["| Package | Agreement | Outcome | Blocking codes | Bytes out |", "|---|---|---|---|---|"]
    lines += [
        f"| {row[1].removeprefix('corpus/')} | {row[2].removeprefix('DEMO-').lower()} | {row[3]} | {' '.join(row[4][:6])} | {row[5]} |"
        for row in rows
    ]
    return head + _sums(rows) + "\n\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
