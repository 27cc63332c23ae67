"""Findings that ingest itself makes: about the agreement, the declared digest, exposure and the upload."""

import hashlib
from collections.abc import Sequence

from samarkiv_contracts.findings import Finding, Layer, Severity
from samarkiv_contracts.text import Text

_CODES: dict[str, tuple[Severity, Layer, Text, Text]] = {
    "SAM-DIGEST": (
        Severity.ERROR,
        Layer.FIXITY,
        Text(
            sv="Filen som kom fram har inte den kontrollsumma som angavs.",
            en="The file that arrived does not have the declared digest.",
        ),
        Text(
            sv="Kontrollera filen i källsystemet och leverera den på nytt.",
            en="Check the file at the source and deliver it again.",
        ),
    ),
    "SAM-SIZE": (
        Severity.ERROR,
        Layer.FIXITY,
        Text(
            sv="Filen som kom fram har inte den storlek som angavs.",
            en="The file that arrived does not have the declared size.",
        ),
        Text(
            sv="Fortsätt uppladdningen där den avbröts, eller leverera på nytt.",
            en="Continue the upload where it stopped, or deliver again.",
        ),
    ),
    "SAM-EXPIRED": (
        Severity.ERROR,
        Layer.CONTAINER,
        Text(
            sv="Uppladdningen blev aldrig färdig och har städats bort.",
            en="The upload was never finished and has been cleared away.",
        ),
        Text(
            sv="Leverera på nytt; en avbruten uppladdning kan återupptas inom sju dagar.",
            en="Deliver again; a cut upload can be resumed within seven days.",
        ),
    ),
    "SAM-CANCELLED": (
        Severity.ERROR,
        Layer.CONTAINER,
        Text(sv="Producenten avbröt uppladdningen.", en="The producer ended the upload."),
        Text(sv="Leverera på nytt när paketet är klart.", en="Deliver again when the package is ready."),
    ),
    "SAM-PROFILE": (
        Severity.ERROR,
        Layer.AGREEMENT,
        Text(
            sv="Överenskommelsen omfattar inte paket av det här slaget.",
            en="The agreement does not cover packages of this kind.",
        ),
        Text(
            sv="Leverera i ett avtalat format, eller kom överens med arkivet om en ny version.",
            en="Deliver in an agreed form, or agree on a new version with the archive.",
        ),
    ),
    "SAM-EMPTY": (
        Severity.ERROR,
        Layer.COMPLETENESS,
        Text(sv="Paketet innehåller inga filer.", en="The package holds no files."),
        Text(sv="Kontrollera exporten och leverera på nytt.", en="Check the export and deliver again."),
    ),
    "SAM-PERSONAL-NUMBER": (
        Severity.WARNING,
        Layer.CONTENT,
        Text(
            sv="Ett personnummer står i den offentliga titeln; handlingen läggs på nivå 2.",
            en="A personal number stands in the public title; the record is put at level 2.",
        ),
        Text(
            sv="Ge handlingen en annan offentlig titel om den ska kunna visas.",
            en="Give the record another public title if it is to be shown.",
        ),
    ),
    "SAM-NO-DECISION": (
        Severity.INFO,
        Layer.AGREEMENT,
        Text(
            sv="Publiceringsbeslut saknas; handlingen visas på nivå 1, på begäran.",
            en="There is no publication decision; the record is shown at level 1, on request.",
        ),
        Text(
            sv="Ta in publiceringsbeslutet i överenskommelsen om handlingarna ska vara öppna.",
            en="Put the publication decision into the agreement if the records are to be open.",
        ),
    ),
    "SAM-MAPPING": (
        Severity.ERROR,
        Layer.CONTENT,
        Text(
            sv="Registret som överenskommelsen pekar ut kan inte läsas.",
            en="The register that the agreement names cannot be read.",
        ),
        Text(
            sv="Kontrollera registerfilens namn, teckenkodning och kolumner mot överenskommelsen.",
            en="Check the register's name, encoding and columns against the agreement.",
        ),
    ),
    "SAM-NOT-SCANNED": (
        Severity.INFO,
        Layer.SAFETY,
        Text(
            sv="Ingen viruskontroll är inkopplad; leveransen är inte kontrollerad mot skadlig kod.",
            en="No malware scanner is connected; the delivery was not scanned.",
        ),
        Text(
            sv="Kontrollera leveransen mot skadlig kod innan den lämnas; arkivet gör det inte än.",
            en="Scan the delivery before it is handed in; the archive does not do it yet.",
        ),
    ),
}


def finding(code: str, *, file: str = "", place: str = "", expected: str = "", found: str = "") -> Finding:
    """Return a finding of ingest's own table; raises KeyError for an unknown code."""
    severity, layer, message, hint = _CODES[code]
    return Finding(
        code=code,
        severity=severity,
        layer=layer,
        message=message,
        hint=hint,
        file=file,
        place=place,
        expected=expected,
        found=found,
    )


def codes() -> dict[str, tuple[Severity, Layer, Text, Text]]:
    """Return the table, for the reference pages."""
    return dict(_CODES)


def digest_of(findings: Sequence[Finding]) -> str:
    """Return the SHA-256 of a report: what its events and receipts name it by."""
    return hashlib.sha256(b"\n".join(one.model_dump_json().encode() for one in findings)).hexdigest()
