"""Signing in and the sessions of browsers: opaque, only their digest kept, idle 30 min, at most 8 h (POLICY §6)."""

import hashlib
from dataclasses import dataclass
from typing import Any

from samarkiv_contracts.problems import InvalidInput, NotSignedIn
from samarkiv_runtime.database import Database
from samarkiv_runtime.policy import Grant, Subject
from samarkiv_runtime.policy.model import BY_SESSION
from samarkiv_runtime.ports import Clock, Ids
from samarkiv_runtime.settings import Settings
from samarkiv_runtime.web import form_token_of

from samarkiv_access import identity_store as store
from samarkiv_access.identity import passwords
from samarkiv_access.identity.demo import demo_allowed
from samarkiv_access.identity.revoking import Revoking
from samarkiv_access.identity.throttle import Throttle

IDLE_S = 30 * 60
ABSOLUTE_S = 8 * 3600
PURPOSE_S = 60 * 60
SEEN_EVERY_S = 60
ASSURANCE_PASSWORD = 1


@dataclass(frozen=True)
class SignedIn:
    """A fresh session: `cookie` is the secret for the browser, `form_token` goes into every form."""

    cookie: str
    form_token: str
    account: str
    name: str


@dataclass(frozen=True)
class LiveSession:
    """A session that holds: its id, whose it is, and the subject it gives."""

    id: str
    username: str
    name: str
    subject: Subject


def digest_of(secret: str) -> str:
    """Return the digest under which a secret is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Sessions:
    """Sign in, look up, confirm, state a purpose, sign out."""

    def __init__(
        self, settings: Settings, database: Database, clock: Clock, ids: Ids, revoking: Revoking
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._ids = ids
        self._revoking = revoking
        self._throttle = Throttle(database, clock)

    def _now(self) -> int:
        return int(self._clock.now().timestamp())

    def _verified(self, username: str, password: str, network: str) -> Any:
        """Return the account's row; raises NotSignedIn, whatever was wrong, and TooManyRequests while a wait lasts."""
        name = username.strip()[:100]
        self._throttle.check(name, network)
        with self._database.read() as tx:
            row = store.account_named(tx, name)
        usable = (
            row is not None
            and row.state == "active"
            and (row.kind == "person" or (row.kind == "demo" and demo_allowed(self._settings)))
        )
        fits = passwords.matches(password, row.password if row is not None and usable else "")
        if row is None or not usable or not fits:
            self._throttle.failed(name, network)
            raise NotSignedIn(
                "Användarnamnet eller lösenordet är fel.", "The user name or the password is wrong."
            )
        self._throttle.succeeded(name, network)
        return row

    def sign_in(self, username: str, password: str, network: str, *, old_cookie: str = "") -> SignedIn:
        """Begin a session; an earlier one of the same browser ends. Raises NotSignedIn, TooManyRequests."""
        row = self._verified(username, password, network)
        cookie, now = self._ids.token(256), self._now()
        with self._database.write() as tx:
            store.sweep_sessions(tx, now - ABSOLUTE_S, now - IDLE_S)
            if old_cookie:
                self._end(tx, old_cookie)
            store.add_session(
                tx,
                digest=digest_of(cookie),
                id=f"ses-{self._ids.uuid4()}",
                account=row.id,
                created=now,
                seen=now,
                auth_time=now,
            )
        return SignedIn(cookie, form_token_of(cookie), row.id, row.name)

    def confirm(self, cookie: str, password: str, network: str) -> None:
        """Sign in again in the same session (`login_again`); raises NotSignedIn, TooManyRequests."""
        live = self.live(cookie)
        if live is None:
            raise NotSignedIn
        row = self._verified(live.username, password, network)
        if row.id != live.subject.account:
            raise NotSignedIn
        with self._database.write() as tx:
            store.change_session(tx, digest_of(cookie), auth_time=self._now())

    def live(self, cookie: str) -> LiveSession | None:
        """Return the session behind a cookie, or None when it is unknown, idle, too old or its account ended."""
        now, digest = self._now(), digest_of(cookie)
        with self._database.read() as tx:
            row = store.session_of(tx, digest)
            if row is None or row.state != "active":
                return None
            if now - row.seen > IDLE_S or now - row.created > ABSOLUTE_S:
                return None
            if row.kind == "demo" and not demo_allowed(self._settings):
                return None
            grants = store.grants_of(tx, row.account, row.tenant, now)
            purposes = store.purposes_of(tx, row.id, now)
        if now - row.seen >= SEEN_EVERY_S:
            with self._database.write() as tx:
                store.change_session(tx, digest, seen=now)
        subject = subject_of_row(row, grants, account=row.account, token_kind=BY_SESSION)
        subject = Subject(
            **{
                **vars(subject),
                "assurance": ASSURANCE_PASSWORD,
                "auth_time": row.auth_time,
                "purposes": purposes,
            }
        )
        return LiveSession(row.id, row.username, row.name, subject)

    def state_purpose(self, cookie: str, authority: str, text: str) -> int:
        """Post a purpose for one authority's closed records; returns when it ends (epoch seconds, 60 min).

        Raises NotSignedIn, InvalidInput for an empty text.
        """
        live = self.live(cookie)
        if live is None:
            raise NotSignedIn
        if not 5 <= len(text.strip()) <= 500 or not authority:
            raise InvalidInput(
                "Beskriv ändamålet med 5–500 tecken.", "Describe the purpose in 5–500 characters."
            )
        until = self._now() + PURPOSE_S
        with self._database.write() as tx:
            store.add_purpose(tx, session=live.id, authority=authority, text=text.strip(), until=until)
        return until

    def sign_out(self, cookie: str) -> None:
        """End a session; tokens given out for it count no more."""
        with self._database.write() as tx:
            self._end(tx, cookie)

    def _end(self, tx: Any, cookie: str) -> None:
        ended = store.end_session(tx, digest_of(cookie))
        if ended:
            self._revoking.revoke(tx, ended)


def subject_of_row(row: Any, grants: tuple[Grant, ...], *, account: str, token_kind: Any) -> Subject:
    """Return the subject of an account's row with its grants."""
    import json

    kind = getattr(row, "account_kind", row.kind)
    return Subject(
        kind="service_account" if kind == "service_account" else "person",
        person=row.person,
        account=account,
        tenant=row.tenant,
        grants=grants,
        assurance=ASSURANCE_PASSWORD,
        auth_time=0,
        token_kind=token_kind,
        agreements=frozenset(json.loads(row.agreements)) if row.agreements else frozenset(),
        demo=kind == "demo",
    )
