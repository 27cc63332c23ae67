"""One delivery: what happened, what to do, the findings by rule, the journey and the receipts."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from samarkiv_contracts.problems import InvalidInput, NotFound
from samarkiv_runtime.policy import Resource
from samarkiv_runtime.web import Caller, CallerOf, PolicyRouter

from samarkiv_access.domain.journey import expected
from samarkiv_access.store import reads
from samarkiv_access.usecases import look
from samarkiv_access.usecases.tell import tell_story
from samarkiv_access.web.language import Tongue
from samarkiv_access.web.producer import TONES, capital, row
from samarkiv_access.web.record import steps_shown
from samarkiv_access.web.render import size
from samarkiv_access.web.site import Site

PLACES = 8
PACKAGES = 12


def routes(site: Site) -> PolicyRouter:
    """Return `/leverans/{id}`."""
    router = PolicyRouter(include_in_schema=False)

    @router.get("/leverans/{delivery}", action="delivery.see", part="metadata")
    def one(delivery: str, request: Request, caller: CallerOf, klart: str = "") -> HTMLResponse:
        return delivery_page(site, request, caller, delivery, done=klart)

    return router


def delivery_page(
    site: Site,
    request: Request,
    caller: Caller,
    delivery: str,
    *,
    done: str = "",
    wrong: Mapping[str, str] | None = None,
    reason: str = "",
) -> HTMLResponse:
    """Return the page of a delivery: what happened, what to do, the findings by rule, the journey, the receipts."""
    tongue = site.tongue(request)
    item = site.ask("ingest", f"/v1/deliveries/{delivery}", caller)
    findings = site.ask("ingest", f"/v1/deliveries/{delivery}/findings", caller, limit=500)["items"]
    one, told = row(item, tongue), groups(findings, tongue)
    happened, todo = _happened(one, tongue)
    one |= {"line": _line(one, tongue), "happened": happened, "todo": todo}
    errors = [{"field": name, "text": told} for name, told in (wrong or {}).items()]
    return site.page(
        request,
        caller,
        "delivery.html",
        status=422 if errors else 200,
        delivery=one,
        crumbs=[
            {"text": tongue.say("Leveranser"), "href": "/producent"},
            {"text": item.get("reference") or one["id"], "href": ""},
        ],
        done=_done(done, tongue),
        decide=one["state"] == "held" and _may_decide(item, caller),
        errors=errors,
        errors_by={"reason": "", **(wrong or {})},
        form={"reason": reason},
        groups=[one for one in told if one["severity"] != "INFO"],
        notes=[one for one in told if one["severity"] == "INFO"],
        counts=counts(one["findings"], tongue),
        no_findings=_no_findings(one["state"], tongue),
        packages=_packages(site, caller, one["packages"][:PACKAGES], tongue),
        more_packages=max(0, len(one["packages"]) - PACKAGES),
        story=_story(site, caller, delivery, item, tongue),
        receipts=[_receipt(receipt, tongue) for receipt in item.get("receipts") or ()],
    )


def _may_decide(item: Mapping[str, Any], caller: Caller) -> bool:
    # What it takes to decide is told when the button is pressed; here only who is a decider at all.
    tenant = str((item.get("tenant") or {}).get("id", ""))
    resource = Resource(
        "delivery",
        str(item["id"]),
        tenant,
        authority=str(item.get("authority") or ""),
        state="held",
        persons=frozenset(),
    )
    return caller.may("delivery.return", resource) or caller.may("delivery.approve", resource)


def _done(done: str, tongue: Tongue) -> str:
    return {
        "approve": tongue.say("Leveransen är godkänd för lagring. Beslutet står i historiken."),
        "return": tongue.say("Leveransen är återsänd. Producenten ser din motivering."),
    }.get(done, "")


def _line(one: Mapping[str, Any], tongue: Tongue) -> list[str]:
    files = tongue.count("en fil", "{n} filer", one["files"]) if one["files"] else ""
    amount = ", ".join(
        part for part in (files, size(one["bytes"], tongue.code) if one["bytes"] else "") if part
    )
    agreement = tongue.say("överenskommelse {ref}", ref=one["agreement"]) if one["agreement"] else ""
    source = tongue.say("från {source}", source=one["producer"]) if one["producer"] else ""
    return [part for part in (one["tenant"], source, agreement, amount) if part]


def _happened(one: Mapping[str, Any], tongue: Tongue) -> tuple[str, str]:
    """Return what has happened and what to do, in a sentence each (UI: never a success word before it is true)."""
    say = tongue.say
    errors = int((one["findings"] or {}).get("ERROR", 0))
    texts = {
        "announced": (say("Producenten har aviserat ett paket."), say("Arkivet hämtar det.")),
        "receiving": (say("Uppladdningen pågår."), say("Avbryts den går det att fortsätta där den slutade.")),
        "received": (
            say("Leveransen är mottagen och sparad."),
            say("Kontrollen börjar strax. Sidan uppdateras av sig själv."),
        ),
        "checking": (say("Leveransen kontrolleras."), say("Sidan uppdateras av sig själv.")),
        "held": (
            say("En människa måste ta ställning."),
            say("Läs avvikelserna och besluta, eller vänta på arkivets beslut."),
        ),
        "returned": (say("Arkivet ber om komplettering."), one["reason"] or say("Kontakta arkivet.")),
        "rejected": (
            tongue.count(
                "Leveransen är avvisad: ett fel hindrar.", "Leveransen är avvisad: {n} fel hindrar.", errors
            ),
            say("Rätta felen nedan och leverera på nytt. Ingenting har lagrats i arkivet."),
        ),
        "passed": (
            say("Kontrollen är klar utan hinder."),
            say("Arkivpaketet byggs och skrivs till kopiorna."),
        ),
        "accepted": (
            say("Leveransen är godkänd och lagrad."),
            say("Den går att söka fram. Leveransgodkännandet finns bland kvittona.")
            if one["indexed"]
            else say("Den läses in i sökningen. Leveransgodkännandet finns bland kvittona."),
        ),
        "parked": (
            say("Leveransen står still av ett tekniskt fel hos arkivet."),
            say("Ingenting har gått förlorat. Driften är underrättad; du behöver inte göra något."),
        ),
        "superseded": (say("Leveransen är ersatt av en ny."), ""),
    }
    happened, todo = texts.get(one["state"], (one["state_text"], ""))
    if one["test"] and one["state"] in {"passed", "accepted"}:
        todo = say("Det var en testleverans: ingenting lagras.")
    return happened, todo


def _no_findings(state: str, tongue: Tongue) -> str:
    if state in {"announced", "receiving", "received", "checking"}:
        return tongue.say("Kontrollen är inte klar.")
    return tongue.say("Inga avvikelser.")


def counts(findings: Mapping[str, Any], tongue: Tongue) -> list[str]:
    """Return how many errors, warnings and notes there are, in words; none are left out."""
    told = []
    if n := int(findings.get("ERROR", 0)):
        told.append(tongue.count("ett fel", "{n} fel", n))
    if n := int(findings.get("WARNING", 0)):
        told.append(tongue.count("en varning", "{n} varningar", n))
    if n := int(findings.get("INFO", 0)):
        told.append(tongue.count("en upplysning", "{n} upplysningar", n))
    return told


def groups(findings: Iterable[Mapping[str, Any]], tongue: Tongue) -> list[dict[str, Any]]:
    """Return findings grouped by rule, what blocks first."""
    words = {
        "ERROR": ("stop", tongue.say("Fel")),
        "WARNING": ("wait", tongue.say("Varning")),
        "INFO": ("", tongue.say("Upplysning")),
    }
    order = {"block": 0, "person": 1}
    by_rule: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for one in findings:
        by_rule.setdefault((str(one["code"]), str(one["severity"])), []).append(one)
    told = []
    for (code, severity), alike in by_rule.items():
        tone, word = words.get(severity, ("", severity))
        told.append(
            {
                "code": code,
                "severity": severity,
                "tone": tone,
                "word": word,
                "message": alike[0].get("message") or "",
                "hint": alike[0].get("hint") or "",
                "count": len(alike),
                "places": alike[:PLACES],
                "more": max(0, len(alike) - PLACES),
                "rank": (
                    order.get(str(alike[0].get("effect")), 2),
                    list(words).index(severity) if severity in words else 3,
                ),
            }
        )
    told.sort(key=lambda one: one["rank"])
    for n, one in enumerate(told):
        one["open"] = n == 0
    return told


def _packages(site: Site, caller: Caller, packages: list[str], tongue: Tongue) -> list[dict[str, str]]:
    with site.desk.database.read() as tx:
        first = reads.first_records(tx, packages)
    found = []
    for package in packages:
        held = first.get(package)
        title, href = tongue.say("Arkivpaket"), ""
        if held is not None:
            title = tongue.say("Handling som inte visas här")
            if caller.may("record.see", look.record_resource(held, "public_title")):
                title, href = look.seen_of(caller, held).title, f"/handling/{held.id}"
        found.append({"id": package, "title": title, "href": href})
    return found


def _story(
    site: Site, caller: Caller, delivery: str, item: Mapping[str, Any], tongue: Tongue
) -> list[dict[str, str]]:
    """Return the journey from events; ingest's own steps stand in while access has not heard of it yet."""
    try:
        steps = steps_shown(tell_story(site.desk.database, caller, delivery).steps, tongue)
    except (NotFound, InvalidInput):
        steps = []
    if steps:
        return steps
    events = list(item.get("events") or ())
    told = [
        {
            "tone": (TONES.get(str(one["state"]), "") or "ok") if one is events[-1] else "ok",
            "text": capital(str(one["text"])),
            "at": str(one["at"]),
        }
        for one in events
    ]
    waits = expected(str(item["state"]), test=bool(item.get("test")))
    return [*told, *steps_shown(waits, tongue)]


def _receipt(receipt: Mapping[str, Any], tongue: Tongue) -> dict[str, str]:
    words = {
        "received": tongue.say("Mottagningsbekräftelse"),
        "accepted": tongue.say("Leveransgodkännande"),
        "rejected": tongue.say("Besked om avvisning"),
    }
    kind = str(receipt["kind"])
    return {
        "href": f"/v1/receipts/{receipt['id']}",
        "text": words.get(kind, kind),
        "at": str(receipt["issued_at"]),
    }
