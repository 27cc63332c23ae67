"""The name policy: which member names are refused, and how names that are not UTF-8 are read (RELIABILITY §3)."""

import re
import unicodedata

from samarkiv_ingest.packages.limits import Limits

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\..*)?", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
# A segment that does not match this needs no closer look.
_ODD = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\\\\:]"
    r"|^\.{0,2}$|[. ]$|^(?:[cC][oO]|[pP][rR][nN]|[aA][uU][xX]|[nN][uU][lL]|[lL][pP][tT])"
)
_JUNK = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX"})
_KNOWN_FOLDERS = 20_000


class NamePolicy:
    """Judges the member names of one container; remembers folders already judged (bounded)."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._folders: set[str] = set()

    def refusal(self, path: str) -> str:
        """Return the code that refuses `path` (no trailing slash), or an empty string."""
        limits = self._limits
        if len(path) > limits.path or (
            len(path) * 4 > limits.path_bytes and len(path.encode()) > limits.path_bytes
        ):
            return _shape(path) or "SAM-NAME-LONG"
        folder, _, leaf = path.rpartition("/")
        if (folder or len(leaf) != len(path)) and folder not in self._folders:
            code = _whole(path) or self._segments(folder)
            if code:
                return code
            if len(self._folders) >= _KNOWN_FOLDERS:
                self._folders.clear()
            self._folders.add(folder)
        if not folder and _DRIVE.match(path):
            return "SAM-NAME-DRIVE"
        if path.count("/") >= limits.depth:
            return "SAM-NAME-DEEP"
        return self._segment(leaf)

    def _segments(self, folder: str) -> str:
        return next((code for part in folder.split("/") if (code := self._segment(part))), "")

    def _segment(self, part: str) -> str:
        if len(part) * 4 > self._limits.segment and len(part.encode()) > self._limits.segment:
            return _shape(part) or "SAM-NAME-LONG"
        return _shape(part) if _ODD.search(part) else ""


def _whole(path: str) -> str:
    """Judge what concerns the path as a whole: where it starts."""
    if path.startswith(("//", "\\\\")):
        return "SAM-NAME-UNC"
    if path.startswith("/"):
        return "SAM-NAME-ABSOLUTE"
    return "SAM-NAME-DRIVE" if _DRIVE.match(path) else ""


def _shape(text: str) -> str:
    """Judge the characters of a path or segment, the gravest fault first."""
    parts = re.split(r"[/\\]", text)
    if ".." in parts:
        return "SAM-NAME-TRAVERSAL"
    if "\\" in text:
        return "SAM-NAME-UNC" if text.startswith("\\\\") else "SAM-NAME-BACKSLASH"
    if _CONTROL.search(text):
        return "SAM-NAME-CONTROL"
    if _BIDI.search(text):
        return "SAM-NAME-BIDI"
    if ":" in text:
        return "SAM-NAME-COLON"
    if "" in parts or "." in parts:
        return "SAM-NAME-SEGMENT"
    if any(_RESERVED.fullmatch(part) for part in parts):
        return "SAM-NAME-RESERVED"
    if any(part.endswith((".", " ")) for part in parts):
        return "SAM-NAME-TRAILING"
    return ""


def plain(name: str) -> tuple[str, bool]:
    """Return the path of a member name without leading `./` and trailing slash, and whether it names a folder."""
    while name.startswith("./"):
        name = name[2:]
        if not name:
            return "", True
    return (name[:-1], True) if name.endswith("/") else (name, False)


def normal(path: str) -> str:
    """Return a path in Unicode normal form C: what two spellings of the same name share."""
    return path if path.isascii() else unicodedata.normalize("NFC", path)


def clash_code(path: str, other: str) -> str:
    """Return the code for two names that stand beside each other and share their key.

    The same name twice, or in two Unicode forms, can be read in two ways and is refused. Names that differ in case only
    are kept as they are and noted: official examples hold `METS.xsd` beside `mets.xsd` (decision 7).
    """
    if path == other:
        return "SAM-NAME-DUPLICATE"
    return "SAM-NAME-COLLISION" if normal(path) == normal(other) else "SAM-NAME-CASE"


def key(path: str) -> str:
    """Return what two paths share when a file system without case or with another Unicode form takes them as one."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def decode(raw: bytes) -> tuple[str, bool]:
    """Return the text of a name and whether it was UTF-8; else Latin-1 or cp437, by which of them gives letters.

    Swedish letters lie under 0xA0 in cp437/cp850 (å = 0x86) and over it in Latin-1 (å = 0xE5), where Latin-1 has
    control characters and cp437 has line drawings: the byte range tells them apart.
    """
    try:
        return raw.decode("utf-8"), True
    except UnicodeDecodeError:
        high = bytes(byte for byte in raw if byte >= 0x80)
        latin = high.decode("latin-1")
        return raw.decode("latin-1" if min(high) >= 0xA0 and latin.isalpha() else "cp437"), False


def junk(path: str) -> bool:
    """Tell whether a computer added the file by itself (kept, and noted)."""
    return path.startswith("__MACOSX/") or "/__MACOSX/" in path or path.rpartition("/")[2] in _JUNK
