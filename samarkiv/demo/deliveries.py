"""The demo's deliveries: real content, at least four package kinds, and planted faults so that every outcome is seen."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from samarkiv.demo import documents as made
from samarkiv.demo import packages as pack

Files = pack.Files


@dataclass(frozen=True)
class Sent:
    """A delivery to be: under which agreement, its name and bytes, how it must end, and what the scene shows."""

    agreement: str
    title: str
    name: str
    body: Callable[[], bytes]
    outcome: str
    scene: str
    test: bool = False
    then: str = ""


def _decision(rng: random.Random, dnr: str, designation: str, matter: str) -> bytes:
    paragraphs = [
        f"Diarienummer: {dnr}",
        f"Fastighet: {designation}. Adress: {made.address(rng)}.",
        f"Byggnadsnämnden i Lindhamra kommun beslutar om bygglov för {matter}.",
        *made.prose(rng, 6),
    ]
    return made.pdf(f"Beslut om bygglov, {designation}", paragraphs, pages=1)


def permits(seed: int, count: int, year: int) -> Files:
    """Return building permits: a register and, per case, decision, drawing, point and application."""
    rng = random.Random(seed)
    files: Files = {}
    rows = []
    for number in range(1, count + 1):
        dnr = f"BN {year}-{number + 400:06d}"
        designation = f"LINDHAMRA {rng.choice(('TALLEN', 'KVARNVINGEN', 'ÅKERN', 'HÖJDEN', 'SJÖBODEN'))} {rng.randint(1, 9)}:{number}"
        matter = made.MATTERS[number % len(made.MATTERS)]
        folder = f"bygglov {year}/{dnr.replace(' ', '_')} {designation.title().replace(':', '-')}"
        files[f"{folder}/beslut.pdf"] = _decision(rng, dnr, designation, matter)
        files[f"{folder}/ritning A1.tif"] = made.drawing(rng, designation)
        files[f"{folder}/läge.gml"] = made.gml(designation, rng)
        files[f"{folder}/ansökan.pdf"] = made.pdf(f"Ansökan om bygglov {dnr}", made.prose(rng, 4))
        school = number == 3
        rows.append(
            {
                "Diarienummer": dnr,
                "Ärendemening": f"Bygglov för {'skola' if school else matter}, {designation}",
                "Offentlig titel": f"Bygglov för {'skola' if school else matter}, {designation}",
                "Fastighet": designation,
                "Part": made.person(rng),
                "Beslutsdatum": f"{year}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
                "Nivå": "1" if school else "0",
                "Filer": f"{folder}/",
            }
        )
    files["register.csv"] = made.table(rows)
    return files


def minutes(seed: int, year: int, meetings: int) -> Files:
    """Return minutes of the council."""
    rng = random.Random(seed)
    files: Files = {}
    for number in range(1, meetings + 1):
        date = f"{year}-{number * 2:02d}-{rng.randint(10, 27)}"
        paragraphs = [f"§ {n} {rng.choice(made.SENTENCES)}" for n in range(1, 9)]
        title = f"Kommunfullmäktiges protokoll {date}"
        files[f"protokoll/{date} protokoll.pdf"] = made.pdf(
            title, [f"Närvarande: {made.person(rng)}, {made.person(rng)}.", *paragraphs], pages=2
        )
        files[f"protokoll/{date} bilaga budget.xlsx"] = made.xlsx(
            [
                ["Verksamhet", "Budget", "Utfall"],
                *[
                    [name, rng.randint(10, 900), rng.randint(10, 900)]
                    for name in ("Skola", "Omsorg", "Gator", "Kultur")
                ],
            ]
        )
    return files


def grades(seed: int, pupils: int) -> Files:
    """Return final grades: a PDF per pupil and a register. The numbers are clearly impossible ones."""
    rng = random.Random(seed)
    files: Files = {}
    rows = []
    for number in range(1, pupils + 1):
        name = made.person(rng)
        files[f"betyg/{number:03d} slutbetyg.pdf"] = made.pdf(
            "Slutbetyg från gymnasieskolan",
            [
                f"Elev: {name}",
                f"Personnummer: 0000{number:02d}-0000",
                "Program: Naturvetenskap",
                *[
                    f"{subject}: {rng.choice('ABCDE')}"
                    for subject in ("Svenska 3", "Matematik 4", "Engelska 7", "Historia 1b")
                ],
            ],
        )
        rows.append({"nr": str(number), "namn": name, "program": "Naturvetenskap", "examen": "2024-06-12"})
    files["register/slutbetyg 2024.csv"] = made.table(rows)
    return files


def personal_files(seed: int, persons: int) -> Files:
    """Return personal files of the social services: journal, assessment, letter."""
    rng = random.Random(seed)
    files: Files = {}
    for number in range(1, persons + 1):
        name = made.person(rng)
        folder = f"akt {number:03d}"
        entries = "".join(
            f"  <anteckning datum='2015-{n:02d}-11'>{rng.choice(made.SENTENCES)}</anteckning>\n"
            for n in range(1, 6)
        )
        files[f"{folder}/journal.xml"] = (
            f"<?xml version='1.0' encoding='UTF-8'?>\n<journal person='{name}'>\n{entries}</journal>\n".encode()
        )
        files[f"{folder}/utredning.pdf"] = made.pdf(
            "Utredning enligt 11 kap. socialtjänstlagen",
            [f"Avser {name}.", "Hemlighetsordet ugglemosse finns bara här.", *made.prose(rng, 5)],
        )
        files[f"{folder}/brev.eml"] = made.email(
            "handlaggare@example.org",
            "familj@example.org",
            "Kallelse till möte",
            "Hej! Du kallas till möte den 12 mars.",
        )
    return files


def supervision(seed: int, visits: int) -> Files:
    """Return environmental supervision: reports as DOCX, measurements as XLSX, letters as EML, notes in old encodings."""
    rng = random.Random(seed)
    files: Files = {}
    for number in range(1, visits + 1):
        year = 1998 + number % 16
        folder = f"tillsyn/{year}/MN-{number:04d}"
        title = f"Tillsynsrapport {year}, bensinstation vid {made.address(rng)}"
        files[f"{folder}/rapport.docx"] = made.docx(title, made.prose(rng, 7))
        files[f"{folder}/mätvärden.xlsx"] = made.xlsx(
            [
                ["Datum", "Ämne", "Halt mg/l"],
                *[[f"{year}-0{n}-15", "Olja", round(rng.random() * 9, 2)] for n in range(1, 9)],
            ]
        )
        files[f"{folder}/anteckning.txt"] = (
            f"Besök {year}. Oljeavskiljaren tömd. Åtgärd krävs före höstens regn.\r\n".encode("cp1252")
        )
        files[f"{folder}/svar.eml"] = made.email(
            "verksamhet@example.org",
            "miljo@example.org",
            f"Svar på tillsyn {year}",
            "Hej, vi har åtgärdat bristerna.",
            made.pdf("Kvitto", ["Tömning utförd."]),
        )
    return files


def photographs(seed: int, count: int) -> Files:
    """Return photographs with a list of motifs."""
    rng = random.Random(seed)
    motifs = (
        "Hamnen en sommardag",
        "Torget på marknadsdagen",
        "Kvarnen vid ån",
        "Skolan i Kvarnåsa",
        "Järnvägsstationen",
        "Bron över Åsån",
    )
    files: Files = {
        f"bilder/{n:02d} {motifs[n % len(motifs)]}.jpg": made.photo(rng) for n in range(1, count + 1)
    }
    files["bilder/översikt.tif"] = made.drawing(rng, "Översiktskarta 1931")
    files["motiv.csv"] = made.table(
        [
            {"bild": f"{n:02d}", "motiv": motifs[n % len(motifs)], "år": str(1920 + n)}
            for n in range(1, count + 1)
        ]
    )
    return files


def _bag(name: str, title: str, files: Files, **planted: str) -> Files:
    return pack.bag(
        name,
        files,
        {
            "Source-Organization": "Lindhamra kommun",
            "External-Description": title,
            "Bagging-Date": "2026-03-01",
        },
        **planted,
    )


def _sip(objid: str, label: str, files: Files, submitter: str, agreement: str) -> bytes:
    return pack.sip(objid, label, files, submitter=submitter, agreement=agreement)


def _day(seed: int, year: int) -> str:
    """Return the day of the first meeting of a seed, so that the planted fault hits a file that exists."""
    first = next(name for name in minutes(seed, year, 1) if name.endswith("protokoll.pdf"))
    return first.split("/")[1][8:10]


# In the order they are sent.
PLAN: tuple[Sent, ...] = (
    Sent(
        "LIN-BN-2026-1",
        "Bygglov 2009",
        "bygglov-2009.zip",
        lambda: pack.as_zip(permits(9, 8, 2009)),
        "accepted",
        "mapp med register, åtta ärenden, ett av dem på begäran",
    ),
    Sent(
        "LIN-KS-2026-1",
        "Kommunfullmäktiges protokoll 2023",
        "protokoll-2023.tar.gz",
        lambda: pack.as_tar(
            _bag("protokoll-2023", "Kommunfullmäktiges protokoll 2023", minutes(23, 2023, 5)), gz=True
        ),
        "accepted",
        "BagIt i tar.gz, slutarkiv",
    ),
    Sent(
        "LIN-BUN-2026-1",
        "Slutbetyg 2024",
        "slutbetyg-2024.zip",
        lambda: _sip(
            "slutbetyg-2024",
            "Slutbetyg 2024, Lindhamra gymnasium",
            grades(24, 10),
            "Lindhamra kommun",
            "LIN-BUN-2026-1",
        ),
        "accepted",
        "E-ARK SIP, nivå 1: syns, lämnas ut på begäran",
    ),
    Sent(
        "LIN-SN-2026-1",
        "Personakter 2015",
        "personakter-2015.zip",
        lambda: _sip(
            "personakter-2015", "Personakter 2015", personal_files(15, 3), "Lindhamra kommun", "LIN-SN-2026-1"
        ),
        "accepted",
        "E-ARK SIP, nivå 2: inget spår i det öppna arkivet",
    ),
    Sent(
        "KVA-MN-2026-1",
        "Miljötillsyn 1998–2014",
        "miljotillsyn.tar",
        lambda: pack.as_tar(supervision(98, 6)),
        "accepted",
        "mapp i tar, kontorsfiler som migreras",
    ),
    Sent(
        "KVA-KS-2026-2",
        "Bildarkivet, första delen",
        "bildarkiv-1.zip",
        lambda: pack.as_zip(
            _bag("bildarkiv-1", "Bilder från Kvarnåsa 1921–1932", photographs(31, 10)), deflate=False
        ),
        "accepted",
        "BagIt i zip, bilder",
    ),
    Sent(
        "LIN-KS-2026-1",
        "Kommunfullmäktiges protokoll 2022",
        "protokoll-2022.tar.gz",
        lambda: pack.as_tar(
            _bag(
                "protokoll-2022",
                "Kommunfullmäktiges protokoll 2022",
                minutes(22, 2022, 3),
                wrong="protokoll/2022-02-" + _day(22, 2022) + " protokoll.pdf",
            ),
            gz=True,
        ),
        "rejected",
        "fel kontrollsumma",
    ),
    Sent(
        "KVA-KS-2026-2",
        "Bildarkivet, andra delen",
        "bildarkiv-2.zip",
        lambda: pack.as_zip(
            _bag(
                "bildarkiv-2",
                "Bilder, andra delen",
                photographs(32, 4),
                missing="motiv.csv",
                extra="okänd.txt",
            )
        ),
        "rejected",
        "en fil saknas, en är för mycket",
    ),
    Sent(
        "LIN-BN-2026-1",
        "Bygglov, skadad fil",
        "bygglov-skadad.zip",
        lambda: pack.as_zip(permits(10, 2, 2010))[:-3000],
        "rejected",
        "avkortad zip",
    ),
    Sent(
        "LIN-BN-2026-1",
        "Bygglov, farliga namn",
        "bygglov-farlig.zip",
        lambda: pack.as_zip({"../../etc/cron.d/x": b"* * * * *", "beslut.pdf": made.pdf("Beslut", ["x"])}),
        "rejected",
        "namn som leder ut ur paketet",
    ),
    Sent(
        "LIN-KS-2026-1",
        "Protokoll som vanlig mapp",
        "protokoll-mapp.zip",
        lambda: pack.as_zip(minutes(21, 2021, 1)),
        "rejected",
        "annat slag än det avtalade",
    ),
    Sent(
        "LIN-KS-2026-2",
        "Avtal 2019",
        "avtal-2019.zip",
        lambda: pack.as_zip(
            {
                "avtal 2019/drift.pdf": made.pdf(
                    "Driftavtal", ["Avtal om drift av reningsverk.", *made.prose(random.Random(4), 4)]
                )
            }
        ),
        "held",
        "väntar på arkivariens beslut",
    ),
    Sent(
        "LIN-KS-2026-2",
        "Avtal 2018",
        "avtal-2018.zip",
        lambda: pack.as_zip(
            {
                "avtal 2018/hyra.pdf": made.pdf(
                    "Hyresavtal", ["Bilaga 2 saknas.", *made.prose(random.Random(5), 3)]
                )
            }
        ),
        "held",
        "återsänd för komplettering",
        then="return",
    ),
    Sent(
        "LIN-KS-2026-1",
        "Provleverans av protokoll",
        "prov-protokoll.tar.gz",
        lambda: pack.as_tar(_bag("prov", "Provleverans", minutes(20, 2020, 1)), gz=True),
        "passed",
        "testleverans: kontrolleras, lagras aldrig",
        test=True,
    ),
)
