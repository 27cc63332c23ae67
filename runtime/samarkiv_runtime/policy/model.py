"""The words of the policy: subject, grant, resource, context, decision, scope (POLICY §§1–5)."""

from dataclasses import dataclass
from typing import Literal

from samarkiv_contracts.levels import Level

SubjectKind = Literal["anonymous", "person", "service_account", "service"]
TokenKind = Literal["none", "session", "personal", "service", "home", "internal"]
Part = Literal["public_title", "metadata", "file", "derivative", "log", "registry", "event"]

ALL = "all"  # the archive authority's reach
EVERY = "*"  # every board (or tenant) by name: demo staff, house administrator, operator, home account


BY_SESSION: TokenKind = "session"
BY_HOME: TokenKind = "home"
BY_SERVICE: TokenKind = "internal"


@dataclass(frozen=True)
class Grant:
    """A role in a tenant, in force now (dates and mandates are checked where grants are kept).

    `authority` is an id (that board), `all` (acts for the archive authority) or `*` (every board by name).
    `tenant` is an id or `*` (every tenant). `record_types` None means all types.
    """

    role: str
    tenant: str
    authority: str = ALL
    record_types: frozenset[str] | None = None


@dataclass(frozen=True)
class Subject:
    """Who asks. `person` is one human however many accounts; `auth_time` is in epoch seconds."""

    kind: SubjectKind = "anonymous"
    person: str = ""
    account: str = ""
    tenant: str = ""
    grants: tuple[Grant, ...] = ()
    assurance: int = 0
    auth_time: int = 0
    token_kind: TokenKind = "none"  # noqa: S105 — a kind, no secret
    agreements: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    act: str = ""
    demo: bool = False


ANONYMOUS = Subject()


@dataclass(frozen=True)
class Resource:
    """What is asked for. The defaults are the closed ones: level unknown = 2, persons unknown = list incomplete."""

    kind: str = ""
    id: str = ""
    tenant: str = ""
    tenant_state: str = "active"
    authority: str = ""
    record_type: str = ""
    level: int | None = None
    custody: str = "intermediate"
    protected: bool = False
    state: str = ""
    hold: bool = False
    open_case: bool = False
    persons: frozenset[str] | None = None
    part: str = "metadata"
    agreement: str = ""
    account: str = ""

    @property
    def exposure(self) -> Level:
        """Return the level that counts: unknown and protected are closed (POLICY §2)."""
        if self.protected or self.level not in {0, 1}:
            return Level.CLOSED
        return Level(self.level)


@dataclass(frozen=True)
class Context:
    """What else a decision needs to know. `now` is epoch seconds; facts that are not told are false."""

    now: int = 0
    assurance_cap: int = 1
    export_as: str = ""
    lossy: bool = False
    decision: str = ""
    decision_covers: bool = False
    role: str = ""
    grantee: str = ""
    free_text: bool = False
    right_code: bool = False
    in_time: bool = False
    of_case: bool = False
    on_room_list: bool = False


@dataclass(frozen=True)
class Decision:
    """The answer. `obligations` are to be fulfilled before anything is sent; `status` 200 permits."""

    permit: bool
    status: int
    code: str = ""
    obligations: frozenset[str] = frozenset()
    row: str = ""
    public: bool = False


@dataclass(frozen=True)
class Reach:
    """One conjunction of a list filter; None means no condition on that attribute."""

    tenant: str = EVERY
    authority: str = EVERY
    custody: str | None = None
    states: frozenset[str] | None = None
    levels: frozenset[int] | None = None
    record_types: frozenset[str] | None = None
    agreements: frozenset[str] | None = None
    account: str | None = None
    public: bool = False

    def holds(self, resource: Resource) -> bool:
        """Return whether the resource lies within this conjunction."""
        return (
            self.tenant in {EVERY, resource.tenant}
            and self.authority in {EVERY, resource.authority}
            and self.custody in {None, resource.custody}
            and (self.states is None or resource.state in self.states)
            and (self.levels is None or int(resource.exposure) in self.levels)
            and (self.record_types is None or resource.record_type in self.record_types)
            and (self.agreements is None or resource.agreement in self.agreements)
            and self.account in {None, resource.account}
        )


@dataclass(frozen=True)
class Scope:
    """What a list may show: the union of its reaches. `left_out` says that level 2 was left out for want of a purpose."""

    reaches: tuple[Reach, ...] = ()
    obligations: frozenset[str] = frozenset()
    left_out: bool = False

    @property
    def all_tenants(self) -> bool:
        """Return whether any reach beyond the public one spans all tenants."""
        return any(reach.tenant == EVERY and not reach.public for reach in self.reaches)

    @property
    def tenants(self) -> frozenset[str]:
        """Return the tenants named in reaches."""
        return frozenset(reach.tenant for reach in self.reaches if reach.tenant != EVERY)

    @property
    def public_only(self) -> bool:
        """Return whether nothing but what everyone sees is reached."""
        return all(reach.public for reach in self.reaches)

    @property
    def public_levels(self) -> frozenset[int]:
        """Return the levels everyone sees in this list."""
        return frozenset(
            level for reach in self.reaches if reach.public for level in (reach.levels or frozenset())
        )

    def holds(self, resource: Resource) -> bool:
        """Return whether the list may show the resource (closed tenants never)."""
        return resource.tenant_state != "closed" and any(reach.holds(resource) for reach in self.reaches)
