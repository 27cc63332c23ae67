"""The addresses of preservation: who sees which package, who looks after copies, and the registry between services."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from samarkiv_preservation.api import care, packages, registry
from samarkiv_preservation.usecases.build import build
from samarkiv_preservation.usecases.restrict import restrict
from samarkiv_runtime.clock import CountedIds
from samarkiv_runtime.peers import InProcess
from samarkiv_runtime.policy import Grant, Subject
from samarkiv_runtime.policy.log import KeptLog
from samarkiv_runtime.settings import Settings
from samarkiv_runtime.tokens import TokenVerifier
from samarkiv_runtime.web import WebContext, build_app

from tests.unit.preservation import judges
from tests.unit.preservation.deliveries import hand_over, make_id
from tests.unit.preservation.desk import desk_of, job_of, passed
from tests.unit.preservation.test_versions import FILES, hear_stored
from tests.unit.runtime.web.house import OwnIssuer

TENANT, AUTHORITY = make_id("tnt", "lindhamra"), make_id("aut", "mn")


def person(role: str, tenant: str = TENANT, authority: str = AUTHORITY) -> Subject:
    return Subject(
        "person",
        f"prs-{role}",
        f"acc-{role}",
        tenant,
        (Grant(role, tenant, authority),),
        3,
        token_kind="session",
    )


ARCHIVIST = person("archivist")
STRANGER = person("archivist", make_id("tnt", "other"), "*")
OPERATOR = Subject(
    "person", "prs-o", "acc-o", TENANT, (Grant("operator", "*", "*"),), 3, token_kind="session"
)
INGEST = Subject("service", "", "svc-ingest", act="svc-ingest", token_kind="service")


class Shop:
    def __init__(self, folder: Path) -> None:
        self.desk = desk_of(folder)
        kit = self.desk.kit
        handover, digest = hand_over(kit.staging, [FILES, {"x.txt": b"x"}])
        event = passed(handover, digest)
        self.desk.run(build(kit, job_of(event), event))
        self.open, self.closed = event.packages
        restrict(kit, self.closed, 2, "prs-1", "skäl")
        settings = Settings(home=folder / "home", _env_file=None)
        self.issuer = OwnIssuer(folder / "keys", self.desk.clock)
        verifier = TokenVerifier(settings, self.desk.clock)
        verifier.connect(self.issuer)
        context = WebContext(
            "preservation", settings, self.desk.clock, CountedIds(), verifier, KeptLog(), list
        )
        app = build_app(
            "preservation", [packages.routes(kit), care.routes(kit), registry.routes(kit)], context
        )
        transport = InProcess()
        transport.apps["preservation"] = app
        self.client = httpx.Client(transport=transport, base_url="http://preservation")

    def ask(self, method: str, path: str, subject: Subject | None = None, **more: Any) -> httpx.Response:
        headers = {"X-Correlation-Id": "one"}
        if subject:
            now = int(self.desk.clock.now().timestamp())
            token = self.issuer.issue(replace(subject, auth_time=now), "preservation")
            headers["Authorization"] = f"Bearer {token}"
        return self.client.request(method, path, headers=headers, **more)


def told(answer: httpx.Response) -> dict[str, Any]:
    return {key: value for key, value in answer.json().items() if key not in {"instance", "correlation"}}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.client.close()


def test_everyone_sees_open_packages_only_and_hidden_equals_absent(shop: Shop) -> None:
    items = shop.ask("GET", "/v1/packages").json()["items"]
    assert [one["id"] for one in items] == [shop.open]
    absent = shop.ask("GET", f"/v1/packages/{make_id('uuid', 'nobody')}")
    for subject in (None, STRANGER):
        hidden = shop.ask("GET", f"/v1/packages/{shop.closed}", subject)
        missing = shop.ask("GET", f"/v1/packages/{make_id('uuid', 'nobody')}", subject)
        assert hidden.status_code == missing.status_code
        assert len(hidden.content) == len(missing.content)
        assert told(hidden) == told(missing)
    assert absent.status_code in {401, 404}


def test_a_package_tells_versions_copies_and_migrations(shop: Shop) -> None:
    hear_stored(shop.desk, shop.open)
    body = shop.ask("GET", f"/v1/packages/{shop.open}", ARCHIVIST).json()
    assert [one["kind"] for one in body["versions"]] == ["ingest", "migration"]
    assert {one["copy"]: one["outcome"] for one in body["copies"]} == {"a": "ok", "b": "ok"}
    outcomes = {one["source"]: one["outcome"] for one in body["migrations"]}
    assert outcomes["a.docx"] == "proved"
    assert outcomes["b.docx"] == "needs_review"


def test_pages_of_packages_follow_a_cursor(shop: Shop) -> None:
    first = shop.ask("GET", "/v1/packages", OPERATOR, params={"limit": 1}).json()
    second = shop.ask("GET", "/v1/packages", OPERATOR, params={"limit": 1, "cursor": first["next"]}).json()
    assert {first["items"][0]["id"], second["items"][0]["id"]} == {shop.open, shop.closed}
    assert second["next"] is None


def test_an_operator_sees_health_of_all_and_content_of_none(shop: Shop) -> None:
    items = {one["id"]: one for one in shop.ask("GET", "/v1/packages", OPERATOR).json()["items"]}
    assert "label" not in items[shop.closed]
    body = shop.ask("GET", f"/v1/packages/{shop.closed}", OPERATOR).json()
    assert "migrations" not in body
    assert body["copies"]


def test_verify_tells_what_was_found_and_is_clean_the_second_time(shop: Shop) -> None:
    container = judges.object_path(shop.desk.kit.site.copies["b"], shop.closed) / "v1/content/v1.zip"
    container.write_bytes(container.read_bytes()[:-1])
    assert shop.ask("POST", f"/v1/packages/{shop.closed}/verify", ARCHIVIST).status_code in {403, 404}
    first = shop.ask("POST", f"/v1/packages/{shop.closed}/verify", OPERATOR).json()
    assert (first["outcome"], first["after"]) == ("bad", "ok")
    assert first["copies"][1] == {
        "copy": "b",
        "outcome": "bad",
        "codes": ["object_digest_wrong"],
        "repaired_from": "a",
    }
    assert shop.ask("POST", f"/v1/packages/{shop.closed}/verify", OPERATOR).json()["outcome"] == "ok"
    summary = shop.ask("GET", "/v1/fixity", OPERATOR).json()
    assert (summary["failures"], summary["repairs"], summary["overdue"]) == (1, 1, 0)
    assert shop.ask("POST", "/v1/fixity", OPERATOR).json()["waiting"] == 2
    assert [one["answers"] for one in shop.ask("GET", "/v1/copies", OPERATOR).json()["items"]] == ["ok", "ok"]
    for path in ("/v1/fixity", "/v1/copies"):
        assert shop.ask("GET", path).status_code == 401
        assert shop.ask("GET", path, ARCHIVIST).status_code in {403, 404}


def test_an_archivist_raises_a_level_with_a_reason(shop: Shop) -> None:
    path = f"/v1/packages/{shop.open}/restrict"
    hidden = f"/v1/packages/{shop.closed}/restrict"
    assert shop.ask("POST", path, STRANGER, json={"level": 2, "reason": "x"}).status_code == 403
    assert shop.ask("POST", hidden, STRANGER, json={"level": 2, "reason": "x"}).status_code == 404
    assert shop.ask("POST", path, ARCHIVIST, json={"level": 2}).status_code == 422
    answer = shop.ask("POST", path, ARCHIVIST, json={"level": 2, "reason": "Uppgift om hälsa"})
    assert answer.json() == {"id": shop.open, "level": 2, "version": 2}
    assert shop.ask("POST", path, ARCHIVIST, json={"level": 0, "reason": "fel"}).status_code == 409
    assert shop.ask("GET", "/v1/packages").json()["items"] == []


def test_the_registry_is_for_services_only(shop: Shop) -> None:
    body = json.dumps({"tenant": {"id": TENANT}, "version": 1}).encode()
    path = f"/internal/registry/{TENANT}"
    for subject in (None, ARCHIVIST, OPERATOR):
        assert shop.ask("PUT", path, subject, content=body).status_code in {401, 403, 404}
    assert shop.ask("PUT", path, INGEST, content=body).json()["version"] == 1
    assert shop.ask("GET", path, INGEST).content == body
    assert shop.ask("GET", "/internal/registry", INGEST).json() == {"items": [], "next": None}
    assert shop.ask("PUT", path, INGEST, content=b"{").status_code == 400
