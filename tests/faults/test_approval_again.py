"""An approval that was cut off after its handover was written can be made again."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from samarkiv_contracts.events import Event
from samarkiv_ingest import store
from samarkiv_ingest.usecases import deliveries as use
from samarkiv_ingest.usecases.parts import Parts, upload_key
from samarkiv_runtime.eventlog.tell import Teller
from samarkiv_runtime.settings import load_settings
from sqlalchemy import Connection

from samarkiv.app import Archive, compose, prepare
from samarkiv.demo import agreements, load, members
from samarkiv.demo.packages import as_zip

REVIEWED = "LIN-KS-2026-2"


class CutOff(Teller):
    """Ends as a process does that is killed before its transaction."""

    def tell(self, tx: Connection, event: Event, **more: Any) -> None:
        raise KeyboardInterrupt


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    settings = load_settings(home=tmp_path / "home", _env_file=None)
    prepare(settings)
    made = compose(settings)
    made.start()
    yield made
    made.stop()


def test_a_cut_off_approval_is_made_again(archive: Archive) -> None:
    parts: Parts = archive.services["ingest"].parts  # type: ignore[attr-defined]
    wanted = [one for one in agreements.AGREEMENTS if one.reference == REVIEWED]
    slugs = {one.member for one in wanted}
    load.agreements(parts, load.members(parts, [one for one in members.MEMBERS if one.slug in slugs]), wanted)
    with parts.house.database.write() as tx:
        agreement = use.active_agreement(parts, tx, REVIEWED)
        delivery = use.open_delivery(parts, tx, use.Opening(REVIEWED), agreement, "acc", "")
    parts.house.uploads.begin(upload_key(delivery))
    parts.house.uploads.append(upload_key(delivery), 0, [as_zip({"avtal.txt": b"Avtal"})])
    use.commit(parts, delivery, "acc", "")
    while not archive.idle():
        archive.house.clock.sleep(0.05)
    assert _state(parts, delivery) == "held"

    cut = replace(parts, teller=CutOff(parts.house.log, parts.house.clock, parts.house.ids, "ingest"))
    person = {"id": "per", "name": "", "role": "approver"}
    with pytest.raises(KeyboardInterrupt):
        use.approve(cut, delivery, "acc-2", person, "Ser rätt ut")
    assert _state(parts, delivery) == "held"
    use.approve(parts, delivery, "acc-2", person, "Ser rätt ut")
    assert _state(parts, delivery) in {"passed", "accepted"}


def _state(parts: Parts, delivery: str) -> str:
    with parts.house.database.read() as tx:
        return str(store.get_delivery(tx, delivery)["state"])
