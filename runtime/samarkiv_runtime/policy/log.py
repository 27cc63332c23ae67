"""Who did what with what: a durable row before the first byte, denials too (POLICY §5 `log`)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from samarkiv_contracts.problems import Unavailable
from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError

from samarkiv_runtime.database import Database
from samarkiv_runtime.policy.tables import ACCESS_LOG

VERSIONS = Path(__file__).parent / "migrations" / "versions"
BRANCH = ("policy", VERSIONS)


@dataclass(frozen=True)
class AccessRow:
    """One decision: ids and codes only, never content or names. `reason` is what the person wrote for a decision."""

    at_ms: int
    service: str
    correlation: str
    account: str
    person: str
    act: str
    token_kind: str
    action: str
    permit: bool
    row: str
    code: str
    kind: str
    id: str
    part: str
    tenant: str
    authority: str
    reason: str = ""


class AccessLog(Protocol):
    """Where decisions are written."""

    def write(self, row: AccessRow) -> None:
        """Make the row durable; raises Unavailable when it cannot be, and then nothing may be sent."""
        ...


class TableLog:
    """The access log as a table of the service's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, row: AccessRow) -> None:
        """Make the row durable."""
        try:
            with self._database.write() as tx:
                tx.execute(insert(ACCESS_LOG).values(**vars(row)))
        except SQLAlchemyError as error:
            raise Unavailable(
                "Läsloggen kan inte skrivas, därför lämnas inget ut.",
                "The access log cannot be written, so nothing is given out.",
            ) from error


class KeptLog:
    """An access log in memory, for tests."""

    def __init__(self) -> None:
        self.rows: list[AccessRow] = []
        self.broken = False

    def write(self, row: AccessRow) -> None:
        """Keep the row; raises Unavailable when set `broken`."""
        if self.broken:
            raise Unavailable
        self.rows.append(row)
