"""Accounts, grants and mandates: who is made, what they are given, and what never goes together (POLICY §1)."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from samarkiv_contracts.findings import Finding, Layer, Severity
from samarkiv_contracts.ids import make_id
from samarkiv_contracts.problems import Conflict, InvalidInput, NotFound
from samarkiv_contracts.text import Text
from samarkiv_runtime.database import Database
from samarkiv_runtime.policy import ALL, EVERY, ROLES
from samarkiv_runtime.policy.table import ACCOUNT_ROLES, CONTENT_ROLES
from samarkiv_runtime.ports import Clock, Ids
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from samarkiv_access import identity_store as store
from samarkiv_access.identity import passwords
from samarkiv_access.identity.revoking import Revoking

HOUSE_ROLES = frozenset({"operator", "operator_tool"})
BOARD_ROLES = frozenset({"producer", "staff_reader"})
WRITING_ROLES = frozenset({"producer", "archivist", "approver", "disclosure_officer", "administrator"})


@dataclass(frozen=True)
class NewGrant:
    """A role to give: in a tenant (`*`: the house), for a board, for `all` or for every board (`*`)."""

    role: str
    tenant: str
    authority: str = ALL
    record_types: frozenset[str] | None = None
    from_: int = 0
    until: int = 0


def together(held: Collection[str], added: str) -> bool:
    """Return whether a role may be added to those held: never auditor + writing, never operator + content."""
    roles = {*held, added}
    writing = roles & WRITING_ROLES
    content = roles & set(CONTENT_ROLES)
    operating = roles & {"operator", "operator_tool"}
    return not ("auditor" in roles and writing) and not (operating and content)


def _wrong(code: str, place: str, sv: str, en: str) -> InvalidInput:
    return InvalidInput(
        findings=(
            Finding(
                code=code,
                severity=Severity.ERROR,
                layer=Layer.STRUCTURE,
                message=Text(sv=sv, en=en),
                hint=Text(sv="Rätta uppgiften och försök igen.", en="Correct it and try again."),
                place=place,
            ),
        )
    )


class Accounts:
    """The acts on accounts. Permission is asked before, by the route; here the rules of the acts themselves hold."""

    def __init__(self, database: Database, clock: Clock, ids: Ids, revoking: Revoking) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._revoking = revoking

    def _now(self) -> int:
        return int(self._clock.now().timestamp())

    def create(
        self,
        *,
        username: str,
        name: str,
        tenant: str,
        kind: str = "person",
        password: str = "",
        person: str = "",
        agreements: Collection[str] = (),
    ) -> str:
        """Make an account and return its id; `tenant` is the home (`*`: the house), `person` the responsible one.

        A person's account needs a password that passes the rules; a service account has none. Raises InvalidInput,
        Conflict when the user name is taken.
        """
        wanted = username.strip()
        if not 1 <= len(wanted) <= 100 or not wanted.isprintable() or " " in wanted:
            raise _wrong(
                "username",
                "username",
                "Användarnamnet ska ha 1–100 tecken utan mellanslag.",
                "The user name must have 1–100 characters without spaces.",
            )
        if kind == "service_account" and not person:
            raise _wrong("person", "person", "Ange den ansvariga personen.", "Name the responsible person.")
        kept = ""
        if kind in {"person", "demo"}:
            kept = passwords.hash_of(passwords.check(password, wanted))
        account = make_id("account", self._ids.uuid4())
        try:
            with self._database.write() as tx:
                store.add_account(
                    tx,
                    id=account,
                    person=person or make_id("person", self._ids.uuid4()),
                    kind=kind,
                    username=wanted,
                    name=name.strip() or wanted,
                    tenant=tenant,
                    password=kept,
                    agreements=json.dumps(sorted(agreements)) if agreements else "",
                    state="active",
                    created=self._now(),
                )
        except IntegrityError as error:
            raise Conflict("Användarnamnet är upptaget.", "The user name is taken.") from error
        return account

    def named(self, username: str) -> str:
        """Return the id of an account in force by its user name, empty when there is none."""
        with self._database.read() as tx:
            row = store.account_named(tx, username)
        return str(row.id) if row is not None and row.state == "active" else ""

    def grant(self, account: str, wanted: NewGrant, *, decided_by: str, reason: str = "") -> str:
        """Give a role and return the grant's id; sessions end so that it counts at once.

        Raises NotFound, InvalidInput for an unknown role or roles that never go together.
        """
        now = self._now()
        if wanted.role not in (*ROLES, *ACCOUNT_ROLES):
            raise _wrong("role", "role", "Rollen finns inte.", "There is no such role.")
        if wanted.role in HOUSE_ROLES and wanted.tenant != EVERY:
            raise _wrong(
                "tenant", "tenant", "Driften är husets, inte en kommuns.", "Operators are the house's."
            )
        if wanted.role in BOARD_ROLES and wanted.authority == ALL:
            raise _wrong("authority", "authority", "Rollen gäller en nämnd.", "The role is for a board.")
        if wanted.until and wanted.until <= max(now, wanted.from_):
            raise _wrong("until", "until", "Slutdatum ska vara senare.", "The end must be later.")
        grant = f"grt-{self._ids.uuid4()}"
        with self._database.write() as tx:
            row = store.account_by_id(tx, account)
            if row is None or row.state != "active":
                raise NotFound
            held = {one.role for one in store.grants_of(tx, account, row.tenant, now)}
            if row.kind != "home" and not together(held, wanted.role):
                raise _wrong(
                    "roles_together",
                    "role",
                    "Rollerna får inte förenas: granskare med skrivande roll, eller drift med innehållsroll.",
                    "These roles never go together: auditor with a writing role, operator with a content role.",
                )
            store.add_grant(
                tx,
                id=grant,
                account=account,
                role=wanted.role,
                tenant=wanted.tenant,
                authority=wanted.authority,
                record_types="" if wanted.record_types is None else json.dumps(sorted(wanted.record_types)),
                from_=wanted.from_ or now,
                until=wanted.until,
                decided_by=decided_by,
                reason=reason,
            )
            self._changed(tx, account)
        return grant

    def end_grant(self, grant: str) -> None:
        """End a grant now; raises NotFound."""
        with self._database.write() as tx:
            row = store.grant_by_id(tx, grant)
            if row is None:
                raise NotFound
            store.end_grant(tx, grant, self._now())
            self._changed(tx, row.account)

    def mandate(
        self, *, tenant: str, home_tenant: str, role: str, from_: int, until: int, decided_by: str
    ) -> None:
        """Let another tenant's staff hold a role here, for a time (*mandat*). Raises InvalidInput."""
        undated = until <= max(self._now(), from_)
        if tenant == home_tenant or EVERY in {tenant, home_tenant} or role not in ROLES or undated:
            raise _wrong("mandate", "role", "Mandatet är felaktigt.", "The mandate is wrong.")
        with self._database.write() as tx:
            store.set_mandate(
                tx,
                tenant=tenant,
                home_tenant=home_tenant,
                role=role,
                from_=from_ or self._now(),
                until=until,
                decided_by=decided_by,
            )

    def end(self, account: str) -> None:
        """End an account: no sign-in, no session, no token from now on. Raises NotFound."""
        with self._database.write() as tx:
            row = store.account_by_id(tx, account)
            if row is None or row.kind == "home":
                raise NotFound
            store.change_account(tx, account, state="ended", password="")
            store.end_tokens(tx, account)
            self._changed(tx, account)

    def set_password(self, account: str, password: str) -> None:
        """Change a password; every session of the account ends. Raises NotFound, InvalidInput."""
        with self._database.read() as tx:
            row = store.account_by_id(tx, account)
        if row is None or row.kind not in {"person", "demo"} or row.state != "active":
            raise NotFound
        kept = passwords.hash_of(passwords.check(password, row.username))
        with self._database.write() as tx:
            store.change_account(tx, account, password=kept)
            self._changed(tx, account)

    def _changed(self, tx: Connection, account: str) -> None:
        """New session at role change (POLICY §6): all end, and tokens already given out count no more."""
        store.end_sessions(tx, account)
        self._revoking.revoke(tx, account)

    def shown(self, row: Any, now: int) -> dict[str, Any]:
        """Return an account as an administrator sees it."""
        with self._database.read() as tx:
            grants = store.grants_of(tx, row.id, row.tenant, now)
        return {
            "id": row.id,
            "username": row.username,
            "name": row.name,
            "kind": row.kind,
            "tenant": row.tenant,
            "state": row.state,
            "roles": sorted({grant.role for grant in grants}),
        }
