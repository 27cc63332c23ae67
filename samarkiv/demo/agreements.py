"""The demo's submission agreements: what blocks, what is only noted, who may see what."""

from dataclasses import dataclass

from samarkiv_ingest.domain.agreement import Mapping, Terms

DECISION = "Publiceringsbeslut KS 2026-000123 § 45"


@dataclass(frozen=True)
class Agreed:
    """An agreement to be: member and board by short name, reference, title, producer account, terms."""

    member: str
    board: str
    reference: str
    title: str
    producer: str
    terms: Terms
    valid_to: str = ""


REGISTER = Mapping(
    file="register.csv",
    columns={
        "title": "Ärendemening",
        "public_title": "Offentlig titel",
        "registry_no": "Diarienummer",
        "places": "Fastighet",
        "parties": "Part",
        "dates.decided": "Beslutsdatum",
        "files": "Filer",
        "level": "Nivå",
    },
    delimiter=";",
)

AGREEMENTS = (
    Agreed(
        "lindhamra",
        "ks",
        "DEMO-TOLERANT",
        "Prova egna paket, toleranta regler",
        "prova-tolerant",
        Terms(rules="tolerant", default_level=0, publication_decision=DECISION, record_type="Provhandling"),
    ),
    Agreed(
        "lindhamra",
        "ks",
        "DEMO-STRICT",
        "Prova egna paket, stränga regler",
        "prova-strikt",
        Terms(rules="strict", default_level=0, publication_decision=DECISION, record_type="Provhandling"),
    ),
    Agreed(
        "lindhamra",
        "bn",
        "LIN-BN-2026-1",
        "Bygglov 2009–2014",
        "lindhamra-bygglov",
        Terms(
            rules="tolerant",
            default_level=0,
            publication_decision=DECISION,
            record_type="Bygglov",
            series="F1 Bygglovsakter",
            mapping=REGISTER,
        ),
    ),
    Agreed(
        "lindhamra",
        "ks",
        "LIN-KS-2026-1",
        "Protokoll från fullmäktige och nämnder",
        "lindhamra-protokoll",
        Terms(
            rules="tolerant",
            profiles=("bagit",),
            default_level=0,
            publication_decision=DECISION,
            record_type="Protokoll",
            series="A1 Protokoll",
            custody="final",
        ),
    ),
    Agreed(
        "lindhamra",
        "bun",
        "LIN-BUN-2026-1",
        "Slutbetyg, gymnasieskolan",
        "lindhamra-betyg",
        Terms(
            rules="strict",
            profiles=("e-ark",),
            default_level=1,
            record_type="Slutbetyg",
            series="G2 Betyg",
        ),
    ),
    Agreed(
        "lindhamra",
        "sn",
        "LIN-SN-2026-1",
        "Personakter, individ- och familjeomsorg",
        "lindhamra-social",
        Terms(
            rules="strict",
            profiles=("e-ark",),
            default_level=2,
            record_type="Personakt",
            series="F2 Personakter",
        ),
    ),
    Agreed(
        "lindhamra",
        "ks",
        "LIN-KS-2026-2",
        "Avtal, granskas av arkivarie före godkännande",
        "lindhamra-avtal",
        Terms(rules="tolerant", approval="person", default_level=1, record_type="Avtal"),
    ),
    Agreed(
        "lindhamra",
        "bun",
        "LIN-BUN-2019-1",
        "Elevregister (utgången överenskommelse)",
        "lindhamra-elever",
        Terms(default_level=2, record_type="Elevregister"),
        valid_to="2024-12-31",
    ),
    Agreed(
        "kvarnasa",
        "ks",
        "KVA-KS-2026-1",
        "Diarieförda ärenden, löpande ström",
        "kvarnasa-diariet",
        Terms(
            rules="tolerant",
            default_level=0,
            publication_decision="Publiceringsbeslut KS 2026-000077 § 12",
            record_type="Ärende",
            series="E1 Diarieförda ärenden",
        ),
    ),
    Agreed(
        "kvarnasa",
        "mn",
        "KVA-MN-2026-1",
        "Miljötillsyn 1998–2014",
        "kvarnasa-miljo",
        Terms(
            rules="tolerant",
            default_level=0,
            publication_decision="Publiceringsbeslut MN 2026-000009 § 3",
            record_type="Tillsynsärende",
            series="F4 Tillsyn",
        ),
    ),
    Agreed(
        "kvarnasa",
        "ks",
        "KVA-KS-2026-2",
        "Fotografier ur kommunens bildarkiv",
        "kvarnasa-foto",
        Terms(
            rules="tolerant",
            default_level=0,
            publication_decision="Publiceringsbeslut KS 2026-000078 § 13",
            record_type="Fotografi",
            series="K3 Fotografier",
            custody="final",
        ),
    ),
)
