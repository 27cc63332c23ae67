"""Program tokens, the home token, the first administrator, demo accounts, what services ask."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from samarkiv_access.identity.accounts import NewGrant
from samarkiv_access.identity.demo import DemoPerson, demo_accounts, make_demo_accounts, mark_demo
from samarkiv_contracts.problems import InvalidInput, NotSignedIn, Unavailable
from samarkiv_runtime.policy import Grant
from samarkiv_runtime.tokens import RemoteIssuer, TokenVerifier

from tests.unit.access.identity.house import GOOD, IdentityHouse


def roles(house: IdentityHouse, token: str) -> set[str]:
    answer = house.client.get("/v1/session", headers={"Authorization": f"Bearer {token}"})
    return {one["role"] for one in answer.json()["grants"]} if answer.status_code == 200 else set()


def test_a_personal_token_carries_a_subset_and_dies_with_what_it_came_from(house: IdentityHouse) -> None:
    account = house.person("anna", "tnt-1", NewGrant("archivist", "tnt-1"), NewGrant("approver", "tnt-1"))
    head = house.sign_in("anna")
    body = {"name": "skript", "days": 30, "grants": [{"role": "archivist", "tenant": "tnt-1"}]}
    made = house.client.post("/v1/program-tokens", json=body, headers=head).json()
    assert roles(house, made["token"]) == {"archivist"}
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert house.client.post("/v1/program-tokens", json=body, headers=bearer).status_code == 401
    listed = house.client.get("/v1/program-tokens", headers=head).json()["items"]
    assert [one["name"] for one in listed] == ["skript"]
    assert "secret" not in str(listed)
    house.clock.move(31 * 86_400)
    assert roles(house, made["token"]) == set()
    head = house.sign_in("anna")
    made = house.client.post("/v1/program-tokens", json=body, headers=head).json()
    assert house.client.delete(f"/v1/program-tokens/{made['id']}", headers=head).status_code == 204
    assert roles(house, made["token"]) == set()
    too_long = house.client.post("/v1/program-tokens", json=body | {"days": 91}, headers=head)
    assert too_long.status_code == 422
    house.identities.accounts.end(account)


def test_a_program_token_is_swapped_for_a_short_one(house: IdentityHouse) -> None:
    house.person("anna", "tnt-1", NewGrant("archivist", "tnt-1"))
    head = house.sign_in("anna")
    secret = house.client.post("/v1/program-tokens", json={"name": "s", "days": 1}, headers=head).json()[
        "token"
    ]
    answer = house.client.post(
        "/v1/tokens", json={"audience": "ingest"}, headers={"Authorization": f"Bearer {secret}"}
    )
    identity = house.parts.verifier.verify(answer.json()["access_token"], "ingest")
    assert identity.subject.token_kind == "personal"
    with pytest.raises(NotSignedIn):
        house.parts.verifier.verify(answer.json()["access_token"], "search")
    house.clock.move(331)
    with pytest.raises(NotSignedIn):
        house.parts.verifier.verify(answer.json()["access_token"], "ingest")


def test_a_service_account_delivers_under_its_agreements_and_has_at_most_two_tokens(
    house: IdentityHouse,
) -> None:
    accounts = house.identities.accounts
    account = accounts.create(
        username="byggr",
        name="ByggR",
        tenant="tnt-1",
        kind="service_account",
        person="prs-7",
        agreements=["agr-1"],
    )
    accounts.grant(account, NewGrant("producer_system", "tnt-1"), decided_by="test")
    house.clock.move(1)
    house.person("adam", "*", NewGrant("administrator", "*"))
    head = house.sign_in("adam")
    path, body = f"/v1/accounts/{account}/tokens", {"name": "drift", "days": 365}
    made = [house.client.post(path, json=body, headers=head) for _ in range(3)]
    assert [answer.status_code for answer in made] == [201, 201, 409]
    identity = house.parts.verifier.identify("ingest", bearer=made[0].json()["token"])
    assert identity.subject.kind == "service_account"
    assert identity.subject.agreements == {"agr-1"}
    assert identity.subject.person == "prs-7"


def test_the_home_token_is_private_new_at_each_start_and_for_loopback_alone(house: IdentityHouse) -> None:
    house.identities.start()
    path = house.parts.settings.home / "token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    token = path.read_text(encoding="utf-8")
    assert roles(house, token) == {"producer", "archivist", "operator"}
    far = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "203.0.113.7"}
    assert house.client.get("/v1/session", headers=far).status_code == 401
    house.address = "192.0.2.7"
    assert roles(house, token) == set()
    house.address = "127.0.0.1"
    house.identities.start()
    assert roles(house, token) == set()
    assert path.read_text(encoding="utf-8") != token
    house.identities.stop()
    assert not path.exists()


def test_the_first_administrator_comes_by_a_one_time_secret(house: IdentityHouse) -> None:
    house.identities.start()
    path = house.parts.settings.home / "bootstrap"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = path.read_text(encoding="utf-8").split()[0]
    body = {"secret": secret, "username": "adam", "name": "Adam", "password": GOOD}

    def redeem(**changes: str) -> int:
        return house.client.post("/v1/bootstrap", json=body | changes, headers=house.origin).status_code

    assert redeem(secret="wrong") == 401
    assert redeem(password="kort") == 422
    assert redeem() == 201
    assert not path.exists()
    assert redeem() == 401
    house.clock.move(1)
    head = house.sign_in("adam")
    assert roles_of(house, head) == {"administrator"}
    house.identities.start()
    assert not path.exists()


def roles_of(house: IdentityHouse, head: dict[str, str]) -> set[str]:
    return {one["role"] for one in house.client.get("/v1/session", headers=head).json()["grants"]}


def test_the_one_time_secret_lasts_a_day(house: IdentityHouse) -> None:
    house.identities.start()
    path = house.parts.settings.home / "bootstrap"
    secret = path.read_text(encoding="utf-8").split()[0]
    house.clock.move(24 * 3600 + 1)
    body = {"secret": secret, "username": "adam", "name": "Adam", "password": GOOD}
    assert house.client.post("/v1/bootstrap", json=body, headers=house.origin).status_code == 401
    house.identities.start()
    assert path.read_text(encoding="utf-8").split()[0] != secret


def test_demo_accounts_sign_in_only_in_a_demo_on_this_machine(house: IdentityHouse) -> None:
    settings = house.parts.settings
    people = [DemoPerson("demo-arkivarie", "Demo", "tnt-1", (NewGrant("archivist", "tnt-1"),))]
    with pytest.raises(Unavailable):
        make_demo_accounts(settings, house.identities.accounts, house.parts.ids, people)
    mark_demo(settings)
    made = make_demo_accounts(settings, house.identities.accounts, house.parts.ids, people)
    assert made == make_demo_accounts(settings, house.identities.accounts, house.parts.ids, people)
    assert made == demo_accounts(settings)
    assert len(made[0]["password"]) >= 15
    house.clock.move(1)
    head = house.sign_in("demo-arkivarie", made[0]["password"])
    house.identities.start()
    os.unlink(settings.home / "demo")
    assert house.client.get("/v1/session", headers=head).status_code == 401
    body = {"username": "demo-arkivarie", "password": made[0]["password"]}
    assert house.client.post("/v1/session", json=body, headers=house.origin).status_code == 401
    with pytest.raises(Unavailable):
        house.identities.start()


def test_demo_accounts_come_back_with_their_passwords_when_the_database_is_lost(tmp_path: Path) -> None:
    house = IdentityHouse(tmp_path)
    settings, people = house.parts.settings, [DemoPerson("drift", "Drift", "*", (NewGrant("operator", "*"),))]
    mark_demo(settings)
    made = make_demo_accounts(settings, house.identities.accounts, house.parts.ids, people)
    house.close()
    for path in tmp_path.glob("db.sqlite*"):
        path.unlink()
    again = IdentityHouse(tmp_path)
    remade = make_demo_accounts(settings, again.identities.accounts, again.parts.ids, people)
    assert remade[0]["password"] == made[0]["password"]
    again.clock.move(1)
    assert again.sign_in("drift", made[0]["password"])
    again.close()


def test_no_demo_off_loopback(tmp_path: Path) -> None:
    house = IdentityHouse(tmp_path, host="0.0.0.0")
    with pytest.raises(Unavailable):
        mark_demo(house.parts.settings)
    house.close()


def test_administrators_give_roles_but_not_to_themselves_nor_elsewhere(house: IdentityHouse) -> None:
    mine = house.person("adam", "tnt-1", NewGrant("administrator", "tnt-1"))
    anna = house.person("anna", "tnt-1")
    head = house.sign_in("adam")
    body = {"account": anna, "role": "archivist", "tenant": "tnt-1", "reason": "Anställd 2026-11-01"}

    def give(**changes: str) -> tuple[int, str]:
        answer = house.client.post("/v1/grants", json=body | changes, headers=head)
        return answer.status_code, answer.json().get("code", "")

    assert give()[0] == 201
    assert give(account=mine) == (403, "own_grant")
    assert give(tenant="tnt-2")[0] == 404
    assert give(tenant="*")[0] == 404
    assert give(reason=" ") == (422, "invalid_input")
    assert give(role="auditor") == (422, "invalid_input")
    house.clock.move(16 * 60)
    assert give() == (403, "login_again")
    shown = house.client.get("/v1/accounts", headers=head).json()["items"]
    assert [(one["username"], one["roles"]) for one in shown] == [
        ("adam", ["administrator"]),
        ("anna", ["archivist"]),
    ]


def test_a_role_in_another_tenant_needs_that_tenants_mandate(house: IdentityHouse) -> None:
    house.person("anna", "tnt-1", NewGrant("archivist", "tnt-2"))
    assert roles_of(house, house.sign_in("anna")) == set()
    until = int(house.clock.now().timestamp()) + 3600
    house.identities.accounts.mandate(
        tenant="tnt-2", home_tenant="tnt-1", role="archivist", from_=0, until=until, decided_by="test"
    )
    assert roles_of(house, house.sign_in("anna")) == {"archivist"}
    house.clock.move(3600)
    assert roles_of(house, house.sign_in("anna")) == set()
    with pytest.raises(InvalidInput):
        house.identities.accounts.mandate(
            tenant="tnt-2", home_tenant="tnt-1", role="archivist", from_=0, until=0, decided_by="test"
        )


@pytest.mark.parametrize(
    "grants",
    [
        (NewGrant("auditor", "tnt-1"), NewGrant("archivist", "tnt-1")),
        (NewGrant("operator", "*"), NewGrant("approver", "tnt-1")),
        (NewGrant("operator", "tnt-1"),),
        (NewGrant("producer", "tnt-1"),),
        (NewGrant("king", "tnt-1"),),
    ],
)
def test_roles_that_are_never_given(house: IdentityHouse, grants: tuple[NewGrant, ...]) -> None:
    account = house.person("anna", "tnt-1", *grants[:-1])
    with pytest.raises(InvalidInput):
        house.identities.accounts.grant(account, grants[-1], decided_by="test")


def test_other_services_ask_by_the_shared_secret(tmp_path: Path) -> None:
    house = IdentityHouse(tmp_path, service_secret="s" * 40)
    house.address = "in-process"
    house.person("anna", "tnt-1", NewGrant("archivist", "tnt-1"))
    cookie = house.sign_in("anna")["Cookie"].split("=")[1]
    remote = RemoteIssuer(house.client, "s" * 40, "svc-ingest")
    verifier = TokenVerifier(house.parts.settings, house.clock)
    verifier.connect(remote)
    identity = verifier.identify("ingest", cookie=cookie)
    assert identity.subject.grants == (Grant("archivist", "tnt-1"),)
    onwards = verifier.verify(verifier.onwards(identity, "preservation", "svc-ingest"), "preservation")
    assert onwards.subject == replace(identity.subject, act="svc-ingest")
    service = verifier.verify(verifier.service_token("svc-search", "access"), "access")
    assert service.subject.account == "svc-ingest"
    with pytest.raises(NotSignedIn):
        verifier.identify("ingest", bearer="smk_nothing")
    stranger = TokenVerifier(house.parts.settings, house.clock)
    stranger.connect(RemoteIssuer(house.client, "wrong", "svc-ingest"))
    assert not stranger.identify("ingest", cookie=cookie).token
    house.identities.sessions.sign_out(cookie)
    house.clock.move(6)
    with pytest.raises(NotSignedIn):
        verifier.verify(identity.token, "ingest")
    house.close()


def test_a_silent_access_closes_what_is_not_public(tmp_path: Path) -> None:
    house = IdentityHouse(tmp_path)
    dead = httpx.Client(
        transport=httpx.MockTransport(lambda _request: httpx.Response(500)), base_url="http://x"
    )
    verifier = TokenVerifier(house.parts.settings, house.clock)
    verifier.connect(RemoteIssuer(dead, "s", "svc-ingest"))
    with pytest.raises(Unavailable):
        verifier.identify("ingest", bearer="smk_something")
    house.close()
