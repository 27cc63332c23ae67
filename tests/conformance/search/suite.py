"""The conformance suite of the port SearchIndex: an adapter's test file only gives `backend`."""

import pytest
from samarkiv_contracts.problems import BadRequest
from samarkiv_search.backends.port import Backend, SearchIndex
from samarkiv_search.domain.index import Filters, IndexDocument, Page, Sort
from samarkiv_search.domain.orders import in_order
from samarkiv_search.domain.query import (
    Best,
    Both,
    Everything,
    Fuzzy,
    Node,
    Nothing,
    Phrase,
    Prefix,
    Term,
    Weighted,
)


def document(
    name: str,
    light: str = "",
    *,
    package: str = "p1",
    kind: str = "record",
    tenant: str = "t1",
    years: tuple[int, ...] = (),
    date: int = 0,
    level: int = 0,
    text: str = "",
    **fields: str,
) -> IndexDocument:
    return IndexDocument(
        name,
        {"light": light, **fields},
        {
            "kind": (kind,),
            "package": (package,),
            "tenant": (tenant,),
            "record_type": ("brev",),
            "title_order": (name,),
        },
        {
            "level": (level,),
            "year": years,
            "date": (in_order(date, name),),
            "date_up": (in_order(date or 99_999_999, name),),
        },
        {"title": name.upper()},
        text,
    )


def ids(page: Page) -> list[str]:
    return [hit.id for hit in page.hits]


class SearchIndexSuite:
    """Every promise of the port."""

    @pytest.fixture
    def backend(self) -> Backend:
        raise NotImplementedError

    @pytest.fixture
    def index(self, backend: Backend) -> SearchIndex:
        return backend.open("public")

    @staticmethod
    def find(
        index: SearchIndex, tree: Node, filters: Filters | None = None, sort: Sort = "relevance"
    ) -> list[str]:
        index.refresh()
        return ids(index.search(tree, filters or Filters(), sort=sort, limit=100))

    def test_what_was_put_is_found_with_what_was_stored(self, index: SearchIndex) -> None:
        assert index.put("p1", 2, [document("a", "bygglov för hus", text="Hela texten åäö")])
        index.refresh()
        page = index.search(Term("light", "bygglov"), Filters())
        assert ids(page) == ["a"]
        assert page.hits[0].stored["title"] == "A"
        assert page.hits[0].text == "Hela texten åäö"
        assert page.total == 1
        assert page.next is None

    def test_one_document_is_got_by_id(self, index: SearchIndex) -> None:
        index.put("p1", 2, [document("a", "x")])
        index.refresh()
        found = index.get("a")
        assert found is not None
        assert found.stored["title"] == "A"
        assert index.get("b") is None

    def test_a_put_replaces_the_whole_package(self, index: SearchIndex) -> None:
        index.put("p1", 2, [document("a", "gammal"), document("b", "gammal")])
        index.put("p2", 2, [document("c", "gammal", package="p2")])
        index.put("p1", 3, [document("a", "ny")])
        assert self.find(index, Term("light", "gammal")) == ["c"]
        assert self.find(index, Term("light", "ny")) == ["a"]
        assert index.count() == 2

    def test_a_replay_changes_nothing(self, index: SearchIndex) -> None:
        for _ in range(2):
            index.put("p1", 2, [document("a", "ord"), document("b", "ord")])
        index.refresh()
        assert index.count() == 2
        assert sorted(self.find(index, Term("light", "ord"))) == ["a", "b"]

    def test_a_lower_version_never_replaces_a_higher(self, index: SearchIndex) -> None:
        index.put("p1", 3, [document("a", "ny")])
        assert index.put("p1", 2, [document("a", "gammal"), document("b", "gammal")]) is False
        assert self.find(index, Everything()) == ["a"]
        assert self.find(index, Term("light", "gammal")) == []

    def test_a_removed_package_is_gone_and_an_older_put_stays_out(self, index: SearchIndex) -> None:
        index.put("p1", 2, [document("a", "ord")])
        assert index.remove("p1", 4)
        assert self.find(index, Everything()) == []
        assert index.get("a") is None
        assert index.count() == 0
        assert index.put("p1", 3, [document("a", "ord")]) is False
        assert self.find(index, Everything()) == []
        assert index.put("p1", 5, [document("a", "ord")])
        assert self.find(index, Everything()) == ["a"]

    def test_a_removal_that_comes_first_keeps_the_older_put_out(self, index: SearchIndex) -> None:
        index.remove("p1", 4)
        assert index.put("p1", 2, [document("a", "ord")]) is False
        assert self.find(index, Everything()) == []

    def test_a_late_removal_takes_nothing(self, index: SearchIndex) -> None:
        index.put("p1", 4, [document("a", "ord")])
        assert index.remove("p1", 2) is False
        assert self.find(index, Everything()) == ["a"]

    def test_shuffled_and_doubled_ends_the_same(self, index: SearchIndex) -> None:
        steps = [(2, "två"), (3, "tre"), (6, "sex")]
        for order in ([0, 2, 1, 0, 1, 2], [2, 1, 0, 2]):
            package = "p" + "".join(map(str, order))
            for step in order:
                version, word = steps[step]
                index.put(package, version, [document(package, word, package=package)])
            index.refresh()
            assert ids(index.search(Everything(), Filters({"package": (package,)}))) == [package]
            assert ids(index.search(Term("light", "sex"), Filters({"package": (package,)}))) == [package]

    def test_a_package_of_many_documents_is_whole(self, index: SearchIndex) -> None:
        index.put("p1", 2, (document(f"f{n:05d}", f"fil nummer{n}", kind="file") for n in range(1234)))
        index.refresh()
        assert index.count() == index.count("file") == 1234
        assert index.count("record") == 0
        assert self.find(index, Term("light", "nummer1233")) == ["f01233"]
        index.put("p1", 3, (document(f"f{n:05d}", "fil", kind="file") for n in range(3)))
        index.refresh()
        assert index.count() == 3

    def test_the_tree_means_the_same_everywhere(self, index: SearchIndex) -> None:
        index.put(
            "p1",
            2,
            [
                document("a", "ny detaljplan i hamnen", lemmas="ny detaljplan hamn"),
                document("b", "detaljplan ny", lemmas="detaljplan ny"),
                document("c", "översiktsplan", lemmas="översiktsplan"),
            ],
        )
        assert sorted(self.find(index, Both((Term("light", "ny"), Term("light", "detaljplan"))))) == [
            "a",
            "b",
        ]
        assert self.find(index, Phrase("light", ("ny", "detaljplan"))) == ["a"]
        assert sorted(self.find(index, Prefix("light", "detalj"))) == ["a", "b"]
        assert self.find(index, Prefix("light", "över")) == ["c"]
        assert sorted(self.find(index, Fuzzy("light", "detlajplan", 1))) == ["a", "b"]
        assert self.find(index, Fuzzy("light", "oversiktsplan", 1)) == ["c"]
        assert self.find(index, Best((Term("lemmas", "hamn"), Weighted(3.0, Term("light", "hamn"))))) == ["a"]
        assert self.find(index, Nothing()) == []
        assert sorted(self.find(index, Everything())) == ["a", "b", "c"]

    def test_a_heavier_field_ranks_higher(self, index: SearchIndex) -> None:
        index.put("p1", 2, [document("text", "plan"), document("head", "annat", head="plan")])
        tree = Best((Weighted(5.0, Term("head", "plan")), Weighted(1.0, Term("light", "plan"))))
        assert self.find(index, tree) == ["head", "text"]

    def test_words_are_split_at_spaces_only(self, index: SearchIndex) -> None:
        index.put("p1", 2, [document("a", "x", ids="bn2014-123 5:27 §45")])
        for word in ("bn2014-123", "5:27", "§45"):
            assert self.find(index, Term("ids", word)) == ["a"]
        assert self.find(index, Term("ids", "2014")) == []

    def test_filters_narrow_and_never_score(self, index: SearchIndex) -> None:
        index.put("p1", 2, [document("a", "ord", years=(1998, 1999)), document("b", "ord", level=1)])
        index.put("p2", 2, [document("c", "ord", package="p2", tenant="t2", years=(2005,))])
        word = Term("light", "ord")
        assert sorted(self.find(index, word, Filters({"tenant": ("t1",)}))) == ["a", "b"]
        assert sorted(self.find(index, word, Filters({"tenant": ("t1", "t2"), "level": (0,)}))) == ["a", "c"]
        assert self.find(index, word, Filters(year_from=1999, year_to=2001)) == ["a"]
        assert sorted(self.find(index, word, Filters(year_from=1999))) == ["a", "c"]
        assert self.find(index, word, Filters({"tenant": ()})) == []
        either = ({"tenant": ("t2",)}, {"tenant": ("t1",), "level": (1,)})
        assert sorted(self.find(index, word, Filters(either=either))) == ["b", "c"]

    def test_facets_count_the_hits(self, index: SearchIndex) -> None:
        index.put("p1", 2, [document("a", "ord", years=(1998, 1999)), document("b", "ord", years=(1999,))])
        index.put("p2", 2, [document("c", "annat", package="p2", tenant="t2", years=(2005,))])
        index.refresh()
        page = index.search(Term("light", "ord"), Filters(), facets=("tenant", "year", "format"))
        assert page.facets == {"tenant": (("t1", 2),), "year": (("1999", 2), ("1998", 1)), "format": ()}

    def test_pages_give_each_hit_once_in_every_order(self, index: SearchIndex) -> None:
        for number in range(23):
            name = f"r{number:02d}"
            index.put(name, 2, [document(name, "ord", package=name, date=19900000 + number % 5)])
        index.refresh()
        sorts: tuple[Sort, ...] = ("relevance", "newest", "oldest", "title")
        for sort in sorts:
            seen: list[str] = []
            cursor = None
            while True:
                page = index.search(Term("light", "ord"), Filters(), sort=sort, cursor=cursor, limit=5)
                assert page.total == 23
                seen += ids(page)
                cursor = page.next
                if cursor is None:
                    break
            assert len(seen) == len(set(seen)) == 23

    def test_a_cursor_of_another_search_is_refused(self, index: SearchIndex) -> None:
        index.put("p1", 2, [document(f"d{n}", "ord") for n in range(5)])
        index.refresh()
        cursor = index.search(Term("light", "ord"), Filters(), limit=2).next
        for wrong in (cursor, "nonsens", "åäö"):
            with pytest.raises(BadRequest):
                index.search(Everything(), Filters(), cursor=wrong, limit=2)

    def test_dates_sort_with_the_unknown_last(self, index: SearchIndex) -> None:
        index.put(
            "p1",
            2,
            [document("old", "o", date=19010101), document("new", "o", date=20200101), document("none", "o")],
        )
        assert self.find(index, Term("light", "o"), sort="newest") == ["new", "old", "none"]
        assert self.find(index, Term("light", "o"), sort="oldest") == ["old", "new", "none"]

    def test_a_shadow_is_unseen_until_the_switch(self, backend: Backend, index: SearchIndex) -> None:
        index.put("p1", 2, [document("a", "gammal")])
        before = backend.generation("public")
        shadow = backend.shadow("public")
        shadow.put("p1", 2, [document("b", "ny")])
        shadow.refresh()
        assert shadow.count() == 1
        assert self.find(index, Everything()) == ["a"]
        index.switch(shadow)
        assert self.find(index, Everything()) == ["b"]
        assert backend.generation("public") > before
        index.put("p2", 2, [document("c", "senare", package="p2")])
        assert sorted(self.find(index, Everything())) == ["b", "c"]

    def test_a_shadow_that_was_given_up_makes_room_for_the_next(
        self, backend: Backend, index: SearchIndex
    ) -> None:
        backend.shadow("public").put("p1", 2, [document("given-up", "x")])
        shadow = backend.shadow("public")
        shadow.refresh()
        assert shadow.count() == 0
        index.switch(shadow)
        assert self.find(index, Everything()) == []

    def test_two_indexes_know_nothing_of_each_other(self, backend: Backend, index: SearchIndex) -> None:
        closed = backend.open("closed")
        closed.put("p1", 2, [document("secret", "hemligt")])
        closed.refresh()
        assert self.find(index, Fuzzy("light", "hemligt", 2)) == []
        assert index.count() == 0
        assert index.get("secret") is None
