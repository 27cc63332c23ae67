"""The rows of `policy.tsv`, read once, and the closed lists of verbs and roles (POLICY §§1, 3)."""

from dataclasses import dataclass
from functools import cache
from importlib import resources

VERBS: dict[str, tuple[str, ...]] = {
    "tenant": ("see", "propose", "change", "suspend"),
    "authority": ("see", "propose", "change", "suspend"),
    "agreement": ("see", "propose", "change", "suspend"),
    "account": ("see", "create", "end"),
    "grant": ("see", "create", "end"),
    "delivery": ("see", "create", "upload", "commit", "correct", "sample", "approve", "return", "health"),
    "package": ("see", "export", "migrate", "transfer", "raise", "publish", "health"),
    "disposal": ("see", "propose", "approve"),
    "hold": ("set", "lift"),
    "record": ("find", "see", "breakglass"),
    "file": ("view", "download"),
    "derivative": ("view", "download"),
    "case": ("create", "follow", "fetch", "see", "assess", "decide"),
    "log": ("read", "verify", "review"),
    "event": ("see", "payload", "retry", "drop"),
    "job": ("see", "fetch"),
    "service": ("health", "internal"),
}
ACTIONS = frozenset(f"{noun}.{verb}" for noun, verbs in VERBS.items() for verb in verbs)

ROLES = (
    "producer",
    "archivist",
    "approver",
    "disclosure_officer",
    "staff_reader",
    "researcher",
    "auditor",
    "operator",
    "administrator",
)
ACCOUNT_ROLES = ("producer_system", "harvester", "operator_tool")
SERVICES = ("svc-ingest", "svc-preservation", "svc-search", "svc-access", "svc-disposal")
CONTENT_ROLES = ("producer", "archivist", "approver", "disclosure_officer", "staff_reader", "researcher")

_READING = {
    "see",
    "find",
    "view",
    "download",
    "export",
    "follow",
    "fetch",
    "read",
    "verify",
    "health",
    "sample",
}
# A suspended tenant can still be reinstated, its cases go on, and closing is always open (D2).
_UNTOUCHED = {"package.raise", "hold.set", "event.payload", "service.internal"}
WRITES = frozenset(
    action
    for action in ACTIONS
    if action.split(".")[1] not in _READING
    and action.split(".")[0] not in {"case", "tenant"}
    and action not in _UNTOUCHED
)

LISTS = {"@writes": WRITES, "*": ACTIONS}


@dataclass(frozen=True)
class Row:
    """One row: deny rows are named D…, permit rows P…."""

    name: str
    who: frozenset[str]
    actions: frozenset[str]
    when: tuple[str, ...]
    obligations: tuple[str, ...]

    @property
    def public(self) -> bool:
        """Return whether the row permits everyone."""
        return "everyone" in self.who


def parse(text: str) -> tuple[Row, ...]:
    """Return the rows of a policy table; raises ValueError for an action or role outside the closed lists."""
    rows = []
    known = {*ROLES, *ACCOUNT_ROLES, *SERVICES, "everyone", "account", "*"}
    for line in text.splitlines()[1:]:
        name, who, actions, when, obligations = line.split("\t")
        listed: set[str] = set()
        for part in actions.split(","):
            listed |= LISTS.get(part, {part})
        people = frozenset(who.split(","))
        if not listed <= ACTIONS or not people <= known:
            raise ValueError(
                f"policy.tsv {name}: unknown {sorted(listed - ACTIONS) or sorted(people - known)}"
            )
        rows.append(
            Row(
                name,
                people,
                frozenset(listed),
                tuple(when.split(";")) if when else (),
                tuple(obligations.split(",")) if obligations else (),
            )
        )
    return tuple(rows)


@cache
def rows() -> tuple[Row, ...]:
    """Return all rows in order."""
    return parse((resources.files("samarkiv_runtime.policy") / "policy.tsv").read_text(encoding="utf-8"))


@cache
def denies(action: str) -> tuple[Row, ...]:
    """Return the deny rows of an action, in order."""
    return tuple(row for row in rows() if row.name.startswith("D") and action in row.actions)


@cache
def permits(action: str) -> tuple[Row, ...]:
    """Return the permit rows of an action, in order."""
    return tuple(row for row in rows() if row.name.startswith("P") and action in row.actions)
