"""Packages into the two indexes: what everyone finds, what only the closed index holds, and in which order it may come."""

from pathlib import Path

import pytest
from samarkiv_contracts.catalogue import heard_by
from samarkiv_contracts.events.package import (
    PackageMigrated,
    PackageRestricted,
    PackageStored,
    PackageUpdated,
)
from samarkiv_contracts.events.registry import RegistryChanged
from samarkiv_contracts.problems import NotFound
from samarkiv_search import store, worker
from samarkiv_search.backends.tantivy import TantivyBackend
from samarkiv_search.domain.index import Filters
from samarkiv_search.usecases import indexing, rebuild
from samarkiv_search.usecases.finding import Answer, Asked, find, suggest

from tests.unit.search.desk import AUTHORITY, TENANT, Desk, package_id, record


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def stored(package: str, version: int = 1) -> PackageStored:
    return PackageStored(
        package=package,
        delivery="dlv-00000000-0000-4000-8000-000000000001",
        version=version,
        copies=("a", "b"),
        sha512="0" * 128,
        files=1,
        bytes=1,
    )


def look(desk: Desk, q: str, *, closed: bool = False) -> Answer:
    return find(desk.parts, Asked(q, Filters()), closed=closed)


def titles(desk: Desk, q: str, *, closed: bool = False) -> list[str]:
    answer = look(desk, q, closed=closed)
    return [str(item["title"]) for item in answer.items] if answer.exact else []


def test_an_open_record_is_found_by_title_name_number_place_and_words_of_the_board(desk: Desk) -> None:
    said = record(1, "Bygglov för carport", registry_no="BN 2014/0123", places=("Kungsgård 5:27",))
    desk.hear(indexing.index_stored, stored(desk.shelf.store(1, [said], ["ritningar/Fasad_söder.pdf"])))
    for q in ("bygglovet", "bn 2014-123", "Kungsgård 5:27", "fasad", "byggnadsnämnden", "höganäs carportar"):
        assert titles(desk, q) == ["Bygglov för carport"], q
    item = look(desk, "carport").items[0]
    assert item["place"] == "Höganäs kommun › Byggnadsnämnden"
    assert item["record"] == said.id
    assert item["package"] == package_id(1)
    assert not item["on_request"]
    assert desk.told() == [{"package": package_id(1), "version": 1, "coverage": "names", "records": 1}]


def test_a_level_one_record_shows_its_public_title_only(desk: Desk) -> None:
    said = record(
        1,
        "Hemlig rubrik om Anna",
        level=1,
        public_title="Personalärende",
        description="känslig beskrivning",
        places=("Lönngatan 7",),
        parties=("Anna Björk",),
        registry_no="KS 2019/7",
    )
    name = desk.shelf.store(1, [said], ["anna_bjork.pdf"])
    desk.text(name, 1, {"anna_bjork.pdf": "uppgift i texten"})
    desk.hear(indexing.index_stored, stored(name))
    assert titles(desk, "personalärende") == titles(desk, "KS 2019/7") == ["Personalärende"]
    for q in ("hemlig rubrik", "anna", "känslig", "lönngatan", "bjork", "uppgift", "anna*"):
        assert look(desk, q).total == 0, q
        assert look(desk, q, closed=True).total == 1, q
    item = look(desk, "personalärende").items[0]
    assert item["on_request"]
    assert "Anna" not in str(item)
    assert item["title"] == item["public_title"] == "Personalärende"


def test_a_level_one_record_without_a_public_title_shows_its_type(desk: Desk) -> None:
    desk.hear(
        indexing.index_stored,
        stored(desk.shelf.store(1, [record(1, "Om Anna", level=1, record_type="personalakt")], [])),
    )
    assert titles(desk, "personalakt") == ["personalakt"]


@pytest.mark.parametrize("more", [{"level": 2}, {"level": 7}, {"level": 0, "protected": True}])
def test_what_is_closed_unknown_or_protected_is_in_no_public_document(
    desk: Desk, more: dict[str, int]
) -> None:
    name = desk.shelf.store(1, [record(1, "Barnavårdsakt", public_title="Akt", **more)], ["akt.pdf"])  # type: ignore[arg-type]
    desk.hear(indexing.index_stored, stored(name))
    assert desk.parts.public.count() == 0
    assert titles(desk, "barnavårdsakt", closed=True) == ["Barnavårdsakt"]


def test_the_package_level_closes_its_records(desk: Desk) -> None:
    desk.hear(indexing.index_stored, stored(desk.shelf.store(1, [record(1, "Öppen")], [], level=2)))
    assert desk.parts.public.count() == 0


def test_a_file_under_a_stricter_level_keeps_name_and_text_to_itself(desk: Desk) -> None:
    said = record(1, "Bygglov", file_levels={"hemlig.pdf": 1})
    name = desk.shelf.store(1, [said], ["hemlig.pdf", "öppen.pdf"])
    desk.text(name, 1, {"hemlig.pdf": "orosord", "öppen.pdf": "klarord"})
    desk.hear(indexing.index_stored, stored(name))
    assert look(desk, "klarord").total == 1
    assert look(desk, "hemlig").total == look(desk, "orosord").total == 0
    assert look(desk, "orosord", closed=True).total == 1


def test_text_comes_later_and_replays_and_late_events_change_nothing(desk: Desk) -> None:
    name = desk.shelf.store(1, [record(1, "Protokoll")], ["a.pdf"])
    desk.hear(indexing.index_stored, stored(name))
    assert look(desk, "utredningen").total == 0
    desk.text(name, 1, {"a.pdf": "Nämnden beslutade om utredningar"})
    desk.hear(indexing.index_updated, PackageUpdated(package=name, version=1, change="derivatives"))
    answer = look(desk, "utredningen")
    assert answer.total == 1
    assert {"text": "utredningar", "mark": True} in answer.items[0]["snippet"]
    desk.hear(indexing.index_stored, stored(name))
    assert look(desk, "utredningen").total == 1
    with desk.database.read() as tx:
        row = store.get_package(tx, name)
    assert row is not None
    assert (row["version"], row["coverage"]) == (1, "text")
    assert [one["coverage"] for one in desk.told()] == ["names", "text", "text"]


def test_a_migration_keeps_the_text_of_the_version_before(desk: Desk) -> None:
    name = desk.shelf.store(1, [record(1, "Protokoll")], ["a.pdf"])
    desk.text(name, 1, {"a.pdf": "utredningar"})
    desk.hear(indexing.index_stored, stored(name))
    desk.shelf.store(1, [record(1, "Protokoll")], ["a.pdf"], version=2)
    migrated = PackageMigrated(
        package=name, version=2, representation="r", migrated=1, needs_review=0, could_not=0
    )
    desk.hear(indexing.index_migrated, migrated)
    assert look(desk, "utredning").total == 1
    assert desk.told()[-1]["version"] == 2


def test_a_raised_package_leaves_public_sight_before_its_description_can_be_read(desk: Desk) -> None:
    name = desk.shelf.store(1, [record(1, "Protokoll")], ["a.pdf"])
    desk.hear(indexing.index_stored, stored(name))
    assert look(desk, "protokoll").total == 1
    held = desk.shelf.held.pop(name)
    with pytest.raises(NotFound):
        desk.hear(indexing.restrict, PackageRestricted(package=name, version=2, level=2))
    assert look(desk, "protokoll").total == 0
    desk.shelf.held[name] = held
    desk.shelf.store(1, [record(1, "Protokoll")], ["a.pdf"], version=2, level=1)
    desk.hear(indexing.restrict, PackageRestricted(package=name, version=2, level=1))
    assert [item["on_request"] for item in look(desk, "höganäs").items] == [True]
    desk.hear(indexing.index_stored, stored(name))
    assert look(desk, "a.pdf").total == 0


def test_files_of_a_large_record_are_found_one_by_one(desk: Desk) -> None:
    files = [f"foto/IMG_{number:04d}.jpg" for number in range(250)]
    desk.hear(indexing.index_stored, stored(desk.shelf.store(1, [record(1, "Fotografier")], files)))
    hit = look(desk, "IMG_0249").items[0]
    assert hit["kind"] == "file"
    assert hit["title"] == "Fotografier"
    assert hit["file"] == {"path": "foto/IMG_0249.jpg", "number": 250, "puid": "fmt/276"}
    assert desk.parts.public.count("file") == 250
    assert desk.parts.public.count("record") == 1


def test_a_file_is_numbered_by_its_place_in_the_record(desk: Desk) -> None:
    files = [f"foto/IMG_{number:04d}.jpg" for number in range(60)]
    said = record(1, "Fotografier", files=(*reversed(files[20:50]), "foto/saknas.jpg"))
    desk.hear(indexing.index_stored, stored(desk.shelf.store(1, [said], files)))
    assert look(desk, "IMG_0049").items[0]["file"]["number"] == 1
    assert look(desk, "IMG_0020").items[0]["file"]["number"] == 30
    assert look(desk, "IMG_0010").total == 0


def test_a_personal_number_in_an_open_text_is_blotted_and_not_searchable(desk: Desk) -> None:
    name = desk.shelf.store(1, [record(1, "Intyg")], ["a.pdf"])
    desk.text(name, 1, {"a.pdf": "Intyget gäller 19121212-1212 och ingen annan"})
    desk.hear(indexing.index_stored, stored(name))
    hit = desk.parts.public.get(record(1, "x").id)
    assert hit is not None
    assert hit.text == "Intyget gäller ······ och ingen annan"
    assert look(desk, "121212-1212").total == 0
    assert look(desk, "121212-1212", closed=True).total == 1


def test_near_matches_are_offered_when_nothing_matches(desk: Desk) -> None:
    desk.hear(indexing.index_stored, stored(desk.shelf.store(1, [record(1, "Detaljplanen för hamnen")], [])))
    answer = look(desk, "detlajplan hamn")
    assert answer.did_you_mean == "detaljplan hamn"
    assert not answer.exact
    assert [item["title"] for item in answer.items] == ["Detaljplanen för hamnen"]
    assert look(desk, "xyzzy").did_you_mean is None
    assert look(desk, "xyzzy").items == ()


def test_suggestions_are_public_titles(desk: Desk) -> None:
    desk.hear(
        indexing.index_stored,
        stored(
            desk.shelf.store(1, [record(1, "Bygglov för carport"), record(2, "Bygghemlighet", level=2)], [])
        ),
    )
    assert suggest(desk.parts, "bygg", Filters()) == ["Bygglov för carport"]
    assert suggest(desk.parts, "carport för by", Filters()) == ["Bygglov för carport"]


def test_names_follow_the_registry_and_a_closed_tenant_is_named(desk: Desk) -> None:
    desk.hear(indexing.index_stored, stored(desk.shelf.store(1, [record(1, "Bygglov")], [])))
    desk.papers.documents[TENANT] = {
        "version": 3,
        "tenant": {"id": TENANT, "name": "Nya Höganäs", "slug": "hoganas", "state": "closed"},
        "authorities": [{"id": AUTHORITY, "name": "Plannämnden", "slug": "pn"}],
    }
    changed = RegistryChanged(tenant=TENANT, noun="tenant", id=TENANT, version=3, sha256="0" * 64)
    desk.hear(indexing.note_registry, changed)
    answer = look(desk, "bygglov")
    assert answer.items[0]["place"] == "Nya Höganäs › Plannämnden"
    assert answer.facets["authority"] == [{"value": AUTHORITY, "name": "Plannämnden", "count": 1}]
    with desk.database.read() as tx:
        assert store.closed_tenants(tx) == (TENANT,)


def test_a_lost_index_is_rebuilt_from_the_packages_and_searches_go_on(desk: Desk, tmp_path: Path) -> None:
    for number in range(5):
        desk.hear(
            indexing.index_stored,
            stored(desk.shelf.store(number, [record(number, f"Protokoll nummer{number}")], ["a.pdf"])),
        )
    again = Desk(tmp_path / "new")
    again.shelf, again.parts.packages = desk.shelf, desk.shelf
    again.parts.database = desk.parts.database
    assert rebuild.lost(again.parts)
    assert not rebuild.lost(desk.parts)
    first = rebuild.ask(again.parts, "lost")
    assert rebuild.ask(again.parts, "operator") == first
    assert rebuild.run(again.parts, lambda: False)
    assert not rebuild.run(again.parts, lambda: False)
    assert find(again.parts, Asked("protokoll", Filters())).total == 5
    assert again.backend.generation("public") == 2
    with desk.database.read() as tx:
        last = store.last_rebuild(tx)
    assert last is not None
    assert (last["state"], last["done"], last["total"]) == ("done", 5, 5)


def test_what_is_indexed_during_a_rebuild_is_in_the_new_index(desk: Desk) -> None:
    desk.hear(indexing.index_stored, stored(desk.shelf.store(1, [record(1, "Första")], [])))
    rebuild.ask(desk.parts, "operator")
    later = desk.shelf.store(2, [record(2, "Andra")], [])
    effects = []

    def meanwhile() -> bool:
        if not effects:
            effects.append(indexing.index_stored(desk.parts, desk.job(), stored(later)))
        return False

    assert rebuild.run(desk.parts, meanwhile)
    assert sorted(titles(desk, "höganäs")) == ["Andra", "Första"]


def test_a_shadow_that_holds_less_than_the_rows_say_is_not_used(desk: Desk) -> None:
    desk.hear(indexing.index_stored, stored(desk.shelf.store(1, [record(1, "Första")], [])))
    desk.shelf.held.clear()
    rebuild.ask(desk.parts, "operator")
    assert rebuild.run(desk.parts, lambda: False)
    assert titles(desk, "första") == ["Första"]
    with desk.database.read() as tx:
        last = store.last_rebuild(tx)
    assert last is not None
    assert last["state"] == "failed"


def test_search_hears_what_the_score_says() -> None:
    assert set(worker.TABLE) == {row.event for row in heard_by("search")}


def test_a_lost_public_index_alone_is_noticed(desk: Desk, tmp_path: Path) -> None:
    desk.hear(indexing.index_stored, stored(desk.shelf.store(1, [record(1, "Första")], [])))
    assert not rebuild.lost(desk.parts)
    desk.parts.public = TantivyBackend(tmp_path / "other").open("public")
    assert rebuild.lost(desk.parts)


def test_a_level_one_record_without_any_title_is_called_a_record(desk: Desk) -> None:
    desk.hear(indexing.index_stored, stored(desk.shelf.store(1, [record(1, "Om Anna", level=1)], [])))
    assert titles(desk, "höganäs") == ["Handling"]
