"""The demo's record stream: a hundred closed cases as CloudEvents, some with a planted situation."""

import base64
import hashlib
import random
from collections.abc import Iterator
from typing import Any

from samarkiv.demo import documents as made

AGREEMENT = "KVA-KS-2026-1"
PRODUCER = "kvarnasa-diariet"
SUBJECTS = (
    ("Detaljplan för kvarteret {q}", "detaljplan"),
    ("Medborgarförslag om belysning på {s}", "medborgarförslag"),
    ("Upphandling av skolskjuts {y}", "upphandling"),
    ("Motion om cykelväg längs {s}", "motion"),
    ("Granskning av vatten- och avloppsavgift {y}", "taxa"),
    ("Remiss om kollektivtrafik i Kvarnåsa", "remiss"),
    ("Bidrag till hembygdsföreningen {y}", "bidrag"),
    ("Yttrande över vindkraftspark vid {s}", "yttrande"),
)
QUARTERS = ("Eken", "Linden", "Ugglan", "Älgen", "Örnen", "Ängen")


def events(seed: int, count: int) -> Iterator[dict[str, Any]]:
    """Yield `record.closed` events; every 9th is on request, the 50th has a personal number in its public title."""
    rng = random.Random(seed)
    for number in range(1, count + 1):
        year = 2015 + number % 8
        pattern, kind = SUBJECTS[number % len(SUBJECTS)]
        title = pattern.format(q=rng.choice(QUARTERS), s=rng.choice(made.STREETS), y=year)
        dnr = f"KS {year}-{number:06d}"
        public = title if number != 50 else f"{title}, sökande 19121212-1212"
        yield _event(number, _case(rng, number, dnr, title, public, kind, year))


def bad_event(count: int) -> dict[str, Any]:
    """Return an event whose document does not have the digest it claims: it parks alone."""
    rng = random.Random(666)
    case = _case(
        rng,
        count + 1,
        f"KS 2022-{count + 1:06d}",
        "Ärende med skadat dokument",
        "Ärende med skadat dokument",
        "övrigt",
        2022,
    )
    case["documents"] = [
        {"name": "skadat.pdf", "sha256": "0" * 64, "bytes": 3, "location": f"drop/{'0' * 64}"},
    ]
    return _event(count + 1, case)


def _event(number: int, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"kva-{number:06d}",
        "source": "/kvarnasa/diariet",
        "type": "se.samarkiv.record.closed.v1",
        "time": "2026-03-02T08:00:00Z",
        "datacontenttype": "application/json",
        "data": data,
    }


def _case(
    rng: random.Random, number: int, dnr: str, title: str, public: str, kind: str, year: int
) -> dict[str, Any]:
    opened = f"{year}-{rng.randint(1, 6):02d}-{rng.randint(1, 28):02d}"
    closed = f"{year}-{rng.randint(7, 12):02d}-{rng.randint(1, 28):02d}"
    decision = made.pdf(
        f"Beslut {dnr}", [f"Ärende: {title}", f"Kommunstyrelsen beslutade den {closed}.", *made.prose(rng, 4)]
    )
    letter = f"Inkommen skrivelse i ärende {dnr}\r\n\r\n{' '.join(made.prose(rng, 3))}\r\n".encode()
    return {
        "agreement": AGREEMENT,
        "case_id": dnr,
        "title": title,
        "public_title": public,
        "record_type": "Ärende",
        "registry_no": dnr,
        "classification": f"1.{number % 5 + 1}.{number % 3 + 1}",
        "description": f"Diariefört ärende om {kind}.",
        "level": 1 if number % 9 == 0 else 0,
        "dates": {"opened": opened, "closed": closed},
        "parties": [made.person(rng)],
        "documents": [_document("beslut.pdf", decision), _document("inkommen skrivelse.txt", letter)],
    }


def _document(name: str, body: bytes) -> dict[str, Any]:
    return {
        "name": name,
        "sha256": hashlib.sha256(body).hexdigest(),
        "bytes": len(body),
        "inline": base64.b64encode(body).decode(),
    }
