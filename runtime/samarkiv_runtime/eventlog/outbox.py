"""What both logs share: rows of events in the caller's transaction, and patterns of topics."""

import json
from collections.abc import Sequence
from typing import Any

from samarkiv_contracts.problems import TooLarge
from sqlalchemy import ColumnElement, Connection, and_, insert, or_

from samarkiv_runtime.eventlog.tables import EVENT
from samarkiv_runtime.ports import Clock, Outgoing

LIMIT = 900_000
CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8"


def rows_of(events: Sequence[Outgoing], clock: Clock) -> list[dict[str, Any]]:
    """Return the rows of `events`; raises TooLarge before anything is written."""
    at = clock.now().timestamp()
    rows = []
    for one in events:
        body = one.event.to_bytes()
        if len(body) > LIMIT:
            raise TooLarge(
                sv=f"Händelsen är {len(body)} byte; gränsen är {LIMIT}.",
                en=f"The event has {len(body)} bytes; the limit is {LIMIT}.",
            )
        headers = {"content-type": CONTENT_TYPE}
        if one.event.traceparent:
            headers["traceparent"] = one.event.traceparent
        rows.append(
            {
                "topic": one.topic,
                "key": one.key,
                "headers": json.dumps(headers, separators=(",", ":")),
                "body": body,
                "at": at,
                "sent": 0,
            }
        )
    return rows


def write_rows(tx: Connection, rows: list[dict[str, Any]]) -> None:
    """Insert the rows in order."""
    tx.execute(insert(EVENT), rows)


def matches(pattern: str, topic: str) -> bool:
    """Return whether `topic` is named by an exact name or by `prefix.*`."""
    return topic.startswith(pattern[:-1]) if pattern.endswith(".*") else topic == pattern


def condition(patterns: Sequence[str]) -> ColumnElement[bool]:
    """Return the SQL condition for the topics of `patterns`."""
    exact = [pattern for pattern in patterns if not pattern.endswith(".*")]
    clauses: list[ColumnElement[bool]] = [EVENT.c.topic.in_(exact)] if exact else []
    for pattern in patterns:
        if pattern.endswith(".*"):
            prefix = pattern[:-1]
            # A range, not LIKE: `_` and `%` are ordinary letters of a name. "/" follows "." in the alphabet.
            clauses.append(and_(EVENT.c.topic >= prefix, EVENT.c.topic < prefix[:-1] + "/"))
    return or_(*clauses)
