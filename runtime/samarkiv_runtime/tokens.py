"""Who is calling: short Ed25519 tokens signed by access, verified here by its public keys (POLICY §6)."""

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, cast

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from samarkiv_contracts.problems import NotSignedIn, Unavailable

from samarkiv_runtime.policy import ANONYMOUS, Grant, Subject
from samarkiv_runtime.ports import Clock
from samarkiv_runtime.settings import Settings

ISSUER = "urn:samarkiv:access"
ALGORITHM = "Ed25519"
LIFETIME_S = 300
LEEWAY_S = 30
POLL_S = 5.0
STALE_S = 15.0
SWAP_S = 30.0
MAX_TOKEN = 16_384


class TokenIssuer(Protocol):
    """Access as the verifiers see it: in process, or over HTTP. None means: not valid (no reason is told)."""

    def swap(self, token: str, audience: str, *, loopback: bool) -> str | None:
        """Swap an opaque program token (or the home token, from direct loopback only) for a JWT."""
        ...

    def session(self, cookie: str, audience: str) -> str | None:
        """Swap a browser session for a JWT."""
        ...

    def exchange(self, token: str, audience: str, act: str) -> str | None:
        """Exchange a user's JWT for one to another service, acting service named."""
        ...

    def service(self, name: str, audience: str) -> str | None:
        """Return a service's own JWT."""
        ...

    def jwks(self) -> Mapping[str, Any]:
        """Return the public keys."""
        ...

    def revocations(self) -> Mapping[str, int]:
        """Return what was revoked lately: id of session, program token, account or key → epoch millisecond."""
        ...


@dataclass(frozen=True)
class Identity:
    """A verified caller. `token` is the JWT for this service, empty when anonymous; `stale`: the revocation list is too old."""

    subject: Subject = ANONYMOUS
    token: str = ""
    sid: str = ""
    issued_ms: int = 0
    by_cookie: bool = False
    stale: bool = False


def claims_of(subject: Subject) -> dict[str, Any]:
    """Return the claims that carry a subject; no names or personal numbers."""
    return {
        "sub": subject.account,
        "kind": subject.kind,
        "person": subject.person,
        "tenant": subject.tenant,
        "grants": [
            [
                grant.role,
                grant.tenant,
                grant.authority,
                sorted(grant.record_types) if grant.record_types is not None else None,
            ]
            for grant in subject.grants
        ],
        "assurance": subject.assurance,
        "auth_time": subject.auth_time,
        "token_kind": subject.token_kind,
        "agreements": sorted(subject.agreements),
        "purposes": sorted(subject.purposes),
        "act": subject.act,
        "demo": subject.demo,
    }


def subject_of(claims: Mapping[str, Any]) -> Subject:
    """Return the subject that claims carry; raises NotSignedIn when they are not of our form."""
    try:
        return Subject(
            kind=claims["kind"],
            person=claims["person"],
            account=claims["sub"],
            tenant=claims["tenant"],
            grants=tuple(
                Grant(role, tenant, authority, None if types is None else frozenset(types))
                for role, tenant, authority, types in claims["grants"]
            ),
            assurance=int(claims["assurance"]),
            auth_time=int(claims["auth_time"]),
            token_kind=claims["token_kind"],
            agreements=frozenset(claims["agreements"]),
            purposes=frozenset(claims["purposes"]),
            act=claims["act"],
            demo=bool(claims["demo"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NotSignedIn("Token har fel form.", "The token has the wrong form.") from error


def looks_like_jwt(token: str) -> bool:
    """Return whether a bearer is a JWT rather than an opaque token."""
    return token.count(".") == 2 and token.startswith("eyJ")


class TokenVerifier:
    """Verifies callers for any service of this process; closed as long as no issuer is connected."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._issuer: TokenIssuer | None = None
        self._keys: dict[str, OKPKey] = {}
        self._keys_at = -1e9
        self._revoked: Mapping[str, int] = {}
        self._revoked_at = -1e9
        self._lock = threading.Lock()

    def connect(self, issuer: TokenIssuer) -> None:
        """Take the issuer: access itself in its own process, `RemoteIssuer` elsewhere."""
        self._issuer = issuer

    @property
    def issuer(self) -> TokenIssuer:
        """Return the issuer; raises Unavailable before it is connected."""
        if self._issuer is None:
            raise Unavailable("Inloggningen är inte startad.", "Sign-in has not started.")
        return self._issuer

    # ------------------------------------------------------------------ callers

    def identify(
        self, audience: str, *, bearer: str = "", cookie: str = "", loopback: bool = False
    ) -> Identity:
        """Return who calls: by bearer (bad: raises NotSignedIn), by session cookie (dead: anonymous), or anonymous."""
        if bearer:
            token: str | None = bearer
            if not looks_like_jwt(bearer):
                token = (
                    self.issuer.swap(bearer, audience, loopback=loopback)
                    if len(bearer) <= MAX_TOKEN
                    else None
                )
            if not token:
                raise _refused()
            return self.verify(token, audience)
        if cookie:
            token = self.issuer.session(cookie, audience)
            if token:
                found = self.verify(token, audience)
                return replace(found, by_cookie=True)
        return Identity()

    def verify(self, token: str, audience: str) -> Identity:
        """Verify a JWT for `audience`; raises NotSignedIn, whatever is wrong with it."""
        if len(token) > MAX_TOKEN:
            raise _refused()
        claims = self._claims(token)
        now = int(self._clock.now().timestamp())
        whole = (
            claims.get("iss") == ISSUER
            and claims.get("aud") == audience
            and isinstance(claims.get("exp"), int)
            and isinstance(claims.get("nbf"), int)
            and isinstance(claims.get("iat"), int)
            and isinstance(claims.get("ims"), int)
            and claims["nbf"] - LEEWAY_S <= now < claims["exp"] + LEEWAY_S
            and claims["exp"] - claims["iat"] <= LIFETIME_S
        )
        if not whole:
            raise _refused()
        stale = not self._fresh()
        identity = Identity(
            subject_of(claims), token, str(claims.get("sid") or ""), issued_ms=int(claims["ims"]), stale=stale
        )
        if self._is_revoked(identity):
            raise _refused()
        return identity

    def _is_revoked(self, identity: Identity) -> bool:
        named = (identity.sid, identity.subject.account)
        return any(one and identity.issued_ms <= self._revoked.get(one, -1) for one in named)

    def recheck(self, identity: Identity) -> None:
        """Ask again in the middle of a long answer; raises NotSignedIn when revoked, Unavailable when that cannot be told."""
        if not self._fresh():
            raise Unavailable(
                "Behörigheten kan inte kontrolleras just nu.", "Grants cannot be checked at the moment."
            )
        if self._is_revoked(identity):
            raise _refused()

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            header = _header(token)
            if (
                header.get("alg") != ALGORITHM
                or header.get("typ") != "at+jwt"
                or set(header) - {"alg", "typ", "kid"}
            ):
                raise _refused()
            key = self._key(str(header.get("kid", "")))
            return dict(jwt.decode(token, key, algorithms=[ALGORITHM]).claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _refused() from error

    def _key(self, kid: str) -> OKPKey:
        if kid not in self._keys or self._clock.monotonic() - self._keys_at > 60:
            with self._lock:
                if self._clock.monotonic() - self._keys_at > (1 if kid not in self._keys else 60):
                    keys = self.issuer.jwks()["keys"]
                    self._keys = {str(jwk["kid"]): OKPKey.import_key(cast("Any", jwk)) for jwk in keys}
                    self._keys_at = self._clock.monotonic()
        if kid in self._revoked or kid not in self._keys:
            raise _refused()
        return self._keys[kid]

    def _fresh(self) -> bool:
        """Poll the revocation list when it is due; returns False when it is older than 15 s."""
        with self._lock:
            age = self._clock.monotonic() - self._revoked_at
            if age >= (0 if not isinstance(self._issuer, RemoteIssuer) else POLL_S):
                try:
                    self._revoked = self.issuer.revocations()
                    self._revoked_at = self._clock.monotonic()
                except Unavailable:
                    return age < STALE_S
            return True

    # ------------------------------------------------------------------ onwards

    def onwards(self, identity: Identity, audience: str, act: str) -> str:
        """Return a JWT for another service on the user's behalf; empty for anonymous. Raises NotSignedIn when it ended."""
        if not identity.token:
            return ""
        token = self.issuer.exchange(identity.token, audience, act)
        if not token:
            raise _refused()
        return token

    def service_token(self, name: str, audience: str) -> str:
        """Return a service's own JWT (`svc-ingest`); raises NotSignedIn when access refuses."""
        token = self.issuer.service(name, audience)
        if not token:
            raise _refused()
        return token


def _refused() -> NotSignedIn:
    return NotSignedIn(
        "Inloggningen eller nyckeln gäller inte.",
        "The sign-in or token is not valid.",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )


def _header(token: str) -> dict[str, Any]:
    import base64
    import json

    raw = token.split(".", 1)[0]
    header = json.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
    if not isinstance(header, dict):
        raise TypeError
    return header


@dataclass
class _Kept:
    token: str | None
    until: float


@dataclass
class RemoteIssuer:
    """Access over HTTP, for the three other services of a distributed archive. Swaps are kept for 30 s."""

    client: httpx.Client
    secret: str
    name: str
    _kept: dict[str, _Kept] = field(default_factory=dict)

    def swap(self, token: str, audience: str, *, loopback: bool) -> str | None:
        """Swap an opaque program token; the home token does not exist here."""
        del loopback
        return self._keep(
            f"swap:{audience}:{token}", "/internal/swap", {"token": token, "audience": audience}
        )

    def session(self, cookie: str, audience: str) -> str | None:
        """Swap a browser session."""
        return self._keep(
            f"session:{audience}:{cookie}", "/internal/session", {"cookie": cookie, "audience": audience}
        )

    def exchange(self, token: str, audience: str, act: str) -> str | None:
        """Exchange a user's JWT."""
        return self._ask("/internal/exchange", {"token": token, "audience": audience, "act": act})

    def service(self, name: str, audience: str) -> str | None:
        """Return our own JWT."""
        return self._keep(
            f"service:{audience}:{name}", "/internal/service-token", {"name": name, "audience": audience}
        )

    def jwks(self) -> Mapping[str, Any]:
        """Return the public keys."""
        return cast("Mapping[str, Any]", self._get("/v1/jwks"))

    def revocations(self) -> Mapping[str, int]:
        """Return what was revoked lately."""
        return {str(key): int(at) for key, at in self._get("/internal/revocations")["revoked"].items()}

    def _keep(self, name: str, path: str, body: dict[str, str]) -> str | None:
        key = hashlib.sha256(name.encode()).hexdigest()
        now = time.monotonic()
        kept = self._kept.get(key)
        if kept is None or kept.until < now:
            if len(self._kept) > 10_000:
                self._kept.clear()
            kept = self._kept[key] = _Kept(self._ask(path, body), now + SWAP_S)
        return kept.token

    def _ask(self, path: str, body: dict[str, str]) -> str | None:
        answer = self._send("POST", path, body)
        if answer.status_code in {400, 401, 403, 404, 422}:
            return None
        return str(self._read(answer)["token"])

    def _get(self, path: str) -> Any:
        return self._read(self._send("GET", path, None))

    def _send(self, method: str, path: str, body: dict[str, str] | None) -> httpx.Response:
        try:
            return self.client.request(
                method,
                path,
                json=body,
                headers={"X-Samarkiv-Service": self.name, "X-Samarkiv-Secret": self.secret},
                timeout=3.0,
            )
        except httpx.HTTPError as error:
            raise Unavailable("Inloggningen svarar inte.", "Sign-in does not answer.") from error

    @staticmethod
    def _read(answer: httpx.Response) -> Any:
        if answer.status_code != 200:
            raise Unavailable("Inloggningen svarar inte.", "Sign-in does not answer.")
        return answer.json()
