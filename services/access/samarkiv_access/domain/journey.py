"""A journey in plain words: every event a sentence, with the colour it has (DESIGN §3.8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from samarkiv_contracts.states import word
from samarkiv_contracts.text import Text

NUMBERS_SV = ("noll", "en", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv")
NUMBERS_EN = (
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)


@dataclass(frozen=True)
class Step:
    """One sentence: `tone` is ok, wait, stop or next; `at` is empty for what has not happened."""

    tone: str
    text: Text
    at: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Told:
    """An event as it lies in the table."""

    type: str
    at: str
    data: Mapping[str, Any]
    package: str = ""


def spelled(n: int, language: str) -> str:
    """Return small numbers in letters, others in digits."""
    words = NUMBERS_EN if language == "en" else NUMBERS_SV
    return words[n] if 0 <= n < len(words) else str(n)


def _grouped(n: int) -> str:
    return f"{n:,}".replace(",", "\N{NO-BREAK SPACE}")


def _files(n: int) -> tuple[str, str]:
    return (f"{_grouped(n)} {'fil' if n == 1 else 'filer'}", f"{n:,} {'file' if n == 1 else 'files'}")


def _text(sv: str, en: str) -> Text:
    return Text(sv=sv, en=en)


def _copies(n: int) -> Text:
    one = n == 1
    return _text(
        f"{spelled(n, 'sv')} {'kopia' if one else 'kopior'}",
        f"{spelled(n, 'en')} {'copy' if one else 'copies'}",
    )


def _received(told: Told) -> Step:
    if told.data.get("way") == "records":
        return Step("ok", _text("Mottagen som en ström av ärenden", "Received as a stream of records"))
    return Step(
        "ok",
        _text(
            "Mottagen. Innehållet är sparat och läst tillbaka, mottagningsbekräftelsen utfärdad",
            "Received. The content is saved and read back, and the receipt of delivery issued",
        ),
    )


def _held(told: Told) -> Step:
    n = int(told.data.get("findings", 0))
    return Step(
        "wait",
        _text(
            f"Kontrollen är klar med {_grouped(n)} {'anmärkning' if n == 1 else 'anmärkningar'}; en arkivarie måste ta ställning",
            f"Checked, with {n:,} {'finding' if n == 1 else 'findings'}; an archivist must decide",
        ),
    )


def _rejected(told: Told) -> Step:
    codes = ", ".join(list(told.data.get("codes", ()))[:4])
    return Step(
        "stop",
        _text(
            f"Avvisad: {codes or 'en regel är bruten'}. Rapporten är skickad, ingenting är lagrat",
            f"Rejected: {codes or 'a rule is broken'}. The report is sent, nothing is stored",
        ),
    )


def _passed(told: Told) -> Step:
    sv, en = _files(int(told.data.get("files", 0)))
    n = len(told.data.get("packages", ()))
    return Step(
        "ok",
        _text(
            f"Utan anmärkning i mottagningskontrollen: {sv} blir {'ett' if n == 1 else spelled(n, 'sv')} arkivpaket",
            f"Passed acceptance control: {en} become {spelled(n, 'en')} archive {'package' if n == 1 else 'packages'}",
        ),
    )


def _accepted(told: Told) -> Step:
    copies = _copies(int(told.data.get("copies", 0)))
    return Step(
        "ok",
        _text(
            f"Godkänd, lagrad i {copies.sv}. Leveransgodkännandet är utfärdat",
            f"Accepted, stored in {copies.en}. The acceptance receipt is issued",
        ),
    )


def _stored(told: Told) -> Step:
    copies = _copies(len(told.data.get("copies", ())))
    sv, en = _files(int(told.data.get("files", 0)))
    return Step(
        "ok",
        _text(f"Lagrad i {copies.sv} och läst tillbaka, {sv}", f"Stored in {copies.en} and read back, {en}"),
    )


def _updated(told: Told) -> Step:
    change = told.data.get("change")
    texts = {
        "derivatives": _text(
            "Text och bilder för visning har tagits fram", "Text and images for viewing were made"
        ),
        "description": _text("Beskrivningen har fått en ny version", "The description has a new version"),
        "rebuilt": _text(
            "Registret återskapades ur kopiorna; tidigare steg står i paketet självt",
            "The register was rebuilt from the copies; earlier steps stand in the package itself",
        ),
    }
    return Step("ok", texts.get(str(change), texts["description"]))


def _migrated(told: Told) -> Step:
    n, review, failed = (int(told.data.get(key, 0)) for key in ("migrated", "needs_review", "could_not"))
    sv, en = _files(n)
    rest_sv = (f", {review} behöver granskas" if review else "") + (
        f", {failed} kunde inte göras" if failed else ""
    )
    rest_en = (f", {review} to be reviewed" if review else "") + (
        f", {failed} could not be made" if failed else ""
    )
    return Step(
        "wait" if review or failed else "ok",
        _text(
            f"{sv} fick ett jämfört bevarandeexemplar{rest_sv}",
            f"{en} got a preservation copy, compared with the original{rest_en}",
        ),
    )


def _indexed(told: Told) -> Step:
    full = told.data.get("coverage") == "text"
    return Step(
        "ok",
        _text("Sökbar, även på texten i filerna", "Searchable, by the text of its files too")
        if full
        else _text("Sökbar på namn och uppgifter", "Searchable by names and metadata"),
    )


def _fixity_bad(told: Told) -> Step:
    name = told.data.get("copy_name", "")
    if told.data.get("outcome") == "could_not_check":
        return Step(
            "wait", _text(f"Kopia {name} kunde inte kontrolleras", f"Copy {name} could not be checked")
        )
    return Step("stop", _text(f"Kopia {name} är skadad", f"Copy {name} is damaged"))


def _repaired(told: Told) -> Step:
    name, source = told.data.get("copy_name", ""), told.data.get("source_copy", "")
    return Step(
        "ok",
        _text(
            f"Kopia {name} ersattes av en kontrollerad kopia från {source}",
            f"Copy {name} was replaced by a verified copy from {source}",
        ),
    )


def _checked(told: Told) -> Step:
    if told.data.get("outcome") == "ok":
        return Step("ok", _text("Kopiorna kontrollerade, oförändrade", "The copies were checked, unchanged"))
    return _fixity_bad(told)


def _parked(told: Told) -> Step:
    code = told.data.get("code", "")
    return Step(
        "stop",
        _text(
            f"Stoppad av ett tekniskt fel hos arkivet ({code}). Ingenting har gått förlorat, driften är underrättad",
            f"Stopped by a technical fault of the archive ({code}). Nothing is lost, the operator has been told",
        ),
    )


def _returned(_told: Told) -> Step:
    return Step(
        "stop", _text("Återsänd: arkivet ber om komplettering", "Returned: the archive asks for more")
    )


def _restricted(_told: Told) -> Step:
    return Step("ok", _text("Handlingens öppenhet har ändrats", "The exposure of the record was changed"))


_BY_TYPE = {
    "se.samarkiv.delivery.received.v1": _received,
    "se.samarkiv.delivery.held.v1": _held,
    "se.samarkiv.delivery.returned.v1": _returned,
    "se.samarkiv.delivery.rejected.v1": _rejected,
    "se.samarkiv.delivery.passed.v1": _passed,
    "se.samarkiv.delivery.accepted.v1": _accepted,
    "se.samarkiv.package.stored.v1": _stored,
    "se.samarkiv.package.updated.v1": _updated,
    "se.samarkiv.package.migrated.v1": _migrated,
    "se.samarkiv.package.restricted.v1": _restricted,
    "se.samarkiv.package.indexed.v1": _indexed,
    "se.samarkiv.fixity.checked.v1": _checked,
    "se.samarkiv.fixity.failed.v1": _fixity_bad,
    "se.samarkiv.fixity.repaired.v1": _repaired,
    "se.samarkiv.event.parked.v1": _parked,
}
# Within one second things are told in the order of the walk: stored in every copy comes before accepted.
_LATE = "se.samarkiv.delivery.accepted.v1"
_ORDER = [kind for kind in _BY_TYPE if kind != _LATE]
_ORDER.insert(_ORDER.index("se.samarkiv.package.stored.v1") + 1, _LATE)
_ONCE_MANY = {
    "se.samarkiv.package.stored.v1",
    "se.samarkiv.package.indexed.v1",
    "se.samarkiv.package.updated.v1",
}


def tell(events: Sequence[Told]) -> list[Step]:
    """Return the story: events in time (and walk order within a second), many alike packages in one sentence."""
    known = [one for one in events if one.type in _BY_TYPE]
    known.sort(key=lambda one: (one.at, _ORDER.index(one.type), str(one.data.get("coverage", ""))))
    packages = {one.package for one in known if one.package}
    steps: list[Step] = []
    gathered: dict[tuple[str, str], list[Told]] = {}
    for one in known:
        key = (one.type, str(one.data.get("change") or one.data.get("coverage") or ""))
        if len(packages) > 1 and one.type in _ONCE_MANY:
            gathered.setdefault(key, []).append(one)
            if len(gathered[key]) == sum(_same(other, key) for other in known):
                steps.append(_many(gathered[key]))
            continue
        step = _BY_TYPE[one.type](one)
        steps.append(Step(step.tone, step.text, one.at, one.type))
    return steps


def _same(one: Told, key: tuple[str, str]) -> bool:
    return (one.type, str(one.data.get("change") or one.data.get("coverage") or "")) == key


def _many(alike: Sequence[Told]) -> Step:
    last, n = alike[-1], len({one.package for one in alike})
    step = _BY_TYPE[last.type](last)
    if n == 1:
        return Step(step.tone, step.text, last.at, last.type)
    if last.type == "se.samarkiv.package.stored.v1":
        copies = _copies(len(last.data.get("copies", ())))
        text = _text(
            f"{_grouped(n)} arkivpaket lagrade i {copies.sv} och lästa tillbaka",
            f"{n:,} archive packages stored in {copies.en} and read back",
        )
    else:
        text = _text(f"{step.text.sv} ({_grouped(n)} paket)", f"{step.text.en} ({n:,} packages)")
    return Step(step.tone, text, last.at, last.type)


def expected(state: str, *, test: bool = False) -> list[Step]:
    """Return what is still to come for a delivery in a state, as steps without a time."""
    if test and state in {"accepted", "passed"}:
        return []
    waits = {
        "announced": ("received", "checking", "accepted"),
        "receiving": ("received", "checking", "accepted"),
        "received": ("checking", "accepted", "indexed"),
        "checking": ("accepted", "indexed"),
        "held": ("accepted", "indexed"),
        "passed": ("accepted", "indexed"),
    }.get(state, ())
    if state in {"rejected", "returned"}:
        return [
            Step(
                "next", _text("En rättad leverans från producenten", "A corrected delivery from the producer")
            )
        ]
    if test:
        waits = tuple(one for one in waits if one not in {"accepted", "indexed"})
    return [Step("next", _text(_capital(word(one, "sv")), _capital(word(one, "en")))) for one in waits]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
