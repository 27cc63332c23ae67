"""The SQL condition shows the same rows as the scope holds, whichever columns a table has."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samarkiv_runtime.policy import Grant, Resource, Subject, scope_of
from samarkiv_runtime.policy.query import Columns, where
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    insert,
    select,
)

from tests.unit.runtime.policy.test_decide import CALM, LIGHT, LISTED, SUBJECTS, THINGS

NAMES = ("tenant", "tenant_state", "authority", "custody", "state", "record_type", "agreement", "account")
THING = Table(
    "thing",
    MetaData(),
    *(Column(name, Text) for name in NAMES),
    Column("level", Integer, nullable=True),
    Column("protected", Boolean),
)


@pytest.fixture(scope="module")
def tx() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    THING.metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection


ALWAYS = {"tenant", "tenant_state"}


@given(
    SUBJECTS,
    THINGS,
    st.sampled_from(LISTED),
    st.frozensets(st.sampled_from([*NAMES, "level", "protected"])),
)
@CALM
def test_the_query_shows_what_the_scope_holds(
    tx: Connection, subject: Subject, resource: Resource, action: str, there: frozenset[str]
) -> None:
    there |= ALWAYS
    defaults = Resource()
    seen = replace(
        resource,
        **{name: getattr(defaults, name) for name in (*NAMES, "level", "protected") if name not in there},
    )
    tx.rollback()
    tx.execute(insert(THING).values(**{name: getattr(seen, name) for name in (*NAMES, "level", "protected")}))
    columns = Columns(**{name: THING.c[name] for name in there})
    scope = scope_of(subject, action, resource.part, LIGHT)
    shown = tx.execute(select(THING).where(where(scope, columns))).first() is not None
    assert shown == scope.holds(seen)


def test_an_archivist_sees_deliveries_of_every_board_and_the_archive_authority_those_in_control() -> None:
    board = Subject("person", "p", "a", "tnt-1", (Grant("archivist", "tnt-1", "*"),), 1, 0, "session")
    archive = replace(board, grants=(Grant("archivist", "tnt-1"),))
    delivery = Resource("delivery", "dlv", "tnt-1", authority="aut-1", state="rejected")
    for state, seen in (("rejected", False), ("held", True), ("passed", True), ("receiving", False)):
        one = replace(delivery, state=state)
        assert scope_of(board, "delivery.see", "metadata", LIGHT).holds(one)
        assert scope_of(archive, "delivery.see", "metadata", LIGHT).holds(one) is seen
