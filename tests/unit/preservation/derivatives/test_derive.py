"""Text and pictures of real small files, and what is said when there are none."""

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image
from samarkiv_preservation.derivatives import Derived, Task, derive, derive_many, media_type
from samarkiv_preservation.derivatives.derive import TEXT_BYTES
from samarkiv_runtime.pool import Pool

from tests.unit.preservation.derivatives import samples
from tests.unit.preservation.derivatives.samples import WORDS, size_of

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def of(path: Path, puid: str = "", mime: str = "") -> Derived:
    return derive(str(path), puid, mime)


def test_a_word_document_gives_its_words(tmp_path: Path) -> None:
    found = of(samples.make_docx(tmp_path / "a.docx"), "fmt/412", "application/octet-stream")
    assert found.text.startswith("Beslut")
    assert found.text.count(WORDS) == 3
    assert (found.outcome, found.thumbnail, found.pages) == ("done", None, [])
    assert found.tool.startswith("kreuzberg")


def test_a_spreadsheet_gives_its_cells(tmp_path: Path) -> None:
    found = of(samples.make_xlsx(tmp_path / "b.xlsx"), "fmt/214")
    assert "Åkern 1:7" in found.text
    assert "1250.5" in found.text


def test_a_pdf_gives_words_thumbnail_and_pages(tmp_path: Path) -> None:
    found = of(samples.make_pdf(tmp_path / "c.pdf", 12), "fmt/17", "application/pdf")
    assert found.text.count(WORDS) == 12
    assert found.outcome == "done"
    assert found.thumbnail
    assert size_of(found.thumbnail)[0] in {"PNG", "JPEG"}
    assert size_of(found.thumbnail)[1][0] == 320
    assert len(found.pages) == 10
    assert size_of(found.pages[9])[1][0] == 1000


def test_an_encrypted_pdf_is_told_not_blank(tmp_path: Path) -> None:
    found = of(samples.make_pdf(tmp_path / "c.pdf", password="hemligt"), "fmt/17")
    assert (found.outcome, found.text, found.thumbnail) == ("could_not", "", None)
    assert "encrypted" in found.reason


@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        ("e.jpg", "RGB", {}),
        ("e.png", "RGBA", {}),
        ("e.png", "P", {"transparency": 0}),
        ("e.png", "I;16", {}),
        ("e.tif", "CMYK", {"compression": "tiff_lzw"}),
        ("e.tif", "1", {"compression": "group4"}),
        ("e.gif", "P", {}),
        ("e.bmp", "L", {}),
        ("e.webp", "RGB", {}),
        ("e.jp2", "RGB", {}),
    ],
)
def test_images_of_every_kind_give_a_thumbnail_and_a_page(
    tmp_path: Path, name: str, mode: str, options: dict[str, object]
) -> None:
    mime = "image/" + {"jpg": "jpeg", "tif": "tiff"}.get(name[2:], name[2:])
    found = of(samples.make_image(tmp_path / name, mode=mode, **options), "", mime)
    assert (found.outcome, found.reason) == ("done", "")
    assert found.thumbnail
    assert size_of(found.thumbnail) == ("PNG", (320, 240))
    assert [size_of(page)[1] for page in found.pages] == [(1000, 750)]


def test_a_photo_is_packed_as_jpeg(tmp_path: Path) -> None:
    bands = [Image.effect_noise((1500, 1000), 90) for _ in range(3)]
    Image.merge("RGB", bands).save(tmp_path / "e.jpg")
    found = of(tmp_path / "e.jpg", "fmt/43")
    assert found.thumbnail
    assert {media_type(one) for one in (found.thumbnail, *found.pages)} == {"image/jpeg"}
    assert size_of(found.thumbnail)[0] == "JPEG"


def test_a_small_image_is_not_blown_up(tmp_path: Path) -> None:
    found = of(samples.make_image(tmp_path / "e.png", (40, 30)), "fmt/11")
    assert [size_of(page)[1] for page in found.pages] == [(40, 30)]


def test_a_very_tall_image_is_bounded(tmp_path: Path) -> None:
    found = of(samples.make_image(tmp_path / "e.png", (100, 20_000), mode="L"), "fmt/11")
    assert size_of(found.pages[0])[1] == (20, 4000)


def test_a_tiff_of_many_pages_gives_ten(tmp_path: Path) -> None:
    assert len(of(samples.make_tiff(tmp_path / "m.tif", 12), "fmt/353").pages) == 10


def test_a_pixel_flood_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    flood = tmp_path / "flood.png"
    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    flood.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )
    found = of(flood, "fmt/11")
    assert found.outcome == "could_not"
    assert "million pixels" in found.reason


def test_a_mail_gives_headers_bodies_and_names_of_attachments(tmp_path: Path) -> None:
    found = of(samples.make_mail(tmp_path / "m.eml"), "fmt/278", "message/rfc822")
    for word in ("Överklagande av beslut", "Åsa Öberg", "Jag överklagar", "bilaga åäö.pdf", "räksmörgås"):
        assert word in found.text
    assert "p{}" not in found.text


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"Content-Type: multipart/mixed; boundary=\n\n--",
        b"Subject: =?x?Q?=E5?=\n\n\xe5",
    ],
)
def test_a_broken_mail_does_no_harm(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "m.eml"
    path.write_bytes(raw)
    assert of(path, "fmt/278").outcome in {"done", "could_not"}


def test_xml_gives_character_data_and_expands_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_bytes(
        '<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">'
        "<!ENTITY b 'aaaaaaaa'>]><!-- dold --><ärende><titel>Bygglov &amp; rivning</titel>"
        "<![CDATA[<rå> data]]>&e;&b;</ärende>".encode("latin-1")
    )
    text = of(path, "fmt/101", "application/xml").text
    assert "Bygglov & rivning" in text
    assert "<rå> data" in text
    assert "dold" not in text
    assert "root:" not in text
    assert "aaaaaaaa" not in text


def test_html_gives_what_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "x.html"
    path.write_bytes(
        "<html><head><meta charset=iso-8859-1><script>var hemlig=1</script></head>"
        "<body><h1>Rubrik</h1><p>Över<b>klagande</b>&nbsp;av beslut</body></html>".encode("latin-1")
    )
    text = of(path, "fmt/96", "text/html").text
    assert "Överklagande" in text
    assert "hemlig" not in text


def test_old_swedish_text_is_read_right(tmp_path: Path) -> None:
    path = tmp_path / "gammal.txt"
    path.write_bytes((WORDS + "\r\n").encode("cp850") * 3)
    assert of(path, "x-fmt/111", "text/plain").text == "\n".join([WORDS] * 3)


def test_long_text_is_cut_at_two_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "lång.txt"
    path.write_text("ö" * 1_500_000, encoding="utf-8")
    found = of(path, "x-fmt/111")
    assert len(found.text.encode()) == TEXT_BYTES
    assert found.truncated


def test_control_characters_and_runs_of_blanks_are_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "k.txt"
    path.write_bytes(b"a\x07b     c\n\n\n\n\nd\x1b[0m  ")
    assert of(path, "x-fmt/111").text == "a b c\n\nd [0m"


@pytest.mark.parametrize("puid", ["fmt/412", "fmt/40", "fmt/17", "fmt/43", "fmt/353", "fmt/215", "x-fmt/430"])
@pytest.mark.parametrize(
    "body", [b"", b"rubbish" * 99, b"PK\x03\x04" + b"\x00" * 99, b"%PDF-1.7\n" + b"x" * 99]
)
def test_damaged_files_are_told(tmp_path: Path, puid: str, body: bytes) -> None:
    path = tmp_path / "damaged"
    path.write_bytes(body)
    found = of(path, puid)
    assert found.outcome == "could_not"
    assert found.reason
    assert (found.thumbnail, found.pages) == (None, [])


def test_a_format_without_derivatives(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(b"\x00" * 10)
    assert of(path, "UNKNOWN", "application/octet-stream") == Derived()


def test_a_member_of_a_container_is_read_in_place(tmp_path: Path) -> None:
    inner = samples.make_docx(tmp_path / "a.docx").read_bytes()
    box = tmp_path / "v1.zip"
    box.write_bytes(b"head" + inner + b"tail")
    assert WORDS in derive(str(box), "fmt/412", DOCX, 4, len(inner)).text


def test_many_at_once_in_a_worker(tmp_path: Path) -> None:
    good = samples.make_pdf(tmp_path / "c.pdf", 1)
    (tmp_path / "t.txt").write_text("ett ord")
    tasks = [
        Task(str(good), "fmt/17", "application/pdf"),
        Task(str(tmp_path / "borta.txt"), "x-fmt/111", "text/plain"),
        Task(str(tmp_path / "t.txt"), "x-fmt/111", "text/plain"),
    ]
    with Pool(1, warm=None) as pool:
        found = pool.submit(derive_many, tasks).result(60)
    assert [one.outcome for one in found] == ["done", "could_not", "done"]
    assert WORDS in found[0].text
    assert found[2].text == "ett ord"
