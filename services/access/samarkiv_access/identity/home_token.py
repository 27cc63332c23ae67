"""SAMARKIV_HOME/token: the key of whoever sits at the machine of an embedded archive, new at each start (POLICY §6)."""

import hmac

from samarkiv_contracts.ids import make_id
from samarkiv_runtime.database import Database
from samarkiv_runtime.policy import ALL, EVERY, Grant, Subject
from samarkiv_runtime.policy.model import BY_HOME
from samarkiv_runtime.ports import Clock, Ids
from samarkiv_runtime.settings import Settings
from samarkiv_runtime.tokens import looks_like_jwt

from samarkiv_access import identity_store as store
from samarkiv_access.identity.demo import write_private

USERNAME = "home"
GRANTS = (
    Grant("producer", EVERY, EVERY),
    Grant("archivist", EVERY, EVERY),
    Grant("archivist", EVERY, ALL),
    Grant("operator", EVERY, ALL),
)


class HomeToken:
    """A named local account with explicit roles, and its one token. There is none in a distributed archive."""

    def __init__(self, settings: Settings, database: Database, clock: Clock, ids: Ids) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._ids = ids
        self._token = ""
        self._account = ""
        self._person = ""

    def start(self) -> None:
        """Make a new token and write it for the owner of the home alone; raises Unavailable where that cannot be had."""
        if not self._settings.embedded:
            return
        with self._database.write() as tx:
            row = store.account_named(tx, USERNAME)
            if row is None:
                store.add_account(
                    tx,
                    id=make_id("account", self._ids.uuid4()),
                    person=make_id("person", self._ids.uuid4()),
                    kind="home",
                    username=USERNAME,
                    name="Arkivets egen dator",
                    tenant=EVERY,
                    state="active",
                    created=int(self._clock.now().timestamp()),
                )
                row = store.account_named(tx, USERNAME)
        assert row is not None
        self._account, self._person = row.id, row.person
        self._token = f"smh_{self._ids.token(256)}"
        write_private(self._settings.home / "token", self._token)

    def stop(self) -> None:
        """Forget the token and take its file away."""
        if self._token:
            self._token = ""
            (self._settings.home / "token").unlink(missing_ok=True)

    def subject(self, token: str) -> Subject | None:
        """Return the subject of the home token, None for any other."""
        if not self._token or looks_like_jwt(token):
            return None
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            return None
        return Subject(
            kind="person",
            person=self._person,
            account=self._account,
            tenant=EVERY,
            grants=GRANTS,
            assurance=1,
            auth_time=int(self._clock.now().timestamp()),
            token_kind=BY_HOME,
        )
