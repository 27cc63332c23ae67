"""Small real files, made when they are needed."""

from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import docx
import openpyxl
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

WORDS = "Nämnden beviljar bygglov för Åkern 1:7 i Östersund"


def make_docx(path: Path, paragraphs: int = 3) -> Path:
    document = docx.Document()
    document.add_heading("Beslut", 1)
    for n in range(paragraphs):
        document.add_paragraph(f"{n}. {WORDS}")
    document.save(str(path))
    return path


def make_xlsx(path: Path) -> Path:
    book = openpyxl.Workbook()
    book.active.append(["Fastighet", "Avgift"])
    book.active.append(["Åkern 1:7", 1250.5])
    book.save(str(path))
    return path


def make_pdf(path: Path, pages: int = 2, password: str | None = None) -> Path:
    canvas = Canvas(str(path), encrypt=password)
    for n in range(pages):
        canvas.drawString(72, 700, f"Sida {n + 1}: {WORDS}")
        canvas.rect(72, 200, 300, 300, fill=1)
        canvas.showPage()
    canvas.save()
    return path


def make_image(
    path: Path, size: tuple[int, int] = (1600, 1200), mode: str = "RGB", **options: object
) -> Path:
    image = Image.new(mode, size, 1 if mode == "1" else 90)
    image.save(path, **options)
    return path


def make_tiff(path: Path, pages: int) -> Path:
    frames = [Image.new("L", (700, 900), 20 * n) for n in range(pages)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    return path


def make_mail(path: Path) -> Path:
    inner = EmailMessage()
    inner["Subject"] = "Vidarebefordrat ärende"
    inner.set_content("Innehåll i det vidarebefordrade brevet: räksmörgås")
    message = EmailMessage()
    message["Subject"] = "Överklagande av beslut"
    message["From"] = "Åsa Öberg <asa@example.org>"
    message["To"] = "registrator@example.org"
    message.set_content("Hej! Jag överklagar beslutet.\n")
    message.add_alternative(
        "<html><style>p{}</style><p>Hej! Jag <b>över</b>klagar.</p></html>", subtype="html"
    )
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="bilaga åäö.pdf")
    message.add_attachment(inner)
    path.write_bytes(message.as_bytes())
    return path


def size_of(webp: bytes) -> tuple[str | None, tuple[int, int]]:
    with Image.open(BytesIO(webp)) as image:
        return image.format, image.size
