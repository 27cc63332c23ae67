"""What every answer has in common, whoever asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from samarkiv_contracts.problems import Unavailable
from samarkiv_runtime.policy import Grant
from samarkiv_runtime.ports import Health
from samarkiv_runtime.web import PolicyRouter, Unsatisfiable, parse_range
from samarkiv_runtime.web.bodies import strict_json

from tests.unit.runtime.web.house import SmallHouse


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SmallHouse]:
    house = SmallHouse(tmp_path)
    yield house
    house.close()


def test_hidden_equals_absent_byte_by_byte(house: SmallHouse) -> None:
    answers = [
        house.client.get(path, headers={"X-Correlation-Id": "c" * 32})
        for path in ("/v1/records/rec-closed", "/v1/records/rec-none", "/v1/numbers/x", "/v1/nowhere")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1
    assert answers[0].headers["content-type"] == "application/problem+json"


def test_a_route_that_needs_sign_in_answers_401_before_it_reads_anything(house: SmallHouse) -> None:
    answer = house.client.post("/v1/deliveries", content=b"{not json")
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_signed_in"
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_errors_of_the_framework_are_problems_too(house: SmallHouse) -> None:
    answer = house.client.put("/v1/numbers/1")
    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"
    assert answer.headers["allow"] == "GET"
    broken = house.client.get("/v1/broken")
    assert broken.status_code == 500
    assert broken.json()["code"] == "unexpected"
    assert "secret" not in broken.text


def test_bodies_are_read_strictly(house: SmallHouse) -> None:
    token = house.issuer.issue(house.person(Grant("producer", "tnt-1", "aut-1")), "ingest")
    head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for body in (
        b'{"name": "a", "name": "b"}',
        b'{"name": "a", "size": NaN}',
        b'{"name": ',
        b'{"name": 1e999}',
        b"[" * 100_000,
        b'{"name":' + b"[" * 70 + b"]" * 70 + b"}",
    ):
        assert house.client.post("/v1/deliveries", content=body, headers=head).status_code == 400
    assert (
        house.client.post(
            "/v1/deliveries", content=b'{"name":"' + b"x" * 2**20 + b'"}', headers=head
        ).status_code
        == 413
    )
    assert (
        house.client.post(
            "/v1/deliveries", content=b"{}", headers=head | {"Content-Type": "text/plain"}
        ).status_code
        == 415
    )
    assert (
        house.client.post(
            "/v1/deliveries", content=b"{}", headers=head | {"Content-Encoding": "gzip"}
        ).status_code
        == 415
    )
    wrong = house.client.post("/v1/deliveries", content=b"{}", headers=head)
    assert wrong.status_code == 422
    assert wrong.json()["findings"][0]["place"] == "body.name"
    assert (
        house.client.post("/v1/deliveries", content='{"name":"å"}'.encode(), headers=head).status_code == 201
    )


def test_the_log_comes_before_the_bytes_and_denials_are_in_it(house: SmallHouse) -> None:
    token = house.issuer.issue(house.person(Grant("archivist", "tnt-1", "aut-1")), "ingest")
    head = {"Authorization": f"Bearer {token}"}
    answer = house.client.get("/v1/records/rec-request", headers=head)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"
    refused = house.client.get("/v1/records/rec-closed", headers=head)
    assert (refused.status_code, refused.json()["code"]) == (403, "purpose_required")
    assert [(row.id, row.permit, row.code) for row in house.log.rows] == [
        ("rec-request", True, ""),
        ("rec-closed", False, "purpose_required"),
    ]
    house.log.broken = True
    assert house.client.get("/v1/records/rec-request", headers=head).status_code == 503
    assert house.client.get("/v1/records/rec-open").status_code == 200


def test_public_reads_leave_no_person_behind(house: SmallHouse) -> None:
    token = house.issuer.issue(house.person(), "ingest")
    assert (
        house.client.get("/v1/records/rec-open", headers={"Authorization": f"Bearer {token}"}).status_code
        == 200
    )
    assert house.log.rows == []
    assert b'samarkiv_public_reads_total{action="record.see"} 1.0' in house.context.meters.text()


def test_a_bad_bearer_is_401_everywhere_and_a_dead_cookie_is_nobody(house: SmallHouse) -> None:
    assert (
        house.client.get("/v1/records/rec-open", headers={"Authorization": "Bearer nonsense"}).status_code
        == 401
    )
    assert (
        house.client.get("/v1/records/rec-open", headers={"Authorization": "Basic YTpi"}).status_code == 401
    )
    assert house.client.get("/v1/records/rec-open", headers={"Cookie": "samarkiv=dead"}).status_code == 200
    both = {"Cookie": "samarkiv=x", "Authorization": "Bearer y"}
    assert house.client.get("/v1/records/rec-open", headers=both).status_code == 400


def test_a_form_must_come_from_our_own_pages(house: SmallHouse) -> None:
    from samarkiv_runtime.web import form_token_of

    house.issuer.known["cookie-1"] = house.person(Grant("producer", "tnt-1", "aut-1"))
    head = {"Cookie": "samarkiv=cookie-1", "Content-Type": "application/json"}
    own = {"Origin": house.settings.address}

    def post(more: dict[str, str]) -> tuple[int, str]:
        answer = house.client.post("/v1/deliveries", content=b'{"name":"a"}', headers=head | more)
        return answer.status_code, answer.json().get("code", "")

    assert post({}) == (403, "origin")
    assert post({"Origin": "https://evil.example"}) == (403, "origin")
    assert post(own) == (403, "form_token")
    assert post(own | {"X-Form-Token": form_token_of("cookie-1")})[0] == 201
    assert house.client.post("/v1/echo", content=b"abc").status_code == 403
    assert house.client.post("/v1/echo", content=b"abc", headers=own).json() == {"bytes": 3}


def test_internal_addresses_do_not_exist_from_outside(house: SmallHouse) -> None:
    token = house.issuer.service("svc-search", "ingest")
    head = {"Authorization": f"Bearer {token}"}
    assert house.client.get("/internal/inside", headers=head).status_code == 404
    house.transport.apps["ingest"] = house.app
    assert house.client.get("/internal/inside", headers=head).json() == {"who": "svc-search"}
    assert house.client.get("/internal/inside").status_code == 401


def test_probes_name_what_fails_and_stay_inside(house: SmallHouse) -> None:
    assert house.client.get("/livez").json()["alive"] == "yes"
    assert house.client.get("/readyz").status_code == 200
    house.health.append(Health("broker", "could_not_check", "no answer in 2 s"))
    answer = house.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["failing"] == ["broker"]
    assert b"samarkiv_http_requests_total" in house.client.get("/metrics").content
    for path in ("/readyz", "/metrics"):
        assert house.client.get(path, headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    house.transport.apps["ingest"] = house.outside(house.app, "8.8.8.8")
    assert house.client.get("/metrics").status_code == 404
    operator = house.issuer.issue(house.person(Grant("operator", "*")), "ingest")
    assert house.client.get("/metrics", headers={"Authorization": f"Bearer {operator}"}).status_code == 200


def test_language_is_asked_chosen_or_swedish(house: SmallHouse) -> None:
    def told(path: str = "/v1/numbers/1", **headers: str) -> str:
        return str(house.client.get(path, headers=headers).json()["language"])

    assert told() == "sv"
    assert told(**{"Accept-Language": "de, en;q=0.8, sv;q=0.7"}) == "en"
    assert told(Cookie="lang=en") == "en"
    assert told("/v1/numbers/1?lang=sv", Cookie="lang=en") == "sv"
    assert house.client.get("/v1/nowhere?lang=en").json()["title"] == "There is nothing here"


def test_a_stale_revocation_list_closes_everything_but_the_public(house: SmallHouse) -> None:
    token = house.issuer.issue(house.person(Grant("archivist", "tnt-1", "aut-1")), "ingest")
    head = {"Authorization": f"Bearer {token}"}
    assert house.client.get("/v1/records/rec-request", headers=head).status_code == 200
    house.issuer.silent = True
    house.clock.move(16)
    assert house.client.get("/v1/records/rec-request", headers=head).status_code == 503
    assert house.client.get("/v1/records/rec-open", headers=head).status_code == 200


def test_security_headers_are_on_every_answer(house: SmallHouse) -> None:
    for path in ("/livez", "/v1/nowhere", "/v1/broken"):
        headers = house.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers
        assert len(headers["x-correlation-id"]) == 32


def test_a_route_without_a_policy_cannot_be_written() -> None:
    router = PolicyRouter()
    for wrong in (
        {},
        {"action": "record.see"},
        {"action": "record.burn", "part": "file"},
        {"action": "open", "part": "registry"},
    ):
        with pytest.raises(TypeError):
            router.get("/x", **wrong)(lambda: None)
    with pytest.raises(TypeError):
        router.add_api_route("/x", lambda: None)
    with pytest.raises(TypeError):
        router.include_router(PolicyRouter())


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (None, None),
        ("bytes=0-0", (0, 1)),
        ("bytes=5-", (5, 5)),
        ("bytes=-3", (7, 3)),
        ("bytes=-30", (0, 10)),
        ("bytes=2-200", (2, 8)),
        ("items=0-1", None),
    ],
)
def test_ranges(header: str | None, found: tuple[int, int] | None) -> None:
    parsed = parse_range(header, 10)
    assert (parsed and (parsed.start, parsed.length)) == found


@pytest.mark.parametrize(
    "header",
    [
        "bytes=10-",
        "bytes=5-4",
        "bytes=0-1,3-4",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=-0",
        "bytes=" + "9" * 30 + "-",
    ],
)
def test_ranges_that_cannot_be_served(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, 10)


def test_strict_json_keeps_what_is_fine() -> None:
    assert strict_json(b'{"a": [1, 2.5, null, "\xc3\xa5"]}') == {"a": [1, 2.5, None, "å"]}
    assert Unavailable.status == 503


def test_forms_are_bounded_before_they_are_parsed(house: SmallHouse) -> None:
    head = {"Origin": house.settings.address, "Content-Type": "application/x-www-form-urlencoded"}
    small = house.client.post("/v1/echo", content=b"a=1", headers=head)
    assert small.json() == {"bytes": 3}
    large = house.client.post("/v1/echo", content=b"a=" + b"x" * 2**20, headers=head)
    assert large.status_code == 413
