"""Idempotency-Key per account: the same request gets the same answer, whatever happened on the way (USERS P3)."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from samarkiv_contracts.problems import BadRequest, KeyReused
from sqlalchemy import Connection, delete, insert, select

from samarkiv_runtime.database import Database
from samarkiv_runtime.policy.tables import IDEMPOTENCY
from samarkiv_runtime.ports import Clock

KEPT_S = 30 * 24 * 3600
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

        Authorise before. An empty key runs the work without keeping anything. The same request at the same time waits
        for the first; when work raises, or its process is killed, the key is free again. Raises KeyReused when the
        key was used for another request (`asked` differs).
        """
        if len(key) > MAX_KEY or not key.isprintable():
            raise BadRequest(
                f"Idempotency-Key får ha högst {MAX_KEY} skrivbara tecken.",
                f"Idempotency-Key may have at most {MAX_KEY} printable characters.",
            )
        with self._database.write() as tx:
            if not key:
                return work(tx)
            kept = self._kept(tx, account, key, asked)
            return kept if kept is not None else self._keep(tx, account, key, asked, work(tx))

    def _kept(self, tx: Connection, account: str, key: str, asked: str) -> Answer | None:
        self._database.lock(tx, [f"idempotency:{account}:{key}"])
        tx.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.at < self._now() - KEPT_S))
        row: Any = tx.execute(
            select(IDEMPOTENCY).where(IDEMPOTENCY.c.account == account, IDEMPOTENCY.c.key == key)
        ).first()
        if row is None:
            return None
        if row.fingerprint != asked:
            raise KeyReused
        return Answer(row.status, bytes(row.body), json.loads(row.headers))

    def _keep(self, tx: Connection, account: str, key: str, asked: str, answer: Answer) -> Answer:
        tx.execute(
            insert(IDEMPOTENCY).values(
                account=account,
                key=key,
                fingerprint=asked,
                at=self._now(),
                status=answer.status,
                headers=json.dumps(dict(answer.headers)),
                body=answer.body,
            )
        )
        return answer

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
