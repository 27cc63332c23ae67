"""Tokens that are accepted, and every way to forge one (RELIABILITY case 69)."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey
from samarkiv_contracts.problems import NotSignedIn, Unavailable
from samarkiv_runtime.policy import Grant, Subject
from samarkiv_runtime.tokens import ALGORITHM, TokenVerifier, claims_of, subject_of

from tests.unit.runtime.web.house import SmallHouse


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SmallHouse]:
    house = SmallHouse(tmp_path)
    yield house
    house.close()


def refused(house: SmallHouse, token: str, audience: str = "ingest") -> bool:
    try:
        house.verifier.verify(token, audience)
    except NotSignedIn:
        return True
    return False


def test_a_subject_survives_its_token(house: SmallHouse) -> None:
    subject = house.person(
        Grant("archivist", "tnt-1", "aut-1", frozenset({"bygglov"})),
        Grant("operator", "*"),
        agreements=frozenset({"agr-1"}),
        purposes=frozenset({"aut-1"}),
    )
    assert house.verifier.verify(house.issuer.issue(subject, "ingest"), "ingest").subject == subject
    assert subject_of(claims_of(subject) | {"sub": subject.account}) == subject


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "search"},
        {"aud": ["ingest"]},
        {"iss": "urn:someone:else"},
        {"exp": 1},
        {"exp": 2**40},
        {"exp": "later"},
        {"nbf": 2**40},
        {"iat": None},
        {"ims": "x"},
        {"grants": "all"},
        {"kind": None, "grants": [["a"]]},
        {"header": {"typ": "JWT"}},
        {"header": {"kid": "unknown"}},
        {"header": {"jku": "https://evil.example/jwks"}},
    ],
)
def test_claims_and_headers_that_are_wrong(house: SmallHouse, changes: dict[str, Any]) -> None:
    assert refused(house, house.issuer.issue(house.person(), "ingest", **changes))


def parts_of(token: str) -> list[dict[str, Any]]:
    return [json.loads(base64.urlsafe_b64decode(one + "==")) for one in token.split(".")[:2]]


def packed(document: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def test_forged_signatures(house: SmallHouse) -> None:
    good = house.issuer.issue(house.person(), "ingest")
    header, claims = parts_of(good)
    signature = good.rsplit(".", 1)[1]
    assert not refused(house, good)
    assert refused(house, f"{packed(header | {'alg': 'none'})}.{packed(claims)}.")
    assert refused(house, f"{packed(header)}.{packed(claims | {'sub': 'acc-2'})}.{signature}")
    assert refused(house, f"{packed(header | {'crit': ['exp']})}.{packed(claims)}.{signature}")
    assert refused(house, f"{packed(header | {'alg': 'EdDSA'})}.{packed(claims)}.{signature}")
    stranger = OKPKey.import_key(
        Ed25519PrivateKey.generate().private_bytes_raw()
        and OKPKey.generate_key("Ed25519").as_dict(private=True)
    )
    assert refused(house, jwt.encode(header, claims, stranger, algorithms=[ALGORITHM], default_type=None))
    public = house.issuer.signer.jwks()["keys"][0]["x"]
    mac = jwt.encode(header | {"alg": "HS256"}, claims, OctKey.import_key(public), default_type=None)
    assert refused(house, mac)
    assert refused(house, good + "x" * 20_000)
    for broken in ("", "a.b.c", "eyJ.eyJ.x", good[:-8], "eyJhbGciOiJub25lIn0.e30."):
        assert refused(house, broken)


def test_a_token_lives_five_minutes_and_half_a_minute_of_grace(house: SmallHouse) -> None:
    token = house.issuer.issue(house.person(), "ingest")
    house.clock.move(329)
    assert not refused(house, token)
    house.clock.move(2)
    assert refused(house, token)


def test_what_is_revoked_counts_no_more_but_what_comes_after_does(house: SmallHouse) -> None:
    token = house.issuer.issue(house.person(), "ingest")
    house.clock.move(1)
    house.issuer.revoked["acc-1"] = int(house.clock.now().timestamp() * 1000)
    assert refused(house, token)
    house.clock.move(1)
    assert not refused(house, house.issuer.issue(house.person(), "ingest"))
    house.issuer.revoked[house.issuer.signer.current.kid] = 1
    assert refused(house, house.issuer.issue(house.person(), "ingest"))


def test_a_home_token_counts_from_loopback_alone(house: SmallHouse) -> None:
    house.issuer.known["smh_1"] = house.person(token_kind="home")
    assert house.verifier.identify("ingest", bearer="smh_1", loopback=True).subject.token_kind == "home"
    with pytest.raises(NotSignedIn):
        house.verifier.identify("ingest", bearer="smh_1", loopback=False)


def test_nobody_is_known_before_access_has_started(house: SmallHouse) -> None:
    verifier = TokenVerifier(house.settings, house.clock)
    assert verifier.identify("ingest").subject == Subject()
    with pytest.raises(Unavailable):
        verifier.identify("ingest", bearer="smk_1")
