"""The preservation page: is everything safe? Counts only, for those who may see packages or their health."""

from datetime import datetime, timedelta
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from samarkiv_contracts.problems import Forbidden, NotSignedIn
from samarkiv_runtime.clock import rfc3339
from samarkiv_runtime.policy import Resource
from samarkiv_runtime.web import Caller, CallerOf, PolicyRouter

from samarkiv_access.domain import formats
from samarkiv_access.store import sums
from samarkiv_access.web.language import Tongue
from samarkiv_access.web.render import moment
from samarkiv_access.web.site import Site

OVERDUE_DAYS = 90


def routes(site: Site) -> PolicyRouter:
    """Return `/bevarande`."""
    router = PolicyRouter(include_in_schema=False)

    @router.get("/bevarande", action="package.see", part="registry")
    def holdings(request: Request, caller: CallerOf) -> HTMLResponse:
        return _holdings(site, request, caller)

    return router


def _seen_tenants(caller: Caller) -> list[str] | None:
    """Return the tenants whose holdings a caller may count, None for all; raises NotSignedIn, Forbidden."""
    if not caller.signed_in:
        raise NotSignedIn
    if caller.may("package.health", Resource("package", part="registry")):
        return None
    scope = caller.scope("package.see", "registry")
    if scope.all_tenants:
        return None
    if not scope.tenants:
        raise Forbidden(policy_code="no_grant")
    return sorted(scope.tenants)


def _holdings(site: Site, request: Request, caller: Caller) -> HTMLResponse:
    tongue = site.tongue(request)
    seen = _seen_tenants(caller)
    with site.desk.database.read() as tx:
        counts = sums.fixity_counts(tx, seen)
        checks = sums.checks(tx, seen)
        kinds = sums.formats(tx, seen)
        held = sums.holdings(tx, seen)
        migrated = sums.migrations(tx, seen)
    now = site.clock.now()
    late = rfc3339(now - timedelta(days=OVERDUE_DAYS))
    bad = sum(one.packages for one in counts if one.outcome == "bad")
    unknown = sum(one.packages for one in counts if one.outcome == "could_not_check")
    oldest = min((one.oldest for one in counts), default="")
    copies = sorted({one.copy_name for one in counts})
    return site.page(
        request,
        caller,
        "holdings.html",
        fault=None,
        answer=_answer(bad, unknown, bool(oldest) and oldest < late, bool(counts), tongue),
        figures=[
            {"figure": tongue.number(len(copies)), "text": tongue.say("kopior av varje paket")},
            {"figure": tongue.number(bad), "text": tongue.say("skadade")},
            {"figure": tongue.number(unknown), "text": tongue.say("kunde inte kontrolleras")},
            {
                "figure": _age(oldest, now, tongue),
                "text": tongue.say("äldsta kontroll, gräns {n} dagar", n=OVERDUE_DAYS),
            },
        ],
        formats=_formats(kinds, tongue),
        checks=[_check(one, tongue) for one in checks],
        copies=[_copy(name, counts, tongue) for name in copies],
        migrations=[_migration(one, tongue) for one in migrated],
        holdings=[
            {
                "tenant": one.tenant_name or "–",
                "authority": one.authority_name or "–",
                "packages": int(one.packages),
                "records": int(one.records or 0),
                "files": int(one.files or 0),
                "bytes": int(one.bytes or 0),
            }
            for one in held
        ],
    )


def _answer(bad: int, unknown: int, late: bool, any_checks: bool, tongue: Tongue) -> dict[str, str]:
    if bad:
        text = tongue.count(
            "En kopia är skadad. En hel kopia finns kvar.", "{n} kopior är skadade. Se listan nedan.", bad
        )
        return {"tone": "stop", "word": tongue.say("Skada funnen"), "text": text}
    if unknown:
        text = tongue.count(
            "Inga skador funna. En kopia kunde inte kontrolleras.",
            "Inga skador funna. {n} kopior kunde inte kontrolleras.",
            unknown,
        )
        return {"tone": "wait", "word": tongue.say("Kunde inte kontrolleras"), "text": text}
    if late:
        return {
            "tone": "wait",
            "word": tongue.say("Försenad kontroll"),
            "text": tongue.say("Inga skador funna, men någon kopia har inte lästs på länge."),
        }
    if not any_checks:
        return {"tone": "", "word": tongue.say("Tomt"), "text": tongue.say("Inget är lagrat ännu.")}
    return {
        "tone": "ok",
        "word": tongue.say("Oskadat"),
        "text": tongue.say("Inga skador funna. Varje kopia är läst och jämförd."),
    }


def _age(oldest: str, now: datetime, tongue: Tongue) -> str:
    if not oldest:
        return "–"
    days = max(0, (now - datetime.fromisoformat(oldest)).days)
    return tongue.count("1 dag", "{n} dagar", days)


def _formats(kinds: list[Any], tongue: Tongue) -> list[dict[str, Any]]:
    words = {
        formats.LOW: ("", tongue.say("låg")),
        formats.SOME: ("wait", tongue.say("måttlig")),
        formats.HIGH: ("stop", tongue.say("hög")),
        formats.UNKNOWN: ("wait", tongue.say("okänd")),
    }
    most = max((one.files for one in kinds), default=0) or 1
    told = []
    for one in kinds:
        tone, risk = words[formats.risk_of(one.puid)]
        told.append(
            {
                "name": formats.format_name(one.puid) or tongue.say("Okänt format"),
                "puid": one.puid if formats.format_name(one.puid) != one.puid else "",
                "risk": risk,
                "tone": tone,
                "files": int(one.files),
                "part": round(100 * one.files / most, 1),
            }
        )
    return told


def _outcome(outcome: str, tongue: Tongue) -> tuple[str, str]:
    return {
        "ok": ("ok", tongue.say("Oskadad")),
        "bad": ("stop", tongue.say("Skadad")),
        "could_not_check": ("wait", tongue.say("Kunde inte kontrolleras")),
    }.get(outcome, ("", outcome))


def _check(one: Any, tongue: Tongue) -> dict[str, str]:
    tone, word = _outcome(one.outcome, tongue)
    return {
        "title": named(one, one.package, tongue),
        "copy_name": one.copy_name.upper() if len(one.copy_name) == 1 else one.copy_name,
        "tone": tone,
        "word": word,
        "at": one.at,
    }


def named(one: Any, package: str, tongue: Tongue) -> str:
    """Return a package's label, or for a closed one only that it is a package: this page tells no content."""
    if one.label and one.level in {0, 1}:
        return str(one.label)
    return tongue.say("Paket {id}", id=package[5:13])


def _copy(name: str, counts: list[Any], tongue: Tongue) -> dict[str, str]:
    mine = [one for one in counts if one.copy_name == name]
    worst = next(
        (kind for kind in ("bad", "could_not_check", "ok") if any(one.outcome == kind for one in mine)), "ok"
    )
    tone, word = _outcome(worst, tongue)
    packages = sum(one.packages for one in mine)
    last = max(one.newest for one in mine)
    text = tongue.count(
        "Ett paket, senast läst {at}", "{n} paket, senast läst {at}", packages, at=moment(last)
    )
    return {"name": name.upper() if len(name) == 1 else name, "tone": tone, "word": word, "text": text}


def _migration(one: Any, tongue: Tongue) -> dict[str, str]:
    parts = []
    if one.migrated:
        parts.append(tongue.count("en fil jämförd och klar", "{n} filer jämförda och klara", one.migrated))
    if one.needs_review:
        parts.append(tongue.count("en behöver granskas", "{n} behöver granskas", one.needs_review))
    if one.could_not:
        parts.append(tongue.count("en kunde inte göras", "{n} kunde inte göras", one.could_not))
    return {"title": named(one, one.id, tongue), "text": ", ".join(parts)}
