"""A scope as one SQL condition, so that every list has the same filter as the decision (POLICY §7)."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, or_, true

from samarkiv_runtime.policy.model import EVERY, Reach, Resource, Scope


@dataclass(frozen=True)
class Columns:
    """The columns of a table that the policy asks about; where there is none, the (closed) default of Resource counts."""

    tenant: ColumnElement[str] | None = None
    authority: ColumnElement[str] | None = None
    custody: ColumnElement[str] | None = None
    state: ColumnElement[str] | None = None
    level: ColumnElement[int] | None = None
    protected: ColumnElement[bool] | None = None
    record_type: ColumnElement[str] | None = None
    agreement: ColumnElement[str] | None = None
    account: ColumnElement[str] | None = None
    tenant_state: ColumnElement[str] | None = None


def where(scope: Scope, columns: Columns) -> ColumnElement[bool]:
    """Return the condition under which a row may be shown."""
    shown = or_(false(), *(_condition(reach, columns) for reach in scope.reaches))
    if columns.tenant_state is not None:
        return and_(columns.tenant_state != "closed", shown)
    return shown


_DEFAULT = Resource()


def _condition(reach: Reach, columns: Columns) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [true()]
    equal = (
        (reach.tenant if reach.tenant != EVERY else None, columns.tenant, _DEFAULT.tenant),
        (reach.authority if reach.authority != EVERY else None, columns.authority, _DEFAULT.authority),
        (reach.custody, columns.custody, _DEFAULT.custody),
        (reach.account, columns.account, _DEFAULT.account),
    )
    for value, column, default in equal:
        if value is None or (column is None and value == default):
            continue
        if column is None:
            return false()
        parts.append(column == value)
    among = (
        (reach.states, columns.state, _DEFAULT.state),
        (reach.record_types, columns.record_type, _DEFAULT.record_type),
        (reach.agreements, columns.agreement, _DEFAULT.agreement),
    )
    for values, column, default in among:
        if values is None or (column is None and default in values):
            continue
        if column is None:
            return false()
        parts.append(column.in_(sorted(values)))
    if reach.levels is not None:
        parts.append(_level(reach.levels, columns))
    return and_(*parts)


def _level(levels: frozenset[int], columns: Columns) -> ColumnElement[bool]:
    level = columns.level
    if level is None:
        return true() if 2 in levels else false()
    open_rows = and_(
        level.in_(sorted(levels & {0, 1})), *([~columns.protected] if columns.protected is not None else [])
    )
    if 2 not in levels:
        return open_rows
    closed: list[ColumnElement[bool]] = [level.is_(None), level.not_in([0, 1])]
    if columns.protected is not None:
        closed.append(columns.protected)
    return or_(open_rows, *closed)
