"""The caller of a request: who, in which language, and what they may do. The only way from a route to the policy."""

import logging
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from samarkiv_contracts.findings import Finding, Layer, Severity
from samarkiv_contracts.problems import (
    Forbidden,
    InvalidInput,
    NotFound,
    NotSignedIn,
    TooManyRequests,
    Unavailable,
)
from samarkiv_contracts.text import Text

from samarkiv_runtime.policy import Context, Decision, Resource, Scope, Subject, decide, scope_of
from samarkiv_runtime.policy.codes import text_of
from samarkiv_runtime.policy.log import AccessRow
from samarkiv_runtime.tokens import Identity
from samarkiv_runtime.web.context import WebContext

# What this room fulfils by itself; a route names what it adds (`recheck`, `watermark`, …). The rest denies.
FULFILLED = frozenset(
    {
        "public",
        "no_person",
        "rate",
        "log",
        "strong",
        "decision",
        "purpose",
        "assurance",
        "login",
        "reason",
        "no_store",
    }
)
ALARM_PER_HOUR, STOP_PER_HOUR = 30, 100
RECHECK_BYTES, RECHECK_S = 2**20, 5.0
_log = logging.getLogger(__name__)


@dataclass
class Caller:
    """One request's caller. Never kept beyond the request."""

    identity: Identity
    language: str
    correlation: str
    context: WebContext
    network: str = ""
    private: bool = False

    @property
    def subject(self) -> Subject:
        """Return who asks."""
        return self.identity.subject

    @property
    def signed_in(self) -> bool:
        """Return whether the caller is anyone but the public."""
        return self.subject.kind != "anonymous"

    def _light(self, facts: dict[str, Any]) -> Context:
        return Context(now=self.context.now(), assurance_cap=self.context.assurance_cap, **facts)

    # ------------------------------------------------------------------ questions

    def may(self, action: str, resource: Resource, **facts: Any) -> bool:
        """Return whether `must` would permit, without logging or fulfilling anything (for links and filters)."""
        decision = decide(self.subject, action, resource, self._light(facts))
        return decision.permit and (decision.public or not self.identity.stale)

    def must(
        self,
        action: str,
        resource: Resource,
        *,
        fulfils: Collection[str] = (),
        reason: str = "",
        **facts: Any,
    ) -> Decision:
        """Permit or raise, with every obligation fulfilled when it returns.

        `facts` are fields of the policy's Context (`export_as`, `lossy`, `decision`, …). Raises NotSignedIn,
        NotFound (hidden = absent), Forbidden with the policy's code, InvalidInput when a decision lacks its
        reason, TooManyRequests, Unavailable when the log or the revocation list is out of reach.
        """
        decision = decide(self.subject, action, resource, self._light(facts))
        if not decision.permit:
            self._deny(decision, action, resource)
        if self.identity.stale and not decision.public:
            raise Unavailable(
                "Behörigheten kan inte kontrolleras just nu.", "Grants cannot be checked at the moment."
            )
        missing = decision.obligations - FULFILLED - frozenset(fulfils)
        if missing:
            self._deny(Decision(permit=False, status=403, code="obligation"), action, resource)
        if "reason" in decision.obligations and not reason.strip():
            raise InvalidInput(findings=(_no_reason(),))
        self._rate(decision)
        if "log" in decision.obligations:
            self.context.access_log.write(self._row(decision, action, resource, reason))
        if decision.public:
            self.context.meters.count("samarkiv_public_reads_total", action=action)
        else:
            self.private = True
        return decision

    async def must_async(self, action: str, resource: Resource, **more: Any) -> Decision:
        """Ask `must` from an async route without holding up the loop (it may write a log row)."""
        return await run_in_threadpool(self.must, action, resource, **more)

    def scope(self, action: str, part: str = "metadata") -> Scope:
        """Return what a list may show; its use by a signed-in caller is logged once. Raises as `must` does."""
        scope = scope_of(self.subject, action, part, self._light({}))
        if self.identity.stale and not scope.public_only:
            raise Unavailable(
                "Behörigheten kan inte kontrolleras just nu.", "Grants cannot be checked at the moment."
            )
        if "log" in scope.obligations and not scope.public_only:
            self.private = True
            listed = Resource(action.split(".", maxsplit=1)[0], part=part)
            self.context.access_log.write(self._row(Decision(True, 200, row="list"), action, listed, ""))
        return scope

    def rechecked(
        self, chunks: Iterable[bytes], action: str, resource: Resource, **facts: Any
    ) -> Iterator[bytes]:
        """Pass bytes on while the right lasts: asked again every 1 MiB or 5 s (obligation `recheck`).

        Raises NotSignedIn, NotFound or Forbidden in the middle, which cuts the stream.
        """
        sent, since = 0, time.monotonic()
        for chunk in chunks:
            if sent >= RECHECK_BYTES or time.monotonic() - since >= RECHECK_S:
                if self.identity.token:
                    self.context.verifier.recheck(self.identity)
                decision = decide(self.subject, action, resource, self._light(facts))
                if not decision.permit:
                    self._deny(decision, action, resource)
                sent, since = 0, time.monotonic()
            sent += len(chunk)
            yield chunk

    # ------------------------------------------------------------------ answers

    def _deny(self, decision: Decision, action: str, resource: Resource) -> None:
        if self.signed_in:
            self.context.access_log.write(self._row(decision, action, resource, ""))
        self.context.meters.count("samarkiv_denials_total", action=action, code=decision.code)
        if decision.status == 401:
            raise NotSignedIn(headers={"WWW-Authenticate": "Bearer"})
        if decision.status == 404:
            raise NotFound
        text = text_of(decision.code)
        raise Forbidden(text.sv, text.en, policy_code=decision.code)

    def _rate(self, decision: Decision) -> None:
        if "rate" in decision.obligations and "strong" not in decision.obligations:
            self.context.pace.take(self.network, self.context.clock.monotonic())
        if "strong" not in decision.obligations:
            return
        now = self.context.clock.monotonic()
        reads = self.context.strong_reads.setdefault(self.subject.account, deque())
        while reads and now - reads[0] > 3600:
            reads.popleft()
        if len(reads) >= STOP_PER_HOUR:
            raise TooManyRequests(headers={"Retry-After": str(int(3600 - (now - reads[0])) + 1)})
        reads.append(now)
        if len(reads) == ALARM_PER_HOUR:
            _log.warning(
                "many_closed_records_read", extra={"account": self.subject.account, "reads": len(reads)}
            )

    def _row(self, decision: Decision, action: str, resource: Resource, reason: str) -> AccessRow:
        subject = self.subject
        return AccessRow(
            at_ms=int(self.context.clock.now().timestamp() * 1000),
            service=self.context.service,
            correlation=self.correlation,
            account=subject.account,
            person=subject.person,
            act=subject.act,
            token_kind=subject.token_kind,
            action=action,
            permit=decision.permit,
            row=decision.row,
            code=decision.code,
            kind=resource.kind,
            id=resource.id,
            part=resource.part,
            tenant=resource.tenant,
            authority=resource.authority,
            reason=reason[:2000],
        )


def _no_reason() -> Finding:
    return Finding(
        code="reason_required",
        severity=Severity.ERROR,
        layer=Layer.STRUCTURE,
        message=Text(sv="Beslutet saknar motivering.", en="The decision lacks a reason."),
        hint=Text(sv="Skriv varför.", en="Say why."),
        place="reason",
    )


async def caller_of(request: Request) -> Caller:
    """Return the caller that the door has identified; for use as a dependency."""
    caller: Caller = request.state.caller
    return caller


CallerOf = Annotated[Caller, Depends(caller_of)]
