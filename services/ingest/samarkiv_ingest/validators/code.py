"""What a code of the validators' own is."""

from dataclasses import dataclass

from samarkiv_contracts.findings import Layer, Severity
from samarkiv_contracts.text import Text

E, W, N = Severity.ERROR, Severity.WARNING, Severity.INFO


@dataclass(frozen=True)
class Code:
    """One row of the table."""

    severity: Severity
    layer: Layer
    message: Text
    hint: Text


def rows(*rows: tuple[str, Severity, Layer, str, str, str, str]) -> dict[str, Code]:
    """Return codes of rows: code, severity, layer, what is wrong (sv, en), what to do (sv, en)."""
    return {
        code: Code(severity, layer, Text(sv=sv, en=en), Text(sv=todo_sv, en=todo_en))
        for code, severity, layer, sv, en, todo_sv, todo_en in rows
    }


EXPORT = (
    "Rätta exporten i källsystemet och leverera på nytt.",
    "Correct the export at the source and deliver again.",
)
REMOVE = ("Ta bort det ur filen och leverera på nytt.", "Remove it from the file and deliver again.")
LIST = (
    "Ta med filen i förteckningen, eller ta bort den ur paketet.",
    "List the file, or remove it from the package.",
)
RESEND = (
    "Jämför filen med källan och leverera på nytt.",
    "Compare the file with its source and deliver again.",
)
