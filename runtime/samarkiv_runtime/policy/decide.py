"""The one policy function (POLICY §4): default deny, first the deny rows, then the permits, then what they oblige to."""

from dataclasses import dataclass, replace

from samarkiv_contracts.levels import Level

from samarkiv_runtime.policy import table
from samarkiv_runtime.policy.conditions import DENY, NO, PERMIT, Ask
from samarkiv_runtime.policy.model import Context, Decision, Resource, Subject
from samarkiv_runtime.policy.table import Row

# Registry rows of a delivery or package tell no content, so level 2 asks no purpose of them (P9).
CONTENT = frozenset({"public_title", "metadata", "file", "derivative"})
RENDERED = frozenset({"file.view", "derivative.view"})
STREAMED = RENDERED | {"file.download", "derivative.download", "package.export"}

_SEE = {
    "file": "record.see",
    "derivative": "record.see",
    "hold": "package.see",
    "log": "log.read",
    "service": "service.health",
}
_WEAKEST = {"delivery.see": "registry", "package.see": "public_title", "record.see": "public_title"}


@dataclass(frozen=True)
class _Denied:
    code: str
    public: bool


def is_public(action: str) -> bool:
    """Return whether everyone may be permitted the action: such a route needs no login."""
    return any(row.public for row in table.permits(action))


def obligations_of(row: Row, action: str, resource: Resource) -> frozenset[str]:
    """Return the single obligations of a permit (POLICY §5): bundles opened, level conditions applied."""
    named: set[str] = set()
    for token in row.obligations:
        condition, _, name = token.rpartition(":")
        if condition == "level2" and (resource.exposure is not Level.CLOSED or resource.part not in CONTENT):
            continue
        named.add(name)
    if "public" in named:
        named |= {"no_person", "rate"}
    if "strong" in named:
        named |= {"log", "purpose", "assurance", "login", "no_store", "rate"}
        named |= {"watermark"} if action in RENDERED else set()
        named |= {"recheck"} if action in STREAMED else set()
    if "decision" in named:
        named |= {"log", "reason", "assurance", "login"}
    return frozenset(named)


def unmet(ask: Ask, obligations: frozenset[str]) -> str:
    """Return the code of the first obligation the subject does not meet (D6), or an empty text."""
    strong = "strong" in obligations
    if not strong and "decision" not in obligations:
        return ""
    subject, context = ask.subject, ask.context
    if subject.token_kind in {"home", "personal"}:
        return "token_kind"
    if subject.assurance < min(3 if strong else 2, context.assurance_cap):
        return "assurance"
    minutes = 15 if "decision" in obligations else 60
    if context.now - subject.auth_time > minutes * 60:
        return "login_again"
    if strong and ask.resource.authority not in subject.purposes:
        return "purpose_required"
    return ""


def concerns(row: Row, subject: Subject) -> bool:
    """Return whether the row speaks of the subject at all."""
    if row.public or (subject.kind == "service" and subject.account in row.who):
        return True
    if "account" in row.who:
        return subject.kind in {"person", "service_account"}
    return any(grant.role in row.who for grant in subject.grants)


def _permitting(ask: Ask) -> tuple[list[Row], list[_Denied]]:
    """Return the rows that permit, obligations aside, and why the others of this subject did not."""
    found, missed = [], []
    for row in table.permits(ask.action):
        if not concerns(row, ask.subject):
            continue
        mine = [grant for grant in ask.subject.grants if grant.role in row.who]
        narrowed = replace(ask, grants=mine)
        code = next((code for name in row.when if (code := PERMIT[name](narrowed))), "")
        if code:
            missed.append(_Denied(code, row.public))
        else:
            found.append(row)
    return found, missed


def _denying(ask: Ask, *, publicly: bool) -> str:
    """Return the code of the first deny row that applies, or an empty text."""
    for row in table.denies(ask.action):
        for name in row.when:
            if name == "other_tenant" and publicly:
                continue
            denies, code = DENY[name]
            if denies(ask):
                return code
    return ""


def may_see(subject: Subject, action: str, resource: Resource, context: Context) -> bool:
    """Return whether the subject may see that very resource, obligations aside: 403 rather than 404 (POLICY §4)."""
    kind = action.split(".", maxsplit=1)[0]
    sees = ("case.see", "case.follow") if kind == "case" else (_SEE.get(kind, f"{kind}.see"),)
    for see in sees:
        ask = Ask(subject, see, replace(resource, part=_WEAKEST.get(see, resource.part)), context)
        found, _missed = _permitting(ask)
        if found and not _denying(ask, publicly=any(row.public for row in found)):
            return True
    return False


def decide(subject: Subject, action: str, resource: Resource, context: Context) -> Decision:
    """Decide one question; pure.

    Gives permit with obligations to fulfil, or deny with status (401, 403, 404) and code. Raises KeyError for
    an action outside the closed list, which is a fault of the caller and never a permit.
    """
    if action not in table.ACTIONS:
        raise KeyError(action)
    if subject.kind == "anonymous" and not is_public(action):
        return Decision(permit=False, status=401, code="not_signed_in")
    ask = Ask(subject, action, resource, context)
    found, missed = _permitting(ask)
    denied = _denying(ask, publicly=any(row.public for row in found))
    code = denied if denied not in {"", NO} else _why(missed)
    if not denied:
        reasons = []
        for row in found:
            obligations = obligations_of(row, action, resource)
            reason = unmet(ask, obligations)
            if not reason:
                return Decision(
                    permit=True, status=200, obligations=obligations, row=row.name, public=row.public
                )
            reasons.append(reason)
        code = reasons[0] if reasons else code
    visible = may_see(subject, action, resource, context)
    return Decision(permit=False, status=403 if visible else 404, code=code)


def _why(missed: list[_Denied]) -> str:
    """Return the code that says most: a role's own reason before the public's, any reason before none."""
    told = [miss for miss in missed if miss.code != NO]
    ranked = sorted(told, key=lambda miss: miss.public)
    return ranked[0].code if ranked else NO
