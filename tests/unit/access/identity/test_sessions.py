"""Signing in, staying in, and being out."""

import pytest
from samarkiv_access.identity import passwords
from samarkiv_access.identity.accounts import NewGrant
from samarkiv_access.identity.throttle import wait_after
from samarkiv_contracts.problems import InvalidInput

from tests.unit.access.identity.house import GOOD, IdentityHouse

ARCHIVIST = NewGrant("archivist", "tnt-1")


def whoami(house: IdentityHouse, head: dict[str, str]) -> int:
    return house.client.get("/v1/session", headers={"Cookie": head["Cookie"]}).status_code


def test_a_person_signs_in_and_is_told_their_grants(house: IdentityHouse) -> None:
    house.person("anna", "tnt-1", ARCHIVIST)
    head = house.sign_in("anna")
    told = house.client.get("/v1/session", headers=head).json()
    assert told["grants"] == [{"role": "archivist", "tenant": "tnt-1", "authority": "all"}]
    assert told["token_kind"] == "session"


def test_the_cookie_is_for_http_alone_and_the_browser_alone(house: IdentityHouse) -> None:
    house.person("anna")
    answer = house.client.post(
        "/v1/session", json={"username": "anna", "password": GOOD}, headers=house.origin
    )
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie


def test_a_session_ends_by_idleness_by_age_and_by_sign_out(house: IdentityHouse) -> None:
    house.person("anna")
    head = house.sign_in("anna")
    house.clock.move(29 * 60)
    assert whoami(house, head) == 200
    house.clock.move(31 * 60)
    assert whoami(house, head) == 401
    head = house.sign_in("anna")
    for _ in range(17):
        house.clock.move(28 * 60)
        assert whoami(house, head) == 200
    house.clock.move(28 * 60)
    assert whoami(house, head) == 401
    head = house.sign_in("anna")
    assert house.client.delete("/v1/session", headers=head).status_code == 204
    assert whoami(house, head) == 401


def test_role_change_and_password_change_end_every_session(house: IdentityHouse) -> None:
    account = house.person("anna")
    head = house.sign_in("anna")
    house.identities.accounts.grant(account, ARCHIVIST, decided_by="test")
    assert whoami(house, head) == 401
    house.clock.move(1)
    head, other = house.sign_in("anna"), house.sign_in("anna")
    new = "en helt annan mening om kor"
    wrong = house.client.put("/v1/session/password", json={"old": "fel", "new": new}, headers=head)
    assert wrong.status_code == 401
    changed = house.client.put("/v1/session/password", json={"old": GOOD, "new": new}, headers=head)
    assert changed.status_code == 204
    assert whoami(house, other) == 401
    house.clock.move(1)
    assert whoami(house, house.sign_in("anna", new)) == 200


def test_a_token_given_out_for_an_ended_session_counts_no_more(house: IdentityHouse) -> None:
    house.person("anna")
    head = house.sign_in("anna")
    token = house.identities.issuer.session(head["Cookie"].split("=")[1], "access")
    bearer = {"Authorization": f"Bearer {token}"}
    assert house.client.get("/v1/session", headers=bearer).status_code == 200
    house.client.delete("/v1/session", headers=head)
    assert house.client.get("/v1/session", headers=bearer).status_code == 401


def test_unknown_and_known_accounts_answer_alike_and_wait_alike(house: IdentityHouse) -> None:
    house.person("anna")

    def attempt(name: str) -> tuple[int, str, str | None]:
        answer = house.client.post(
            "/v1/session", json={"username": name, "password": "x"}, headers=house.origin
        )
        return answer.status_code, answer.json()["detail"], answer.headers.get("retry-after")

    known = [attempt("anna") for _ in range(6)]
    assert known == [attempt("nobody") for _ in range(6)]
    assert [status for status, _detail, _wait in known] == [401] * 5 + [429]
    house.clock.move(2)
    assert attempt("anna")[0] == 401
    house.clock.move(61)
    assert house.sign_in("anna")


def test_the_wait_doubles_to_a_minute_and_never_locks() -> None:
    assert [wait_after(n) for n in (0, 4, 5, 6, 7, 10, 11, 100)] == [0, 0, 1, 2, 4, 32, 60, 60]


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("kort", "password_length"),
        ("x" * 257, "password_length"),
        ("aaaaaaaaaaaaaaaaaa", "password_common"),
        ("lösenordlösenord2026!", "password_common"),
        ("Sommaren2026 i Kommunen!", "password_common"),
        ("anna.karlsson.anna.karlsson", "password_common"),
        ("12345678901234567890", "password_common"),
    ],
)
def test_passwords_that_are_refused(password: str, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        passwords.check(password, "anna.karlsson")
    assert caught.value.findings[0].code == code


def test_passwords_are_compared_in_one_normal_form() -> None:
    kept = passwords.hash_of("på ö n där å är långt")
    assert passwords.matches("på ö n där å är långt", kept)
    assert not passwords.matches("pa o n dar a ar langt", kept)
    assert not passwords.matches("anything at all", "")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=1$")


def test_a_purpose_holds_an_hour_and_a_confirmation_renews_the_sign_in(house: IdentityHouse) -> None:
    house.person("anna", "tnt-1", NewGrant("archivist", "tnt-1", "aut-1"))
    head = house.sign_in("anna")
    body = {"authority": "aut-1", "text": "Utredning åt nämnden"}
    assert house.client.post("/v1/session/purposes", json=body, headers=head).status_code == 201
    assert house.client.get("/v1/session", headers=head).json()["purposes"] == ["aut-1"]
    cookie = head["Cookie"].split("=")[1]
    before = house.identities.sessions.live(cookie)
    house.clock.move(20 * 60)
    assert house.client.post("/v1/session/confirm", json={"password": GOOD}, headers=head).status_code == 204
    after = house.identities.sessions.live(cookie)
    assert before is not None
    assert after is not None
    assert after.subject.auth_time - before.subject.auth_time == 20 * 60
    house.clock.move(25 * 60)
    assert house.client.get("/v1/session", headers=head).json()["purposes"] == ["aut-1"]
    house.clock.move(16 * 60)
    assert house.client.get("/v1/session", headers=head).json()["purposes"] == []
