"""Access alone, with real pages, tables, packages and sign-in, and stand-ins for the other services."""

import hashlib
import json
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvicorn
from samarkiv_access.identity.accounts import NewGrant
from samarkiv_access.service import AccessService
from samarkiv_contracts.envelope import Envelope
from samarkiv_contracts.events import Event
from samarkiv_contracts.events.delivery import DeliveryAccepted, DeliveryPassed, DeliveryReceived
from samarkiv_contracts.events.index import PackageIndexed
from samarkiv_contracts.events.package import PackageMigrated, PackageStored
from samarkiv_runtime.objects.folder import FolderStore
from samarkiv_runtime.ports import Job
from samarkiv_runtime.settings import Settings

from samarkiv.app import compose, prepare
from samarkiv.front import Front
from tests.unit.access import peers
from tests.unit.access.shelf import (
    AGREEMENT,
    BOARD,
    MOMENT,
    OTHER,
    SCHOOL,
    TENANT,
    Shelf,
    an_id,
    described,
    record,
)

PASSWORD = "hemlig-men-inte-för-testet-42"
PEOPLE = {
    "arkivarie": ("Astrid Nyberg", ("archivist", "approver", "producer")),
    "bygg": ("Berit Bygg", ("staff_reader",)),
    "drift": ("Olle Drift", ("operator",)),
}
DECISION = (
    "BYGGNADSNÄMNDEN\n\nBeslut 2009-06-11, § 87\n\nByggnadsnämnden beslutar att bevilja bygglov för nybyggnad av "
    "enbostadshus med garage på fastigheten Tallen 3:14.\n\nSkäl: Åtgärden följer detaljplanen. Grannarna har hörts.\n"
)


# A page image as preservation makes them: lossy WebP, here 60 × 80 pixels of grey.
WEBP = bytes.fromhex(
    "524946463e000000574542505650382032000000d003009d012a3c0050003fcde6f072bfb8332c21a803f039896900000c7709512729"
    "c3871124c000fee65df9150800000000"
)


def picture(width: int = 420, height: int = 300) -> bytes:
    """Return a PNG of a drawing-like pattern."""
    rows = b"".join(
        b"\0" + bytes(235 if (x // 14 + y // 14) % 2 else 250 for x in range(width)) for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


class Seeded:
    """A running access service with a few records of every level."""

    def __init__(self, home: Path, port: int) -> None:
        settings = Settings(home=home, port=port, log_level="ERROR")
        prepare(settings)
        self.archive = compose(settings, ("access",))
        self.service: Any = self.archive.services["access"]
        assert isinstance(self.service, AccessService)
        self.house = self.archive.house
        self.address = settings.address
        self.shelf = Shelf(home / "shelf")
        self.shelf.copies = {name: FolderStore(home / "copies" / name) for name in ("a", "b")}
        self.shelf.derivatives = FolderStore(home / "derivatives")
        self._events = 0
        self._fill()
        self._people()

    def hear(self, event: Event, minutes: int = 0) -> None:
        """Let the access worker's handler take an event, as the worker would."""
        from samarkiv_access.usecases.hear import Hearing
        from samarkiv_access.worker import handlers

        self._events += 1
        envelope = Envelope(
            id=f"e{self._events}",
            source="/test",
            type=event.type,
            time=MOMENT + timedelta(minutes=minutes),
            tenant=TENANT,
            data=event.model_dump(mode="json"),
        )
        job = Job(self._events, "access", "", TENANT, "", 0, 0, 0, {}, b"", envelope, cause=envelope.id)
        hearing = Hearing(self.service.packages, _NoRegistry(), self.house.database)
        effect = handlers(hearing)[type(event)](job, event)
        with self.house.database.write() as tx:
            if effect is not None:
                effect(tx)

    def _fill(self) -> None:
        files = {
            "beslut.pdf": b"%PDF-1.4\n" + DECISION.encode() * 60,
            "situationsplan.png": picture(),
            "åtgärdslista ö.csv": "åtgärd;datum\nlov;2009-06-11\n".encode(),
        }
        self._store(
            described("bygglov", files=3, bytes=sum(map(len, files.values()))),
            record(
                "bygglov",
                title="Nybyggnad av enbostadshus, Tallen 3:14",
                record_type="Bygglov",
                registry_no="BN 2009-000412",
                series="Bygglov",
                places=("LINDHAMRA TALLEN 3:14",),
                dates={"received": "2009-04-02", "decided": "2009-06-11"},
                description="Enbostadshus med garage.",
                file_levels={"åtgärdslista ö.csv": 1},
            ),
            files,
            {"beslut.pdf": DECISION},
        )
        self._pictures(an_id("uuid", "bygglov"), [files["situationsplan.png"]])
        self._permits()
        self._asked_and_closed()
        self._journey()

    def _permits(self) -> None:
        for n, (year, place) in enumerate(
            (("1974", "GRANEN 1:2"), ("1998", "EKEN 4:7"), ("2014", "ALMEN 2:9"))
        ):
            self._store(
                described(f"lov-{n}", records=1),
                record(
                    f"lov-{n}",
                    title=f"Tillbyggnad av enbostadshus, {place.title()}",
                    record_type="Bygglov",
                    registry_no=f"BN {year}-00010{n}",
                    series="Bygglov",
                    places=(f"LINDHAMRA {place}",),
                    dates={"decided": f"{year}-05-12"},
                ),
                {"beslut.txt": f"Bygglov beviljas, {place}.".encode()},
                {"beslut.txt": f"Bygglov beviljas, {place}."},
            )

    def _asked_and_closed(self) -> None:
        school = {"authority": SCHOOL, "authority_name": "Barn- och utbildningsnämnden", "level": 1}
        self._store(
            described("betyg", **school),
            record(
                "betyg",
                title="Slutbetyg Anna Testsson",
                public_title="Slutbetyg, Lindhamra gymnasium 1987",
                record_type="Slutbetyg",
                series="Slutbetyg",
                dates={"issued": "1987-06-12"},
                level=1,
            ),
            {"betyg.pdf": b"%PDF-1.4 betyg"},
        )
        self._store(
            described("akt", level=2),
            record("akt", title="Hemlig akt", record_type="Socialakt", level=2),
            {"akt.pdf": b"%PDF-1.4 akt"},
        )
        self._store(
            described(
                "protokoll",
                tenant=OTHER,
                tenant_name="Rönnesta",
                authority=an_id("aut", "kf"),
                authority_name="Kommunfullmäktige",
            ),
            record(
                "protokoll",
                title="Protokoll 2024-03-11",
                record_type="Protokoll",
                dates={"decided": "2024-03-11"},
            ),
            {"protokoll.txt": "§ 12 Budget".encode()},
            {"protokoll.txt": "§ 12 Budget"},
        )

    def _journey(self) -> None:
        package, delivery = an_id("uuid", "bygglov"), an_id("dlv", "bygglov")
        self.hear(
            DeliveryReceived(delivery=delivery, agreement=AGREEMENT, way="package", bytes=1, sha256="0" * 64),
            -58,
        )
        self.hear(
            DeliveryPassed(
                delivery=delivery,
                agreement=AGREEMENT,
                handover="x",
                handover_sha256="0" * 64,
                packages=(package,),
                files=3,
                bytes=1,
            ),
            -20,
        )
        self.hear(DeliveryAccepted(delivery=delivery, packages=(package,), copies=2), 2)
        self.hear(PackageIndexed(package=package, version=1, coverage="text", records=1), 3)
        self.hear(
            PackageMigrated(
                package=package, version=2, representation="pdfa", migrated=1, needs_review=0, could_not=0
            ),
            4,
        )

    def _pictures(self, package: str, originals: list[bytes]) -> None:
        """Write page images as preservation does: by the digest of the original."""
        lines, body = [], b""
        for data in originals:
            for page in (0, 1, 2):
                kind = "page" if page else "thumbnail"
                line = {"sha256": hashlib.sha256(data).hexdigest(), "kind": kind, "page": page}
                lines.append(json.dumps(line | {"offset": len(body), "length": len(WEBP)}))
                body += WEBP
        for name, data in (("pictures.jsonl", "\n".join(lines).encode()), ("pictures.bin", body)):
            writer = self.shelf.derivatives.create(f"{package}/1/{name}")
            writer.write(data)
            writer.commit()

    def _store(
        self, said: Any, one: Any, files: dict[str, bytes], texts: dict[str, str] | None = None
    ) -> None:
        self.shelf.put(said, [one], files, texts)
        stored = PackageStored(
            package=said.id,
            delivery=said.delivery,
            version=1,
            copies=("a", "b"),
            sha512="0" * 128,
            files=len(files),
            bytes=1,
        )
        self.hear(stored)

    def _people(self) -> None:
        for username, (name, roles) in PEOPLE.items():
            account = self.service.identities.accounts.create(
                username=username, name=name, tenant=TENANT, password=PASSWORD
            )
            for role in roles:
                tenant = "*" if role == "operator" else TENANT
                board = (
                    "*" if role in {"producer", "operator"} else BOARD if role == "staff_reader" else "all"
                )
                self.service.identities.accounts.grant(
                    account, NewGrant(role, tenant, board), decided_by="test"
                )
        hits = [self._hit(name) for name in ("bygglov", "lov-0", "lov-1", "lov-2", "betyg", "protokoll")]
        apps = {
            "ingest": peers.ingest(),
            "search": peers.search(hits),
            "preservation": peers.preservation(),
            "access": self.service.app,
        }
        self.house.peers.connect(apps)
        self.front = Front(apps)

    def _hit(self, name: str) -> dict[str, Any]:
        from samarkiv_access.store import reads

        with self.house.database.read() as tx:
            held = reads.held(tx, an_id("rec", name))
        assert held is not None
        title = held.said.public_title or held.said.title
        return {
            "kind": "record",
            "record": held.id,
            "package": held.place.package,
            "title": title,
            "title_marked": [{"text": title[:8], "mark": True}, {"text": title[8:], "mark": False}],
            "path": [held.place.tenant_name, held.place.authority_name, held.said.series],
            "record_type": held.said.record_type,
            "registry_no": held.said.registry_no,
            "level": held.level,
            "snippet": [
                {"text": "… avser ", "mark": False},
                {"text": "bygglov", "mark": True},
                {"text": " för ett hus …", "mark": False},
            ],
        }


class _NoRegistry:
    def document(self, tenant: str) -> dict[str, Any]:
        raise AssertionError(tenant)


@contextmanager
def running(home: Path, port: int = 0) -> Iterator[Seeded]:
    """Serve a seeded access on a free port of loopback."""
    import socket

    if not port:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    seeded = Seeded(home, port)
    config = uvicorn.Config(seeded.front, host="127.0.0.1", port=port, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    seeded.service.identities.start()
    try:
        yield seeded
    finally:
        server.should_exit = True
        thread.join(10)
        seeded.service.identities.stop()
        seeded.house.database.close()


if __name__ == "__main__":
    import sys

    with running(Path(sys.argv[1]), 8098) as one:
        print(one.address, PASSWORD)
        threading.Event().wait()
