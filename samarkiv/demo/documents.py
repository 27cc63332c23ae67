"""Real files of every kind the demo needs, the same bytes for the same seed."""

import csv
import io
import random
import zipfile
from collections.abc import Sequence
from email.message import EmailMessage

STREETS = (
    "Provgatan",
    "Ekvägen",
    "Kvarnvingen",
    "Hamngatan",
    "Björkstigen",
    "Ängsvägen",
    "Skolgatan",
    "Åvägen",
)
GIVEN = ("Anna", "Erik", "Maria", "Lars", "Åsa", "Björn", "Elin", "Örjan", "Karin", "Nils", "Ida", "Sven")
FAMILY = ("Provsson", "Testberg", "Exempelqvist", "Påhitt", "Låtsas", "Fiktivsson", "Demoström", "Övning")
MATTERS = (
    "tillbyggnad av enbostadshus",
    "nybyggnad av garage",
    "rivning av ekonomibyggnad",
    "ändrad användning av lokal",
    "uppförande av plank",
    "fasadändring",
    "installation av eldstad",
    "nybyggnad av fritidshus",
)
SENTENCES = (
    "Nämnden beslutar att bevilja ansökan med de villkor som framgår av bilagan.",
    "Grannarna har getts tillfälle att yttra sig och har inte haft något att erinra.",
    "Åtgärden strider inte mot detaljplanen och kan anses följa översiktsplanens intentioner.",
    "Avgiften tas ut enligt den taxa som kommunfullmäktige har fastställt.",
    "Beslutet kan överklagas till länsstyrelsen inom tre veckor från den dag det delgavs.",
    "Handläggaren har besökt platsen och fotograferat befintliga byggnader.",
    "Vatten- och avloppsanslutningen ska samordnas med kommunens ledningsnät.",
    "Skolområdets lekplats ska rustas upp före höstterminens början.",
    "Miljöinspektören noterade att oljeavskiljaren hade tömts enligt planen.",
    "Protokollet justeras omedelbart och anslås på kommunens anslagstavla.",
    "Ärendet återremitteras för komplettering av situationsplanen.",
    "Kommunen ansvarar för att handlingarna bevaras och hålls ordnade.",
)


FONT = "Helvetica"  # a standard font: it holds the Swedish letters and needs no file


def person(rng: random.Random) -> str:
    """Return a made-up name."""
    return f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}"


def address(rng: random.Random) -> str:
    """Return a made-up address."""
    return f"{rng.choice(STREETS)} {rng.randint(1, 99)}"


def prose(rng: random.Random, sentences: int) -> list[str]:
    """Return sentences of municipal prose."""
    return [rng.choice(SENTENCES) for _ in range(sentences)]


def pdf(title: str, paragraphs: Sequence[str], pages: int = 1) -> bytes:
    """Return a PDF with a text layer; the same bytes for the same words."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.utils import simpleSplit
    from reportlab.pdfgen.canvas import Canvas

    sink = io.BytesIO()
    canvas = Canvas(sink, pagesize=A4, invariant=1)
    canvas.setTitle(title)
    canvas.setAuthor("Samarkiv demo")
    for page in range(pages):
        y = 780.0
        canvas.setFont(f"{FONT}-Bold", 16)
        for line in simpleSplit(title, f"{FONT}-Bold", 16, 460):
            canvas.drawString(65, y, line)
            y -= 22
        canvas.setFont(FONT, 11)
        for paragraph in paragraphs:
            y -= 8
            for line in simpleSplit(paragraph, FONT, 11, 460):
                canvas.drawString(65, y, line)
                y -= 15
        canvas.drawString(65, 50, f"Sida {page + 1} av {pages}")
        canvas.showPage()
    canvas.save()
    return sink.getvalue()


def docx(title: str, paragraphs: Sequence[str]) -> bytes:
    """Return a Word document."""
    from datetime import datetime

    import docx as library

    document = library.Document()
    document.core_properties.author = "Samarkiv demo"
    document.core_properties.created = document.core_properties.modified = datetime(2020, 1, 1)  # noqa: DTZ001
    document.add_heading(title, level=1)
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    sink = io.BytesIO()
    document.save(sink)
    return _settled(sink.getvalue())


def xlsx(rows: Sequence[Sequence[object]]) -> bytes:
    """Return an Excel workbook of one sheet."""
    from datetime import datetime

    import openpyxl

    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = datetime(2020, 1, 1)  # noqa: DTZ001
    sheet = book.active
    for row in rows:
        sheet.append(list(row))
    sink = io.BytesIO()
    book.save(sink)
    return _settled(sink.getvalue())


def _settled(container: bytes) -> bytes:
    """Return an OOXML container with fixed member times."""
    sink = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(container)) as source,
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for member in source.infolist():
            target.writestr(
                zipfile.ZipInfo(member.filename, (2020, 1, 1, 0, 0, 0)),
                source.read(member),
                zipfile.ZIP_DEFLATED,
            )
    return sink.getvalue()


def drawing(rng: random.Random, text: str, form: str = "TIFF", size: tuple[int, int] = (900, 640)) -> bytes:
    """Return a line drawing as TIFF, JPEG or PNG."""
    from PIL import Image, ImageDraw

    image = Image.new("L", size, 250)
    pen = ImageDraw.Draw(image)
    for _ in range(14):
        x, y = rng.randint(60, size[0] - 300), rng.randint(80, size[1] - 220)
        pen.rectangle([x, y, x + rng.randint(60, 240), y + rng.randint(40, 160)], outline=40, width=3)
    for _ in range(20):
        pen.line(
            [rng.randint(0, size[0]) for _ in range(2)] + [rng.randint(0, size[1]) for _ in range(2)],
            fill=120,
        )
    pen.rectangle([20, size[1] - 60, size[0] - 20, size[1] - 20], outline=0, width=2)
    pen.text((30, size[1] - 48), text.encode("latin-1", "replace").decode("latin-1"), fill=0)
    sink = io.BytesIO()
    options = {"TIFF": {"compression": "tiff_lzw"}, "JPEG": {"quality": 70}, "PNG": {}}[form]
    image.save(sink, form, **options)  # type: ignore[arg-type]
    return sink.getvalue()


def photo(rng: random.Random, size: tuple[int, int] = (640, 420)) -> bytes:
    """Return a colour picture as JPEG: sky, hills, water."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", size)
    pen = ImageDraw.Draw(image)
    for y in range(size[1]):
        shade = y / size[1]
        pen.line(
            [(0, y), (size[0], y)], fill=(int(120 + 90 * shade), int(160 + 60 * shade), int(215 - 40 * shade))
        )
    for layer in range(4):
        base = 180 + layer * 45
        points = [(x, base + rng.randint(-30, 30)) for x in range(0, size[0] + 40, 40)]
        pen.polygon(
            [(0, size[1]), *points, (size[0], size[1])],
            fill=(40 + layer * 18, 90 + layer * 14, 60 + layer * 6),
        )
    sink = io.BytesIO()
    image.save(sink, "JPEG", quality=72)
    return sink.getvalue()


def email(sender: str, to: str, subject: str, body: str, attachment: bytes | None = None) -> bytes:
    """Return an e-mail as EML."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = "Tue, 03 Mar 2020 09:30:00 +0100"
    message["Message-ID"] = f"<{abs(hash_of(subject + body))}@example.org>"
    message.set_content(body)
    if attachment is not None:
        message.add_attachment(attachment, maintype="application", subtype="pdf", filename="bilaga.pdf")
        message.set_boundary("samarkiv-demo")
    return bytes(message)


def hash_of(text: str) -> int:
    """Return a number that is the same in every process (unlike `hash`)."""
    import zlib

    return zlib.crc32(text.encode())


def table(rows: Sequence[dict[str, str]], delimiter: str = ";") -> bytes:
    """Return rows as CSV, UTF-8 with a heading line."""
    sink = io.StringIO()
    writer = csv.DictWriter(sink, fieldnames=list(rows[0]), delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return sink.getvalue().encode()


def gml(designation: str, rng: random.Random) -> bytes:
    """Return a point as GML."""
    north, east = 6_200_000 + rng.randint(0, 99_999), 360_000 + rng.randint(0, 9_999)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<gml:Point xmlns:gml="http://www.opengis.net/gml/3.2" gml:id="p1" srsName="EPSG:3006">\n'
        f"  <gml:name>{designation}</gml:name>\n  <gml:pos>{north} {east}</gml:pos>\n</gml:Point>\n"
    ).encode()
