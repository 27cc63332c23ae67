"""Statements on the job table that claim, take, finish and park share. A lane has one ready or running job at most."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from samarkiv_contracts.envelope import Envelope
from sqlalchemy import Connection, Row

from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.outbox import matches
from samarkiv_runtime.eventlog.statement import Statement
from samarkiv_runtime.ports import Job, LogRecord

# The head of a lane becomes ready; behind a parked or waiting-for-retry head only an urgent event passes.
_PROMOTE = Statement(
    """
WITH lanes AS ({lanes}),
head AS (
  SELECT lanes.lane,
    (SELECT min(a.n) FROM job a WHERE a.consumer = :consumer AND a.lane = lanes.lane
       AND a.state IN ('ready','running')) AS active,
    (SELECT f.n FROM job f WHERE f.consumer = :consumer AND f.lane = lanes.lane AND f.state <> 'done'
       ORDER BY f.n LIMIT 1) AS first
  FROM lanes
),
next AS (
  SELECT CASE WHEN (SELECT j.state FROM job j WHERE j.n = head.first) = 'waiting' THEN head.first
    ELSE (SELECT u.n FROM job u WHERE u.consumer = :consumer AND u.lane = head.lane
       AND u.state = 'waiting' AND u.urgent = 1 ORDER BY u.n LIMIT 1) END AS n
  FROM head WHERE head.active IS NULL AND head.first IS NOT NULL
)
UPDATE job SET state = 'ready' WHERE n IN (SELECT n FROM next WHERE n IS NOT NULL)
""",
    lanes="SELECT value AS lane FROM json_each(:lanes)"
    "|SELECT lane FROM unnest(CAST(:lanes AS text[])) AS wanted(lane)",
)


@dataclass(frozen=True)
class Hearing:
    """What a consumer understands: types it handles with their topics, and all types this code knows."""

    heard: dict[str, str]
    known: dict[str, str]
    urgent: frozenset[str] = frozenset()


def promote(database: Database, tx: Connection, consumer: str, lanes: Iterable[str]) -> int:
    """Make the next job of every lane ready, where none is; the lanes are locked. Returns how many became ready."""
    wanted: Any = sorted(set(lanes))
    if not wanted:
        return 0
    given = json.dumps(wanted) if database.dialect == "sqlite" else wanted
    return _PROMOTE.run(tx, {"consumer": consumer, "lanes": given}).rowcount


def lane_lock(consumer: str, lane: str) -> str:
    """Return the name of a lane's transaction lock."""
    return f"lane:{consumer}:{lane}"


def row_of(consumer: str, record: LogRecord, hearing: Hearing, at: float) -> dict[str, Any] | None:
    """Return the inbox row of a record: waiting, or parked when nobody can read it; None when it is not for us."""
    row = {
        "consumer": consumer,
        "topic": record.topic,
        "key": record.key,
        "part": record.partition,
        "off": record.offset,
        "at": at,
        "headers": json.dumps(record.headers, separators=(",", ":")),
        "body": record.body,
        "size": len(record.body),
        "tenant": "",
        "type": "",
        "urgent": 0,
        "state": "waiting",
        "code": "",
        "reason": "",
    }
    producer = record.topic.startswith("producer.")
    try:
        envelope = Envelope.from_bytes(record.body)
    except ValidationError as error:
        row |= {
            "source": record.topic,
            "id": f"{record.partition}:{record.offset}",
            "state": "parked",
            "code": "unreadable_event",
            "reason": f"no CloudEvent of ours: {', '.join(sorted({one['type'] for one in error.errors()}))}",
        }
    else:
        # A producer proves itself by its topic, not by what it writes as source.
        row |= {
            "source": f"{record.topic}:{envelope.source}" if producer else envelope.source,
            "id": envelope.id,
            "tenant": envelope.tenant,
            "type": envelope.type,
            "urgent": int(envelope.type in hearing.urgent),
            "size": _size(envelope, len(record.body)),
        }
        if not _judged(row, envelope.type, hearing):
            return None
    lane = record.key or f"{row['source']}#{row['id']}"
    row["lane"] = f"{record.topic}:{lane}" if producer else lane
    return row


def _judged(row: dict[str, Any], kind: str, hearing: Hearing) -> bool:
    """Park what is unknown or on a topic that may not carry it; returns False for what is known but not heard."""
    topic = hearing.known.get(kind)
    if topic is None:
        row |= {"state": "parked", "code": "unknown_type", "reason": f"this release does not know {kind}"}
    elif not matches(topic, row["topic"]):
        row |= {
            "state": "parked",
            "code": "unreadable_event",
            "reason": f"{kind} does not belong on this topic",
        }
    elif kind not in hearing.heard:
        return False
    return True


def _size(envelope: Envelope, body: int) -> int:
    """Return the work behind an event: the bytes it tells of, else its own length."""
    told = envelope.data.get("bytes")
    return min(told, 2**62) if isinstance(told, int) and told > body else body


def job_of(row: Row[Any]) -> Job:
    """Return the job of a taken row; `envelope` is None when the body cannot be read."""
    try:
        envelope: Envelope | None = Envelope.from_bytes(row.body)
    except ValidationError:
        envelope = None
    return Job(
        n=row.n,
        consumer=row.consumer,
        lane=row.lane,
        tenant=row.tenant,
        topic=row.topic,
        attempts=row.attempts,
        fence=row.fence,
        size=row.size,
        headers=json.loads(row.headers),
        body=row.body,
        envelope=envelope,
        cause=f"{row.source}#{row.id}",
    )


def named_lanes(rows: Sequence[dict[str, Any]]) -> set[str]:
    """Return the lanes of rows."""
    return {row["lane"] for row in rows}
