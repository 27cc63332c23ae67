"""Names and risks of common formats, by PRONOM id. A format that is not here is shown by its id and has unknown risk.

Risk is a first judgement for the preservation page: `low` is an open format that the archive keeps as it is,
`some` is in use but tied to its programs or lossy, `high` needs a migration plan.
"""

LOW, SOME, HIGH, UNKNOWN = "low", "some", "high", "unknown"

_FORMATS: dict[str, tuple[str, str]] = {
    "fmt/95": ("PDF/A-1a", LOW),
    "fmt/354": ("PDF/A-1b", LOW),
    "fmt/476": ("PDF/A-2a", LOW),
    "fmt/477": ("PDF/A-2b", LOW),
    "fmt/478": ("PDF/A-2u", LOW),
    "fmt/479": ("PDF/A-3a", LOW),
    "fmt/480": ("PDF/A-3b", LOW),
    "fmt/481": ("PDF/A-3u", LOW),
    "fmt/16": ("PDF 1.2", SOME),
    "fmt/17": ("PDF 1.3", SOME),
    "fmt/18": ("PDF 1.4", SOME),
    "fmt/19": ("PDF 1.5", SOME),
    "fmt/20": ("PDF 1.6", SOME),
    "fmt/276": ("PDF 1.7", SOME),
    "fmt/1129": ("PDF 2.0", SOME),
    "fmt/353": ("TIFF", LOW),
    "fmt/155": ("GeoTIFF", LOW),
    "fmt/11": ("PNG 1.0", LOW),
    "fmt/12": ("PNG 1.1", LOW),
    "fmt/13": ("PNG 1.2", LOW),
    "fmt/41": ("JPEG", LOW),
    "fmt/42": ("JPEG 1.00", LOW),
    "fmt/43": ("JPEG 1.01", LOW),
    "fmt/44": ("JPEG 1.02", LOW),
    "fmt/645": ("JPEG (Exif)", LOW),
    "fmt/1507": ("JPEG (Exif)", LOW),
    "x-fmt/392": ("JPEG 2000", LOW),
    "fmt/3": ("GIF 87a", SOME),
    "fmt/4": ("GIF 89a", SOME),
    "fmt/91": ("SVG 1.0", LOW),
    "fmt/92": ("SVG 1.1", LOW),
    "x-fmt/111": ("Text", LOW),
    "x-fmt/18": ("CSV", LOW),
    "x-fmt/13": ("TSV", LOW),
    "fmt/101": ("XML 1.0", LOW),
    "x-fmt/280": ("XML Schema", LOW),
    "x-fmt/281": ("XSLT", LOW),
    "fmt/817": ("JSON", LOW),
    "fmt/1149": ("Markdown", LOW),
    "fmt/96": ("HTML", LOW),
    "fmt/99": ("HTML 4.0", LOW),
    "fmt/100": ("HTML 4.01", LOW),
    "fmt/471": ("HTML 5", LOW),
    "fmt/102": ("XHTML 1.0", LOW),
    "fmt/278": ("E-post (EML)", LOW),
    "fmt/950": ("E-post (MIME)", LOW),
    "x-fmt/430": ("Outlook (MSG)", SOME),
    "fmt/412": ("Word (DOCX)", SOME),
    "fmt/214": ("Excel (XLSX)", SOME),
    "fmt/215": ("PowerPoint (PPTX)", SOME),
    "fmt/40": ("Word 97–2003", SOME),
    "fmt/39": ("Word 95", HIGH),
    "fmt/61": ("Excel 97", SOME),
    "fmt/126": ("PowerPoint 97–2003", SOME),
    "fmt/136": ("OpenDocument Text", LOW),
    "fmt/290": ("OpenDocument Text", LOW),
    "fmt/291": ("OpenDocument Text 1.2", LOW),
    "fmt/137": ("OpenDocument Spreadsheet", LOW),
    "fmt/295": ("OpenDocument Spreadsheet 1.2", LOW),
    "fmt/45": ("RTF 1.0–1.4", SOME),
    "fmt/355": ("RTF 1.9", SOME),
    "x-fmt/44": ("WordPerfect 6", HIGH),
    "x-fmt/394": ("WordPerfect 5.1", HIGH),
    "x-fmt/263": ("ZIP", SOME),
    "fmt/161": ("SIARD 1.0", LOW),
    "fmt/995": ("SIARD 2.0", LOW),
    "fmt/1196": ("SIARD 2.1", LOW),
    "fmt/289": ("WARC", LOW),
    "fmt/1281": ("WARC 1.1", LOW),
    "fmt/1047": ("GML", LOW),
    "fmt/141": ("WAV", LOW),
    "fmt/6": ("WAV", LOW),
    "fmt/134": ("MP3", SOME),
    "fmt/279": ("FLAC", LOW),
    "fmt/569": ("Matroska", LOW),
    "fmt/199": ("MP4", SOME),
}


def format_name(puid: str) -> str:
    """Return the short name of a format, the PRONOM id when we have none, empty for no id."""
    return _FORMATS[puid][0] if puid in _FORMATS else puid


def risk_of(puid: str) -> str:
    """Return `low`, `some`, `high` or `unknown`."""
    return _FORMATS[puid][1] if puid in _FORMATS else UNKNOWN
