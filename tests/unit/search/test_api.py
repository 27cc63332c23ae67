"""The addresses of search: what everyone gets, what staff reaches, and that closed records leave no trace."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from samarkiv_runtime.clock import CountedIds
from samarkiv_runtime.peers import InProcess
from samarkiv_runtime.policy import Grant, Subject
from samarkiv_runtime.policy.log import KeptLog
from samarkiv_runtime.settings import Settings
from samarkiv_runtime.tokens import TokenVerifier
from samarkiv_runtime.web import WebContext, build_app
from samarkiv_search import store
from samarkiv_search.api import routes
from samarkiv_search.usecases import indexing

from tests.unit.runtime.web.house import OwnIssuer
from tests.unit.search.desk import AUTHORITY, TENANT, Desk, record
from tests.unit.search.test_indexing import stored

STAFF = Subject(
    "person",
    person="prs-1",
    account="acc-1",
    tenant=TENANT,
    grants=(Grant("staff_reader", TENANT, AUTHORITY),),
    assurance=3,
    token_kind="session",
)
OPERATOR = Subject(
    "person", "prs-2", "acc-2", TENANT, (Grant("operator", "*", "*"),), 3, token_kind="session"
)


class Shop:
    """A desk with its web."""

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder)
        settings = Settings(home=folder / "home", _env_file=None)
        clock = self.desk.clock
        self.issuer = OwnIssuer(folder / "keys", clock)
        verifier = TokenVerifier(settings, clock)
        verifier.connect(self.issuer)
        self.log = KeptLog()
        self.woken = 0
        context = WebContext("search", settings, clock, CountedIds(), verifier, self.log, list)
        app = build_app("search", [routes(self.desk.parts, self._wake)], context)
        transport = InProcess()
        transport.apps["search"] = app
        self.client = httpx.Client(transport=transport, base_url="http://search")

    def _wake(self) -> None:
        self.woken += 1

    def token(self, subject: Subject) -> dict[str, str]:
        now = int(self.desk.clock.now().timestamp())
        return {"Authorization": f"Bearer {self.issuer.issue(replace(subject, auth_time=now), 'search')}"}

    def get(self, subject: Subject | None = None, path: str = "/v1/search", **params: Any) -> httpx.Response:
        headers = self.token(subject) if subject else {}
        return self.client.get(path, params=params, headers=headers | {"X-Correlation-Id": "the-same-one"})

    def fill(self, number: int, *records: Any, files: tuple[str, ...] = (), **more: Any) -> None:
        name = self.desk.shelf.store(number, list(records), list(files), **more)
        self.desk.hear(indexing.index_stored, stored(name))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.client.close()


def titles(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


def test_anyone_may_search_and_nobody_is_noted(shop: Shop) -> None:
    shop.fill(1, record(1, "Bygglov för carport", dates={"decided": "2014-03-05"}, record_type="bygglov"))
    answer = shop.get(q="carportar")
    body = answer.json()
    assert body["total"] == 1
    assert body["items"][0]["title_marked"][-1] == {"text": "carport", "mark": True}
    assert body["facets"]["year"] == [{"value": "2014", "name": "2014", "count": 1}]
    assert body["facets"]["record_type"] == [{"value": "bygglov", "name": "bygglov", "count": 1}]
    assert shop.log.rows == []
    shop.get(STAFF, q="carport")
    assert shop.log.rows == []


def test_filters_sorts_and_pages(shop: Shop) -> None:
    for number in range(7):
        when = {"decided": f"{2010 + number}-01-01"}
        shop.fill(number, record(number, f"Protokoll {number}", dates=when, record_type="protokoll"))
    assert titles(shop.get(q="protokoll", year_from=2014, sort="oldest")) == [
        f"Protokoll {n}" for n in (4, 5, 6)
    ]
    assert titles(shop.get(q="protokoll", type="brev")) == []
    assert titles(shop.get(q="", limit=2)) == ["Protokoll 6", "Protokoll 5"]
    seen, params = [], {"q": "protokoll", "limit": 3, "sort": "title"}
    answer = shop.get(**params)
    while True:
        seen += titles(answer)
        if not answer.json()["next"]:
            break
        link = answer.headers["link"].split(">")[0][1:]
        answer = shop.client.get(link)
    assert seen == [f"Protokoll {n}" for n in range(7)]
    assert shop.get(q="annat", cursor=shop.get(**params).json()["next"]).status_code == 400
    for wrong in ({"limit": 0}, {"limit": 101}, {"sort": "x"}, {"year_from": "x"}, {"scope": "all"}):
        assert shop.get(q="a", **wrong).status_code in {400, 422}


def test_a_member_is_named_by_id_reference_or_name_and_a_closed_one_is_gone(shop: Shop) -> None:
    shop.fill(1, record(1, "Bygglov"))
    document: dict[str, Any] = {
        "version": 1,
        "tenant": {"id": TENANT, "slug": "hoganas", "name": "Höganäs kommun", "state": "active"},
        "authorities": [],
    }
    with shop.desk.database.write() as tx:
        store.put_registry(tx, document)
    for name in (TENANT, "hoganas", "höganäs kommun"):
        assert titles(shop.get(q="bygglov", tenant=name)) == ["Bygglov"]
    assert titles(shop.get(q="bygglov", tenant="ingen")) == []
    with shop.desk.database.write() as tx:
        store.put_registry(
            tx, {**document, "version": 2, "tenant": {**document["tenant"], "state": "closed"}}
        )
    assert titles(shop.get(q="bygglov")) == []
    assert shop.get(path="/v1/search/suggest", q="bygg").json()["items"] == []
    assert titles(shop.get(STAFF, q="bygglov", scope="staff")) == []


def test_staff_reaches_their_own_board_in_full_and_level_two_only_with_a_purpose(shop: Shop) -> None:
    other = "aut-00000000-0000-4000-8000-000000000002"
    shop.fill(
        1, record(1, "Ärende ett om Anna", level=1, public_title="Ärende"), record(2, "Ärende två", level=2)
    )
    shop.fill(2, record(3, "Ärende tre", level=1), authority=other, authority_name="Socialnämnden")
    shop.fill(3, record(4, "Ärende fyra"), authority=other, authority_name="Socialnämnden")
    assert shop.get(q="ärende", scope="staff").status_code == 401
    answer = shop.get(STAFF, q="ärende", scope="staff", sort="title")
    assert titles(answer) == ["Ärende ett om Anna", "Ärende fyra"]
    assert answer.json()["left_out"] is True
    assert answer.headers["cache-control"] == "private, no-store"
    assert [row.action for row in shop.log.rows] == ["record.find"]
    with_purpose = replace(STAFF, purposes=frozenset({AUTHORITY}))
    answer = shop.get(with_purpose, q="ärende", scope="staff", sort="title")
    assert titles(answer) == ["Ärende ett om Anna", "Ärende fyra", "Ärende två"]
    # The public search tells staff no more than anyone.
    assert shop.get(STAFF, q="ärende").json() == shop.get(q="ärende").json()
    nothing = replace(STAFF, grants=())
    assert titles(shop.get(nothing, q="ärende", scope="staff")) == ["Ärende fyra"]


def test_a_personal_number_finds_nothing_in_public_and_its_record_among_staff(shop: Shop) -> None:
    shop.fill(1, record(1, "Intyg", description="för 19121212-1212"))
    assert titles(shop.get(q="19121212-1212")) == []
    assert titles(shop.get(q="191212121212")) == []
    assert titles(shop.get(STAFF, q="121212-1212", scope="staff")) == ["Intyg"]


def test_an_operator_sees_figures_and_asks_for_a_rebuild_and_nobody_else_does(shop: Shop) -> None:
    shop.fill(1, record(1, "Bygglov"))
    told = shop.get(OPERATOR, "/v1/index").json()
    assert told["complete"]
    assert told["analysis"] == "sv-1"
    assert told["indexes"]["public"]["records"] == 1
    assert shop.get(STAFF, "/v1/index").status_code in {403, 404}
    assert shop.get(None, "/v1/index").status_code == 401
    assert shop.client.post("/v1/index/rebuild", headers=shop.token(STAFF)).status_code in {403, 404}
    asked = shop.client.post("/v1/index/rebuild", headers=shop.token(OPERATOR))
    assert asked.status_code == 202
    assert asked.json() == {"rebuild": 1}
    assert shop.woken == 1
    assert shop.get(OPERATOR, "/v1/index").json()["state"] == "rebuilding"


QUESTIONS = (
    {"q": ""},
    {"q": "bygglov"},
    {"q": "bygglov", "sort": "newest", "limit": 2},
    {"q": "anna"},
    {"q": "barnavårdsakt"},
    {"q": "barnavrdsakt"},
    {"q": "sekretess*"},
    {"q": "SN 2019/45"},
    {"q": '"akt om anna"'},
    {"q": "akt", "year_from": 1990, "year_to": 2020},
    {"q": "", "type": "personakt"},
    {"q": "", "level": 2},
    {"q": "", "format": "pdf"},
    {"q": "", "tenant": "tnt-00000000-0000-4000-8000-000000000009"},
    {"q": "akt", "kind": "file"},
)


def test_two_worlds_that_differ_in_closed_records_only_answer_alike(tmp_path: Path) -> None:
    worlds = [Shop(tmp_path / "one"), Shop(tmp_path / "two")]
    secret = record(
        50,
        "Barnavårdsakt om Anna, sekretess",
        level=2,
        record_type="personakt",
        registry_no="SN 2019/45",
        dates={"decided": "1999-01-01"},
    )
    for number, world in itertools.product(range(6), worlds):
        if world is worlds[1]:
            files = tuple(f"akt/anna_{one}.pdf" for one in range(25))
            world.fill(
                60 + number, secret.model_copy(update={"id": secret.id[:-1] + str(number)}), files=files
            )
        level = number % 2
        world.fill(
            number,
            record(number, f"Bygglov {number} för akten", level=level, dates={"decided": f"{2010 + number}"}),
            files=("ritning.pdf",),
        )
    for question in QUESTIONS:
        answers = [world.get(**question) for world in worlds]
        assert answers[0].content == answers[1].content, question
        assert answers[0].headers == answers[1].headers
        if answers[0].json()["next"]:
            more = [world.get(**question, cursor=answers[0].json()["next"]).content for world in worlds]
            assert more[0] == more[1]
    for start in ("b", "barn", "anna", "bygg"):
        suggested = [world.get(path="/v1/search/suggest", q=start).content for world in worlds]
        assert suggested[0] == suggested[1]
    assert worlds[1].desk.parts.closed.count() > worlds[0].desk.parts.closed.count()
    for world in worlds:
        world.client.close()
