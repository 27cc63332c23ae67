"""Seeded corpora, written straight into zip files: the same kind, seed and sizes give the same bytes anywhere."""

import hashlib
import json
import math
import random
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

MOMENT = (2025, 1, 1, 0, 0, 0)
MIB = 2**20
WORDS = [
    "ärende",
    "handling",
    "beslut",
    "protokoll",
    "nämnd",
    "kommun",
    "region",
    "arkiv",
    "akt",
    "bilaga",
    "ansökan",
    "avslag",
    "yttrande",
    "remiss",
    "skrivelse",
    "rapport",
    "budget",
    "bokslut",
    "faktura",
    "avtal",
    "upphandling",
    "anbud",
    "möte",
    "dagordning",
    "kallelse",
    "närvaro",
    "ordförande",
    "ledamot",
    "sekreterare",
    "justering",
    "paragraf",
    "förslag",
    "bifall",
    "delegation",
    "myndighet",
    "förvaltning",
    "registrator",
    "diarium",
    "inkommen",
    "gallring",
    "bevarande",
    "leverans",
    "paket",
    "metadata",
    "kontrollsumma",
    "format",
    "original",
    "kopia",
    "sekretess",
    "skola",
    "betyg",
    "barn",
    "vård",
    "socialtjänst",
    "bygglov",
    "fastighet",
    "detaljplan",
    "karta",
    "ritning",
    "miljö",
    "vatten",
    "avlopp",
    "gata",
    "väg",
    "trafik",
    "kultur",
    "bibliotek",
    "museum",
    "fritid",
    "stöd",
    "och",
    "att",
    "det",
    "som",
    "en",
    "på",
    "är",
    "av",
    "för",
    "med",
    "till",
    "den",
    "har",
    "de",
    "inte",
    "om",
    "ett",
    "från",
    "vi",
    "så",
    "när",
    "år",
    "under",
    "efter",
]
PLACES = ("Åsbrolid", "Lindhamra", "Örsätra", "Kvarnvik", "Sjöänge", "Höganäs by", "Tallmo", "Västerhed")
SERIES = ("Protokoll och beslut", "Ärendehandlingar", "Bilagor", "Fakturor", "Ritningar", "Möten – kallelser")
KINDS = ("txt", "xml", "csv", "json", "pdf", "jpg")
WEIGHTS = (22, 18, 14, 14, 20, 12)


@dataclass(frozen=True)
class Corpus:
    """One package on disk. `word` stands in the name of one file only; `sha256` is what the producer declares."""

    path: str
    files: int
    payload: int
    bytes: int
    sha256: str
    word: str


def many(folder: Path, files: int = 20_000, *, largest_kib: int = 50, seed: int = 1) -> Corpus:
    """Return a bag in a deflated zip: `files` small files of six kinds, 1 KiB to `largest_kib`, Swedish names."""
    made = folder / f"many-{files}-{largest_kib}-{seed}.zip"
    return _once(made, lambda: _bag(made, _small(files, largest_kib, seed), zipfile.ZIP_DEFLATED))


def large(folder: Path, files: int = 4, size_mib: int = 1024, *, seed: int = 1) -> Corpus:
    """Return a bag in a stored zip: a few files of noise, `size_mib` MiB each."""
    made = folder / f"large-{files}-{size_mib}-{seed}.zip"

    def members() -> Iterator[tuple[str, Iterator[bytes]]]:
        for number in range(1, files + 1):
            noise = random.Random(f"large/{seed}/{number}")
            blocks = (noise.randbytes(MIB) for _ in range(size_mib))
            yield f"Inspelningar/Möte Örsätra {number:02d} råmaterial.bin", blocks

    return _once(made, lambda: _bag(made, members(), zipfile.ZIP_STORED))


def _once(path: Path, make: "object") -> Corpus:
    told = path.with_suffix(".json")
    if path.exists() and told.exists():
        return Corpus(**json.loads(told.read_text(encoding="utf-8")))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    corpus = make()  # type: ignore[operator]
    told.write_text(json.dumps(asdict(corpus), ensure_ascii=False), encoding="utf-8")
    return corpus


def _bag(path: Path, members: Iterator[tuple[str, Iterator[bytes]]], method: int) -> Corpus:
    """Write a BagIt 1.0 bag with a SHA-256 manifest; returns what was made."""
    manifest: list[str] = []
    size = 0
    word = ""
    with zipfile.ZipFile(path, "x", method, allowZip64=True, compresslevel=6) as box:
        for name, blocks in members:
            digest, written = hashlib.sha256(), 0
            with box.open(_info(f"påse/data/{name}", method), "w", force_zip64=method == 0) as out:
                for block in blocks:
                    out.write(block)
                    digest.update(block)
                    written += len(block)
            manifest.append(f"{digest.hexdigest()}  data/{name}\n")
            size += written
            word = word or _word(name)
        tags = {
            "bagit.txt": "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
            "bag-info.txt": f"Bagging-Date: 2025-01-01\nPayload-Oxum: {size}.{len(manifest)}\n",
            "manifest-sha256.txt": "".join(manifest),
        }
        tags["tagmanifest-sha256.txt"] = "".join(
            f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(tags.items())
        )
        for name, text in tags.items():
            box.writestr(_info(f"påse/{name}", zipfile.ZIP_DEFLATED), text)
    with path.open("rb") as source:
        whole = hashlib.file_digest(source, "sha256").hexdigest()
    return Corpus(str(path), len(manifest), size, path.stat().st_size, whole, word)


def _info(name: str, method: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, MOMENT)
    info.compress_type, info.external_attr, info.create_system = method, 0o100644 << 16, 3
    return info


def _word(name: str) -> str:
    """Return what the first file is looked for by: its number, or the word before its ending."""
    return Path(name).stem.rsplit(" ", 1)[-1]


def _small(files: int, largest_kib: int, seed: int) -> Iterator[tuple[str, Iterator[bytes]]]:
    rng = random.Random(f"many/{seed}/{files}/{largest_kib}")
    top = math.log(largest_kib * 1024)
    folder = ""
    for number in range(files):
        if number % 100 == 0:
            box = number // 100
            year = 1980 + box // 12 % 46
            folder = f"{year} {rng.choice(SERIES)}/{rng.choice(PLACES)} kommun/Låda {box:05d}"
        kind = rng.choices(KINDS, WEIGHTS)[0]
        size = int(math.exp(rng.uniform(math.log(1024), top)))  # log-uniform: many small, few big
        # the number stands as a word of its own, so that one file can be asked for
        name = f"{folder}/{rng.choice(WORDS).capitalize()} {rng.choice(PLACES).lower()} nr {7_000_000 + number}.{kind}"
        yield name, iter((MAKERS[kind](rng, size),))


# ------------------------------------------------------------------ kinds of files


def _text(rng: random.Random, size: int) -> str:
    out: list[str] = []
    length = 0
    while length < size:
        words = rng.choices(WORDS, k=rng.randint(6, 16))
        words[0] = words[0].capitalize()
        if rng.random() < 0.15:
            words.append(rng.choice(PLACES))
        sentence = " ".join(words) + (".\n" if rng.random() < 0.3 else ". ")
        out.append(sentence)
        length += len(sentence.encode())
    return "".join(out)


def _txt(rng: random.Random, size: int) -> bytes:
    return _text(rng, size).encode()[:size].decode("utf-8", "ignore").encode()


def _xml(rng: random.Random, size: int) -> bytes:
    body = _text(rng, max(40, size - 160)).split("\n")
    rows = "".join(
        f'  <handling nr="{n}"><text>{line.strip()}</text></handling>\n' for n, line in enumerate(body)
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<ärende xmlns="urn:example:arende">\n'
    return f"{head}{rows}</ärende>\n".encode()


def _csv(rng: random.Random, size: int) -> bytes:
    out = ["löpnr;ort;belopp;anteckning\n"]
    length = 30
    while length < size:
        note = " ".join(rng.choices(WORDS, k=5))
        row = f'{rng.randint(1, 99999)};{rng.choice(PLACES)};{rng.randint(1, 99999)},00;"{note}"\n'
        out.append(row)
        length += len(row.encode())
    return "".join(out).encode()


def _json(rng: random.Random, size: int) -> bytes:
    rows: list[dict[str, object]] = []
    length = 0
    while length < size:
        row = {"id": f"{rng.getrandbits(32):08x}", "ort": rng.choice(PLACES), "text": _text(rng, 150).strip()}
        rows.append(row)
        length += 230
    return (json.dumps({"poster": rows}, ensure_ascii=False, indent=1) + "\n").encode()


def _pdf(rng: random.Random, size: int) -> bytes:
    body = _text(rng, max(120, size - 900)).encode("latin-1", "replace").replace(b"\n", b" ")
    lines = b"".join(b"(" + body[at : at + 90] + b") Tj T*\n" for at in range(0, len(body), 90))
    stream = b"BT /F1 9 Tf 40 800 Td 11 TL\n" + lines + b"ET"
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        font,
    )
    out, places = bytearray(b"%PDF-1.4\n%\xe5\xe4\xf6\xc5\n"), []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in places)
    out += b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def _jpg(rng: random.Random, size: int) -> bytes:
    head = (
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xdb\x00\x43\x00"
        + bytes([16] * 64)
        + b"\xff\xc0\x00\x0b\x08\x00\x40\x00\x40\x01\x01\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
    )
    return head + rng.randbytes(max(1, size - len(head) - 2)).replace(b"\xff", b"\xfe") + b"\xff\xd9"


MAKERS = {"txt": _txt, "xml": _xml, "csv": _csv, "json": _json, "pdf": _pdf, "jpg": _jpg}


def clear(folder: Path) -> None:
    """Remove every corpus."""
    shutil.rmtree(folder, ignore_errors=True)
