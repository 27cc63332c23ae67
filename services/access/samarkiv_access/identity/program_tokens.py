"""Program tokens: opaque, only their digest kept; personal ≤ 90 days and within own grants, service ≤ 1 year (POLICY §6)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from samarkiv_contracts.problems import Conflict, InvalidInput, NotFound
from samarkiv_runtime.database import Database
from samarkiv_runtime.policy import Grant
from samarkiv_runtime.ports import Clock, Ids

from samarkiv_access import identity_store as store
from samarkiv_access.identity.revoking import Revoking
from samarkiv_access.identity.sessions import digest_of

DAY_S = 86_400
LONGEST: dict[str, int] = {"personal": 90, "service": 365}
MOST: dict[str, int] = {"personal": 20, "service": 2}


@dataclass(frozen=True)
class NewToken:
    """A token just made; `secret` is shown this once."""

    id: str
    secret: str
    expires: int


class ProgramTokens:
    """Make, list and end program tokens."""

    def __init__(self, database: Database, clock: Clock, ids: Ids, revoking: Revoking) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._revoking = revoking

    def make(
        self,
        account: str,
        kind: Literal["personal", "service"],
        *,
        name: str,
        days: int,
        grants: Sequence[Grant] = (),
    ) -> NewToken:
        """Make a token for an account; `grants` narrows a personal token (empty: all of the owner's).

        Raises NotFound for an account that has no such tokens, InvalidInput for too many days, Conflict when there
        are enough tokens (a service account may have two, so that they can overlap).
        """
        if not 1 <= days <= LONGEST[kind]:
            raise InvalidInput(
                f"Nyckeln får gälla 1–{LONGEST[kind]} dagar.", f"The token may last 1–{LONGEST[kind]} days."
            )
        now = int(self._clock.now().timestamp())
        new = NewToken(f"tok-{self._ids.uuid4()}", f"smk_{self._ids.token(256)}", now + days * DAY_S)
        fits = {"personal": {"person", "demo"}, "service": {"service_account"}}
        with self._database.write() as tx:
            row = store.account_by_id(tx, account)
            if row is None or row.state != "active" or row.kind not in fits[kind]:
                raise NotFound
            if store.live_tokens(tx, account, kind, now) >= MOST[kind]:
                raise Conflict("Avsluta en äldre nyckel först.", "End an older token first.")
            store.add_token(
                tx,
                digest=digest_of(new.secret),
                id=new.id,
                account=account,
                kind=kind,
                name=name.strip()[:200],
                grants=json.dumps([[one.role, one.tenant, one.authority] for one in grants])
                if grants
                else "",
                created=now,
                expires=new.expires,
            )
        return new

    def listed(self, account: str) -> list[dict[str, Any]]:
        """Return an account's tokens without secrets."""
        with self._database.read() as tx:
            return [dict(row._mapping) for row in store.tokens_of_account(tx, account)]  # noqa: SLF001

    def end(self, account: str, token: str) -> None:
        """End a token at once; raises NotFound."""
        with self._database.write() as tx:
            if not store.end_token(tx, token, account):
                raise NotFound
            self._revoking.revoke(tx, token)
