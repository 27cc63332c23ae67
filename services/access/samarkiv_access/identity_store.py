"""Tables and queries of accounts, grants, sessions and program tokens. Not rebuilt from the copies (DESIGN §4)."""

import json
from collections.abc import Sequence
from typing import Any

from samarkiv_runtime.policy import EVERY, Grant
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

metadata = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _id(name: str, **more: Any) -> Column[str]:
    return Column(name, String(100), nullable=False, **more)


def _at(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


# `kind`: person · service_account · home · demo. Times are epoch seconds; 0 = none.
ACCOUNT = Table(
    "access_account",
    metadata,
    _id("id", primary_key=True),
    _id("person"),
    _id("kind"),
    _id("username"),
    _text("name"),
    _id("tenant"),
    _text("password"),
    _text("agreements"),
    _id("state"),
    _at("created"),
    UniqueConstraint("username", name="access_account_username"),
)

GRANT = Table(
    "access_grant",
    metadata,
    _id("id", primary_key=True),
    _id("account"),
    _id("role"),
    _id("tenant"),
    _id("authority"),
    _text("record_types"),
    _at("from_"),
    _at("until"),
    _id("decided_by"),
    _text("reason"),
    Index("access_grant_account", "account"),
)

MANDATE = Table(
    "access_mandate",
    metadata,
    _id("tenant", primary_key=True),
    _id("home_tenant", primary_key=True),
    _id("role", primary_key=True),
    _at("from_"),
    _at("until"),
    _id("decided_by"),
)

SESSION = Table(
    "access_session",
    metadata,
    _id("digest", primary_key=True),
    _id("id"),
    _id("account"),
    _at("created"),
    _at("seen"),
    _at("auth_time"),
    Index("access_session_account", "account"),
)

PURPOSE = Table(
    "access_purpose",
    metadata,
    Column("n", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    _id("session"),
    _id("authority"),
    _text("text"),
    _at("until"),
    Index("access_purpose_session", "session"),
)

TOKEN = Table(
    "access_token",
    metadata,
    _id("digest", primary_key=True),
    _id("id"),
    _id("account"),
    _id("kind"),
    _text("name"),
    _text("grants"),
    _at("created"),
    _at("expires"),
    Column("ended", Boolean, nullable=False, default=False),
    Index("access_token_account", "account"),
)

REVOCATION = Table(
    "access_revocation",
    metadata,
    Column("n", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    _id("id"),
    _at("at_ms"),
    Index("access_revocation_at", "at_ms"),
)

FAILURE = Table(
    "access_failure",
    metadata,
    _id("key", primary_key=True),
    Column("failures", Integer, nullable=False),
    _at("at"),
)


# ---------------------------------------------------------------------------------------------- accounts


def count_accounts(tx: Connection) -> int:
    """Return how many accounts people have made (the home account is none)."""
    return int(tx.scalar(select(func.count()).select_from(ACCOUNT).where(ACCOUNT.c.kind != "home")) or 0)


def account_named(tx: Connection, username: str) -> Row[Any] | None:
    """Return the account of a user name, or None."""
    return tx.execute(select(ACCOUNT).where(ACCOUNT.c.username == username)).first()


def account_by_id(tx: Connection, account: str) -> Row[Any] | None:
    """Return an account, or None."""
    return tx.execute(select(ACCOUNT).where(ACCOUNT.c.id == account)).first()


def accounts_of_kind(tx: Connection, kind: str) -> Sequence[Any]:
    """Return the accounts of one kind."""
    return tx.execute(select(ACCOUNT).where(ACCOUNT.c.kind == kind).order_by(ACCOUNT.c.username)).all()


def add_account(tx: Connection, **values: Any) -> None:
    """Add an account."""
    tx.execute(insert(ACCOUNT).values(**values))


def change_account(tx: Connection, account: str, **values: Any) -> None:
    """Change fields of an account."""
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account).values(**values))


def names_of(tx: Connection, accounts: Sequence[str]) -> dict[str, str]:
    """Return the display names of accounts."""
    rows = tx.execute(select(ACCOUNT.c.id, ACCOUNT.c.name).where(ACCOUNT.c.id.in_(list(accounts)))).all()
    return {row.id: row.name for row in rows}


# ---------------------------------------------------------------------------------------------- grants


def add_grant(tx: Connection, **values: Any) -> None:
    """Add a grant."""
    tx.execute(insert(GRANT).values(**values))


def grant_by_id(tx: Connection, grant: str) -> Row[Any] | None:
    """Return a grant, or None."""
    return tx.execute(select(GRANT).where(GRANT.c.id == grant)).first()


def end_grant(tx: Connection, grant: str, now: int) -> None:
    """Let a grant end now."""
    tx.execute(update(GRANT).where(GRANT.c.id == grant).values(until=now))


def in_force(table: Table, now: int) -> Any:
    """Return the condition from ≤ now < until (0 = without end)."""
    return and_(table.c.from_ <= now, or_(table.c.until == 0, table.c.until > now))


def grants_of(tx: Connection, account: str, home: str, now: int) -> tuple[Grant, ...]:
    """Return the grants that count now: in force, and in another tenant only under that tenant's mandate (POLICY §1)."""
    rows = tx.execute(
        select(GRANT).where(GRANT.c.account == account, in_force(GRANT, now)).order_by(GRANT.c.id)
    ).all()
    away = {row.tenant for row in rows} - {home, EVERY}
    mandated: set[tuple[str, str]] = set()
    if away and home:
        found = tx.execute(
            select(MANDATE.c.tenant, MANDATE.c.role).where(
                MANDATE.c.home_tenant == home, MANDATE.c.tenant.in_(sorted(away)), in_force(MANDATE, now)
            )
        ).all()
        mandated = {(row.tenant, row.role) for row in found}
    return tuple(
        Grant(row.role, row.tenant, row.authority, types_of(row.record_types))
        for row in rows
        if row.tenant in {home, EVERY} or (row.tenant, row.role) in mandated
    )


def types_of(text: str) -> frozenset[str] | None:
    """Return the record types of a stored grant; empty = all."""
    return frozenset(json.loads(text)) if text else None


def set_mandate(tx: Connection, **values: Any) -> None:
    """Put a mandate in place of an earlier one."""
    tx.execute(
        delete(MANDATE).where(
            MANDATE.c.tenant == values["tenant"],
            MANDATE.c.home_tenant == values["home_tenant"],
            MANDATE.c.role == values["role"],
        )
    )
    tx.execute(insert(MANDATE).values(**values))


# ---------------------------------------------------------------------------------------------- sessions


def add_session(tx: Connection, **values: Any) -> None:
    """Add a session."""
    tx.execute(insert(SESSION).values(**values))


def session_of(tx: Connection, digest: str) -> Row[Any] | None:
    """Return a session with its account's fields, or None."""
    return tx.execute(
        select(
            SESSION,
            ACCOUNT.c.person,
            ACCOUNT.c.kind,
            ACCOUNT.c.tenant,
            ACCOUNT.c.state,
            ACCOUNT.c.agreements,
            ACCOUNT.c.username,
            ACCOUNT.c.name,
        )
        .join(ACCOUNT, ACCOUNT.c.id == SESSION.c.account)
        .where(SESSION.c.digest == digest)
    ).first()


def change_session(tx: Connection, digest: str, **values: Any) -> None:
    """Change fields of a session."""
    tx.execute(update(SESSION).where(SESSION.c.digest == digest).values(**values))


def end_session(tx: Connection, digest: str) -> str:
    """Remove a session and its purposes; returns its id, empty when there was none."""
    row = tx.execute(select(SESSION.c.id).where(SESSION.c.digest == digest)).first()
    if row is None:
        return ""
    tx.execute(delete(PURPOSE).where(PURPOSE.c.session == row.id))
    tx.execute(delete(SESSION).where(SESSION.c.digest == digest))
    return str(row.id)


def end_sessions(tx: Connection, account: str) -> None:
    """Remove every session of an account."""
    for row in tx.execute(select(SESSION.c.digest).where(SESSION.c.account == account)).all():
        end_session(tx, row.digest)


def sweep_sessions(tx: Connection, created_before: int, seen_before: int) -> None:
    """Remove sessions that have run out."""
    dead = tx.execute(
        select(SESSION.c.digest).where(or_(SESSION.c.created < created_before, SESSION.c.seen < seen_before))
    ).all()
    for row in dead:
        end_session(tx, row.digest)


def add_purpose(tx: Connection, **values: Any) -> None:
    """Add a posted purpose."""
    tx.execute(insert(PURPOSE).values(**values))


def purposes_of(tx: Connection, session: str, now: int) -> frozenset[str]:
    """Return the authorities for which a purpose is posted and still holds."""
    rows = tx.execute(
        select(PURPOSE.c.authority).where(PURPOSE.c.session == session, PURPOSE.c.until > now)
    ).all()
    return frozenset(row.authority for row in rows)


# ---------------------------------------------------------------------------------------------- tokens


def add_token(tx: Connection, **values: Any) -> None:
    """Add a program token."""
    tx.execute(insert(TOKEN).values(ended=False, **values))


def token_of(tx: Connection, digest: str) -> Row[Any] | None:
    """Return a program token with its account's fields, or None."""
    return tx.execute(
        select(
            TOKEN,
            ACCOUNT.c.person,
            ACCOUNT.c.kind.label("account_kind"),
            ACCOUNT.c.tenant,
            ACCOUNT.c.state,
            ACCOUNT.c.agreements,
        )
        .join(ACCOUNT, ACCOUNT.c.id == TOKEN.c.account)
        .where(TOKEN.c.digest == digest)
    ).first()


def tokens_of_account(tx: Connection, account: str) -> Sequence[Any]:
    """Return an account's program tokens, newest first; never their secrets (only digests are kept)."""
    return tx.execute(
        select(TOKEN.c.id, TOKEN.c.kind, TOKEN.c.name, TOKEN.c.created, TOKEN.c.expires, TOKEN.c.ended)
        .where(TOKEN.c.account == account)
        .order_by(TOKEN.c.created.desc(), TOKEN.c.id)
    ).all()


def live_tokens(tx: Connection, account: str, kind: str, now: int) -> int:
    """Return how many tokens of a kind an account has in force."""
    return int(
        tx.scalar(
            select(func.count())
            .select_from(TOKEN)
            .where(
                TOKEN.c.account == account,
                TOKEN.c.kind == kind,
                TOKEN.c.ended.is_(False),
                TOKEN.c.expires > now,
            )
        )
        or 0
    )


def end_token(tx: Connection, token: str, account: str) -> bool:
    """End a token of an account; returns whether there was one."""
    done = tx.execute(update(TOKEN).where(TOKEN.c.id == token, TOKEN.c.account == account).values(ended=True))
    return bool(done.rowcount)


def end_tokens(tx: Connection, account: str) -> None:
    """End every token of an account."""
    tx.execute(update(TOKEN).where(TOKEN.c.account == account).values(ended=True))


# ---------------------------------------------------------------------------------------------- revocations, failures


def add_revocation(tx: Connection, what: str, at_ms: int) -> None:
    """Add to the revocation list; entries older than an hour are of no use any more and go."""
    tx.execute(delete(REVOCATION).where(REVOCATION.c.at_ms < at_ms - 3_600_000))
    tx.execute(insert(REVOCATION).values(id=what, at_ms=at_ms))


def revocations(tx: Connection, since_ms: int) -> dict[str, int]:
    """Return what was revoked since a moment: id → epoch millisecond."""
    rows = tx.execute(
        select(REVOCATION.c.id, func.max(REVOCATION.c.at_ms).label("at"))
        .where(REVOCATION.c.at_ms >= since_ms)
        .group_by(REVOCATION.c.id)
    ).all()
    return {row.id: int(row.at) for row in rows}


def failures_of(tx: Connection, key: str) -> tuple[int, int]:
    """Return (failures in a row, when the last was)."""
    row = tx.execute(select(FAILURE).where(FAILURE.c.key == key)).first()
    return (row.failures, row.at) if row else (0, 0)


def set_failures(tx: Connection, key: str, failures: int, now: int) -> None:
    """Write the count of failures; 0 forgets them, and so does a day of peace."""
    tx.execute(delete(FAILURE).where(or_(FAILURE.c.key == key, FAILURE.c.at < now - 86_400)))
    if failures:
        tx.execute(insert(FAILURE).values(key=key, failures=failures, at=now))
