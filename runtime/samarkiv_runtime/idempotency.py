"""Idempotency-Key per account: the same request gets the same answer, whatever happened on the way (USERS P3)."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from samarkiv_contracts.problems import BadRequest, Conflict, KeyReused
from sqlalchemy import Connection, delete, insert, select, update

from samarkiv_runtime.database import Database
from samarkiv_runtime.policy.tables import IDEMPOTENCY
from samarkiv_runtime.ports import Clock

KEPT_S = 30 * 24 * 3600
IN_FLIGHT_S = 60
MAX_KEY = 255


@dataclass(frozen=True)
class Answer:
    """An answer that can be given again: status, a few headers, JSON bytes."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def fingerprint(method: str, path: str, body: bytes) -> str:
    """Return the digest of what was asked, so that a key cannot be used for something else."""
    digest = hashlib.sha256()
    for part in (method.encode(), path.encode(), body):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


class Idempotency:
    """Runs a request once per account and key."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def once(self, account: str, key: str, asked: str, work: Callable[[Connection], Answer]) -> Answer:
        """Return the answer of `work(tx)`, kept in the same transaction; a repeated request gets the kept one.

        Authorise before. An empty key runs the work without keeping anything. Raises KeyReused when the key was
        used for another request (`asked` differs), Conflict while the first is in flight; when work raises, the
        key is free again.
        """
        if not key:
            with self._database.write() as tx:
                return work(tx)
        if len(key) > MAX_KEY or not key.isprintable():
            raise BadRequest(
                f"Idempotency-Key får ha högst {MAX_KEY} skrivbara tecken.",
                f"Idempotency-Key may have at most {MAX_KEY} printable characters.",
            )
        mine = (IDEMPOTENCY.c.account == account, IDEMPOTENCY.c.key == key)
        kept = self._claim(account, key, asked)
        if kept is not None:
            return kept
        try:
            with self._database.write() as tx:
                answer = work(tx)
                tx.execute(
                    update(IDEMPOTENCY)
                    .where(*mine)
                    .values(status=answer.status, headers=json.dumps(dict(answer.headers)), body=answer.body)
                )
                return answer
        except BaseException:
            with self._database.write() as tx:
                tx.execute(delete(IDEMPOTENCY).where(*mine, IDEMPOTENCY.c.status.is_(None)))
            raise

    def _claim(self, account: str, key: str, asked: str) -> Answer | None:
        now = int(self._clock.now().timestamp())
        with self._database.write() as tx:
            self._database.lock(tx, [f"idempotency:{account}:{key}"])
            tx.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.at < now - KEPT_S))
            row: Any = tx.execute(
                select(IDEMPOTENCY).where(IDEMPOTENCY.c.account == account, IDEMPOTENCY.c.key == key)
            ).first()
            if row is None:
                tx.execute(
                    insert(IDEMPOTENCY).values(
                        account=account, key=key, fingerprint=asked, at=now, headers="{}", body=b""
                    )
                )
                return None
            if row.fingerprint != asked:
                raise KeyReused
            if row.status is not None:
                return Answer(row.status, bytes(row.body), json.loads(row.headers))
            if row.at > now - IN_FLIGHT_S:
                raise Conflict(
                    "En likadan begäran pågår redan.",
                    "The same request is already under way.",
                    headers={"Retry-After": "2"},
                )
            tx.execute(
                update(IDEMPOTENCY)
                .where(IDEMPOTENCY.c.account == account, IDEMPOTENCY.c.key == key)
                .values(at=now)
            )
            return None
