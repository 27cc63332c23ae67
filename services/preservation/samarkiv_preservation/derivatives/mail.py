"""Text of an e-mail: who, what, when, the bodies, and the names of what was attached."""

import email.parser
import email.policy
from email.message import EmailMessage
from itertools import islice

from samarkiv_preservation.derivatives.markup import text_of_html
from samarkiv_preservation.derivatives.refusal import CouldNot
from samarkiv_preservation.formats.encodings import decode

_HEADERS = ("Subject", "From", "To", "Cc", "Date")
_PARTS = 1000


def text_of(data: bytes) -> str:
    """Return the text of a message; raises CouldNot when it is none."""
    try:
        message = email.parser.BytesParser(EmailMessage, policy=email.policy.default).parsebytes(data)
        return "\n".join(_lines(message))
    except (ValueError, LookupError, AttributeError, IndexError, TypeError, RecursionError) as error:
        # the standard library raises all of these for broken headers
        raise CouldNot(f"not a readable message: {type(error).__name__}") from error


def _lines(message: EmailMessage) -> list[str]:
    found = []
    for part in islice(message.walk(), _PARTS):
        found += [str(part[name]) for name in _HEADERS if part[name]]
        name = part.get_filename()
        if name:
            found.append(str(name))
        elif part.get_content_maintype() == "text":
            raw = part.get_payload(decode=True)
            body = _decoded(raw if isinstance(raw, bytes) else b"", part.get_content_charset())
            found.append(text_of_html(body) if part.get_content_subtype() == "html" else body)
    return found


def _decoded(raw: bytes, charset: str | None) -> str:
    if charset:
        try:
            return raw.decode(charset)
        except (LookupError, UnicodeDecodeError):
            pass  # mail programs lie about it: the ladder decides
    return decode(raw)
