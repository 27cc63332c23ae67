"""The issuer of short Ed25519 tokens: for sessions, program tokens, the home token, services and exchanges (POLICY §6)."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from samarkiv_runtime.database import Database
from samarkiv_runtime.policy import Grant, Subject
from samarkiv_runtime.policy.model import BY_SERVICE
from samarkiv_runtime.policy.table import SERVICES
from samarkiv_runtime.ports import Clock, Ids
from samarkiv_runtime.signing import Signer
from samarkiv_runtime.tokens import ALGORITHM, ISSUER, LIFETIME_S, claims_of

from samarkiv_access import identity_store as store
from samarkiv_access.identity.home_token import HomeToken
from samarkiv_access.identity.revoking import Revoking
from samarkiv_access.identity.sessions import Sessions, digest_of, subject_of_row

LOOK_S = 3600.0
AUDIENCES = frozenset({"ingest", "preservation", "search", "access"})


class LocalIssuer:
    """The issuer in access's own process; it is a `TokenIssuer`."""

    def __init__(
        self,
        signer: Signer,
        database: Database,
        clock: Clock,
        ids: Ids,
        sessions: Sessions,
        home: HomeToken,
        revoking: Revoking,
    ) -> None:
        self._signer = signer
        self._database = database
        self._clock = clock
        self._ids = ids
        self._sessions = sessions
        self._home = home
        self._revoking = revoking
        self._private: dict[str, OKPKey] = {}
        self._looked_at = clock.monotonic()

    def _now(self) -> int:
        return int(self._clock.now().timestamp())

    def _sign(self, claims: Mapping[str, Any]) -> str:
        if self._clock.monotonic() - self._looked_at > LOOK_S:
            self._looked_at = self._clock.monotonic()
            self._signer.reload()
            self._signer.rotate()
        key = self._signer.current
        if key.kid not in self._private:
            self._private[key.kid] = OKPKey.import_key(key.private_pem())
        header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": key.kid}
        return jwt.encode(
            header, dict(claims), self._private[key.kid], algorithms=[ALGORITHM], default_type=None
        )

    def issue(self, subject: Subject, audience: str, sid: str) -> str | None:
        """Return a JWT of five minutes for one service; None for an audience that is no service."""
        if audience not in AUDIENCES:
            return None
        moment = self._clock.now().timestamp()
        now = int(moment)
        return self._sign(
            claims_of(subject)
            | {
                "iss": ISSUER,
                "aud": audience,
                "sid": sid,
                "jti": self._ids.uuid4().hex,
                "iat": now,
                "nbf": now,
                "exp": now + LIFETIME_S,
                "ims": int(moment * 1000),
            }
        )

    # ------------------------------------------------------------------ TokenIssuer

    def swap(self, token: str, audience: str, *, loopback: bool) -> str | None:
        """Swap an opaque program token, or the home token when it comes straight from loopback."""
        home = self._home.subject(token) if loopback else None
        if home is not None:
            return self.issue(home, audience, "home")
        now = self._now()
        with self._database.read() as tx:
            row = store.token_of(tx, digest_of(token))
            if row is None or row.ended or row.expires <= now or row.state != "active":
                return None
            held = store.grants_of(tx, row.account, row.tenant, now)
        subject = subject_of_row(row, narrowed(held, row.grants), account=row.account, token_kind=row.kind)
        return self.issue(replace(subject, auth_time=row.created), audience, row.id)

    def session(self, cookie: str, audience: str) -> str | None:
        """Swap a browser session."""
        live = self._sessions.live(cookie)
        return self.issue(live.subject, audience, live.id) if live else None

    def exchange(self, token: str, audience: str, act: str) -> str | None:
        """Give the same user's right, until the same moment, to another service; None when the token no longer holds."""
        claims = self._verified(token)
        if claims is None or audience not in AUDIENCES or act not in SERVICES:
            return None
        return self._sign(claims | {"aud": audience, "act": act, "jti": self._ids.uuid4().hex})

    def _verified(self, token: str) -> dict[str, Any] | None:
        for jwk in self._signer.jwks(all_keys=False)["keys"]:
            try:
                claims = jwt.decode(token, OKPKey.import_key(jwk), algorithms=[ALGORITHM]).claims
            except (JoseError, ValueError):
                continue
            now = self._now()
            revoked = self._revoking.revoked()
            dead = any(claims["ims"] <= revoked.get(str(claims[name]), -1) for name in ("sid", "sub"))
            return dict(claims) if claims["iss"] == ISSUER and now < claims["exp"] + 30 and not dead else None
        return None

    def service(self, name: str, audience: str) -> str | None:
        """Return a service's own token; the caller has been recognised as that service before."""
        if name not in SERVICES:
            return None
        return self.issue(Subject("service", account=name, token_kind=BY_SERVICE), audience, "")

    def jwks(self) -> Mapping[str, Any]:
        """Return the public keys: the one that signs, next month's a day ahead, the last one for ten minutes."""
        return self._signer.jwks(all_keys=False)

    def revocations(self) -> Mapping[str, int]:
        """Return the revocation list."""
        return self._revoking.revoked()


def narrowed(held: tuple[Grant, ...], chosen: str) -> tuple[Grant, ...]:
    """Return the grants a personal token carries: those of its owner now that lie within the subset chosen for it."""
    if not chosen:
        return held
    wanted = {tuple(one) for one in json.loads(chosen)}
    return tuple(grant for grant in held if (grant.role, grant.tenant, grant.authority) in wanted)


def same(one: str, other: str) -> bool:
    """Compare secrets in constant time."""
    return bool(one) and hmac.compare_digest(one.encode(), other.encode())
