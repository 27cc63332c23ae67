"""The two languages of the pages: Swedish is the source text of every message, English a gettext catalogue."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from babel.messages.pofile import read_po
from markupsafe import Markup
from samarkiv_contracts.text import Text

LANGUAGES = ("sv", "en")
NAMES = {"sv": "Svenska", "en": "English"}
FOLDER = Path(__file__).parent / "translations"


def read_catalogue(path: Path) -> dict[str, str | tuple[str, ...]]:
    """Return the messages of a `.po` file: text, or (one, many) for plurals; raises OSError when it is absent."""
    with path.open("rb") as source:
        catalogue = read_po(source, locale="en")
    found: dict[str, str | tuple[str, ...]] = {}
    for message in catalogue:
        if not message.id:
            continue
        key = message.id[0] if isinstance(message.id, tuple) else message.id
        string = message.string
        found[str(key)] = tuple(string) if isinstance(string, (tuple, list)) else str(string)
    return found


def fill(text: str, values: Mapping[str, object]) -> str:
    """Put values in the `{name}` places; a Markup value makes the whole Markup, with everything else escaped."""
    if not values:
        return text
    if any(isinstance(value, Markup) for value in values.values()):
        return Markup(text).format(**values)  # noqa: S704  (the text is ours, values are escaped by format)
    return text.format(**values)


@dataclass(frozen=True)
class Tongue:
    """One language: `say` a message, `count` a message with a number, `tell` a Text of the contracts."""

    code: str
    messages: Mapping[str, str | tuple[str, ...]]
    number: Callable[[int], str]

    def say(self, message: str, /, **values: object) -> str:
        """Return the message in this language; the Swedish source when the catalogue lacks it."""
        found = self.messages.get(message, message)
        return fill(found if isinstance(found, str) else found[0], values)

    def count(self, one: str, many: str, n: int, /, **values: object) -> str:
        """Return the singular or plural message with `{n}` as a written number."""
        found = self.messages.get(one)
        forms = found if isinstance(found, tuple) else (one, many)
        return fill(forms[0] if n == 1 else forms[-1], {"n": self.number(n), **values})

    def tell(self, text: Text) -> str:
        """Return a sentence of the contracts in this language."""
        return text.get(self.code)


class Tongues:
    """Both languages, read once."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._all = {
            "sv": Tongue("sv", {}, swedish_number),
            "en": Tongue("en", read_catalogue(folder / "en.po"), english_number),
        }

    def get(self, code: str | None) -> Tongue:
        """Return a language by its code, Swedish for anything unknown."""
        return self._all.get(code or "sv", self._all["sv"])


def swedish_number(n: int) -> str:
    """Return 412870 as `412 870`, with a space that does not break."""
    return f"{n:,}".replace(",", "\N{NO-BREAK SPACE}")


def english_number(n: int) -> str:
    """Return 412870 as `412,870`."""
    return f"{n:,}"
