"""Every code the container scan and the check pass can give: severity, layer, what is wrong, what to do (RELIABILITY §3)."""

import unicodedata
from dataclasses import dataclass

from samarkiv_contracts.findings import Finding, Layer, Severity
from samarkiv_contracts.text import Text


@dataclass(frozen=True)
class Code:
    """One row of the table."""

    severity: Severity
    layer: Layer
    message: Text
    hint: Text


def _row(layer: Layer, severity: Severity, sv: str, en: str, hint_sv: str, hint_en: str) -> Code:
    return Code(severity, layer, Text(sv=sv, en=en), Text(sv=hint_sv, en=hint_en))


_REPACK_SV = "Packa om leveransen med ett vanligt zip- eller tarverktyg."
_REPACK_EN = "Pack the delivery again with an ordinary zip or tar tool."
_RESEND_SV = "Skicka filen på nytt och jämför kontrollsumman med källans."
_RESEND_EN = "Send the file again and compare its digest with the source's."
_RENAME_SV = "Byt namn på filen eller mappen och packa om."
_RENAME_EN = "Rename the file or folder and pack again."


def _box(sv: str, en: str, hint_sv: str = _REPACK_SV, hint_en: str = _REPACK_EN) -> Code:
    return _row(Layer.CONTAINER, Severity.ERROR, sv, en, hint_sv, hint_en)


def _name(sv: str, en: str, hint_sv: str = _RENAME_SV, hint_en: str = _RENAME_EN) -> Code:
    return _row(Layer.SAFETY, Severity.ERROR, sv, en, hint_sv, hint_en)


_CONTAINER = {
    "SAM-CONTAINER-UNKNOWN": _box(
        "Filen är varken zip, tar eller tar.gz",
        "The file is neither zip, tar nor tar.gz",
        "Leverera som zip (lagrad eller deflate), tar eller tar.gz.",
        "Deliver as zip (stored or deflate), tar or tar.gz.",
    ),
    "SAM-CONTAINER-EMPTY": _box(
        "Paketet innehåller ingenting",
        "The package holds nothing",
        "Leverera minst en fil.",
        "Deliver at least one file.",
    ),
    "SAM-CONTAINER-ENTRIES": _box(
        "Paketet har fler poster än tillåtet",
        "The package has more entries than allowed",
        "Dela upp leveransen eller kom överens om en högre gräns.",
        "Split the delivery or agree on a higher limit.",
    ),
    "SAM-CONTAINER-SIZE": _box(
        "Paketets innehåll är större än tillåtet",
        "The content of the package is larger than allowed",
        "Dela upp leveransen eller kom överens om en högre gräns.",
        "Split the delivery or agree on a higher limit.",
    ),
    "SAM-CONTAINER-RATIO": _row(
        Layer.SAFETY,
        Severity.ERROR,
        "Innehållet är komprimerat mer än tillåtet (möjlig zipbomb)",
        "The content is compressed more than allowed (a possible zip bomb)",
        "Leverera filen okomprimerad i paketet (metod: lagrad).",
        "Deliver the file uncompressed in the package (method: stored).",
    ),
}

_ZIP = {
    "SAM-ZIP-TRUNCATED": _box("Zipfilen är avkortad", "The zip file is cut short", _RESEND_SV, _RESEND_EN),
    "SAM-ZIP-TRAILING": _box(
        "Det finns data efter zipfilens slut", "There is data after the end of the zip file"
    ),
    "SAM-ZIP-PREFIX": _box(
        "Det finns data före zipfilens början", "There is data before the start of the zip file"
    ),
    "SAM-ZIP-GAP": _box(
        "Det finns dolda data mellan poster i zipfilen",
        "There is hidden data between entries of the zip file",
    ),
    "SAM-ZIP-OVERLAP": _row(
        Layer.SAFETY,
        Severity.ERROR,
        "Poster i zipfilen överlappar varandra",
        "Entries of the zip file overlap",
        _REPACK_SV,
        _REPACK_EN,
    ),
    "SAM-ZIP-SEVERAL-ENDS": _box("Zipfilen har flera slutposter", "The zip file has several end records"),
    "SAM-ZIP-SPLIT": _box("Zipfilen är en del av flera", "The zip file is one part of several"),
    "SAM-ZIP-DIRECTORY": _box(
        "Zipfilens innehållsförteckning är felaktig", "The directory of the zip file is wrong"
    ),
    "SAM-ZIP64": _box(
        "Zipfilens uppgifter för stora filer motsäger varandra", "The zip64 fields contradict each other"
    ),
    "SAM-ZIP-LOCAL": _box(
        "Postens två beskrivningar i zipfilen stämmer inte överens",
        "The entry's two descriptions in the zip file differ",
    ),
    "SAM-ZIP-DESCRIPTOR": _box(
        "Uppgifterna efter postens data stämmer inte", "The data descriptor of the entry does not match"
    ),
    "SAM-ZIP-EXTRA": _box("Postens tilläggsfält är felaktigt", "The extra field of the entry is malformed"),
    "SAM-ZIP-ENCRYPTED": _box(
        "Posten är krypterad",
        "The entry is encrypted",
        "Leverera utan lösenord; överföringen är redan krypterad.",
        "Deliver without a password; the transfer is encrypted already.",
    ),
    "SAM-ZIP-METHOD": _box(
        "Posten är packad med en metod som inte tas emot",
        "The entry is packed with a method that is not accepted",
        "Använd metoden lagrad eller deflate.",
        "Use the method stored or deflate.",
    ),
    "SAM-ZIP-CRC": _box("Postens CRC stämmer inte", "The CRC of the entry is wrong", _RESEND_SV, _RESEND_EN),
    "SAM-ZIP-FALSE-SIZE": _box(
        "Postens verkliga storlek är en annan än den uppgivna",
        "The real size of the entry is not the declared one",
    ),
    "SAM-ZIP-DATA": _box(
        "Postens data kan inte packas upp", "The entry cannot be inflated", _RESEND_SV, _RESEND_EN
    ),
    "SAM-ZIP-FOLDER": _box("En mapp-post är motsägelsefull", "A folder entry contradicts itself"),
    "SAM-ZIP-UNICODE-PATH": _box("Posten har två olika namn", "The entry has two different names"),
}

_TAR = {
    "SAM-TAR-TRUNCATED": _box("Tarfilen är avkortad", "The tar file is cut short", _RESEND_SV, _RESEND_EN),
    "SAM-TAR-TRAILING": _box(
        "Det finns data efter tarfilens slut", "There is data after the end of the tar file"
    ),
    "SAM-TAR-HEADER": _box("En post i tarfilen har felaktigt huvud", "A header of the tar file is wrong"),
    "SAM-TAR-SIZE": _box(
        "Postens storleksuppgifter motsäger varandra", "The sizes of the entry contradict each other"
    ),
    "SAM-TAR-TYPE": _box(
        "Posten är av en typ som inte tas emot", "The entry is of a type that is not accepted"
    ),
    "SAM-TAR-SPARSE": _box(
        "Posten är en gles fil",
        "The entry is a sparse file",
        "Packa utan --sparse.",
        "Pack without --sparse.",
    ),
    "SAM-GZIP-DATA": _box("Gzip-strömmen är skadad", "The gzip stream is damaged", _RESEND_SV, _RESEND_EN),
    "SAM-GZIP-TRUNCATED": _box(
        "Gzip-filen är avkortad", "The gzip file is cut short", _RESEND_SV, _RESEND_EN
    ),
    "SAM-GZIP-TRAILING": _box(
        "Det finns data efter gzip-strömmens slut", "There is data after the gzip stream"
    ),
}

_NAMES = {
    "SAM-NAME-TRAVERSAL": _name("Sökvägen leder ut ur paketet", "The path leads out of the package"),
    "SAM-NAME-ABSOLUTE": _name("Sökvägen är absolut", "The path is absolute"),
    "SAM-NAME-DRIVE": _name("Sökvägen har en enhetsbokstav", "The path has a drive letter"),
    "SAM-NAME-UNC": _name("Sökvägen är en nätverkssökväg", "The path is a network path"),
    "SAM-NAME-BACKSLASH": _name("Sökvägen innehåller omvänt snedstreck", "The path has a backslash"),
    "SAM-NAME-COLON": _name("Namnet innehåller kolon", "The name has a colon"),
    "SAM-NAME-CONTROL": _name("Namnet innehåller styrtecken", "The name has control characters"),
    "SAM-NAME-BIDI": _name(
        "Namnet innehåller dolda tecken som vänder skrivriktningen",
        "The name has hidden characters that turn the text",
    ),
    "SAM-NAME-SEGMENT": _name("Sökvägen har ett tomt led", "The path has an empty segment"),
    "SAM-NAME-LONG": _name("Namnet eller sökvägen är för lång", "The name or path is too long"),
    "SAM-NAME-DEEP": _name("Mapparna ligger för djupt", "The folders lie too deep"),
    "SAM-NAME-RESERVED": _name("Namnet är reserverat i Windows", "The name is reserved in Windows"),
    "SAM-NAME-TRAILING": _name(
        "Namnet slutar med punkt eller blanksteg", "The name ends with a dot or a space"
    ),
    "SAM-NAME-DUPLICATE": _name("Två poster har samma namn", "Two entries have the same name"),
    "SAM-NAME-COLLISION": _name(
        "Två namn skiljer sig bara i teckenform",
        "Two names differ only by Unicode form",
    ),
    "SAM-NAME-CASE": _row(
        Layer.SAFETY,
        Severity.WARNING,
        "Två namn skiljer sig bara i skiftläge",
        "Two names differ only by case",
        "Båda bevaras som de är; på en dator som inte skiljer på skiftläge går de inte att packa upp i samma mapp.",
        "Both are kept as they are; a computer that does not tell case apart cannot unpack them into one folder.",
    ),
    "SAM-ENTRY-LINK": _name(
        "Posten är en länk",
        "The entry is a link",
        "Leverera själva filen i stället för länken.",
        "Deliver the file itself instead of the link.",
    ),
    "SAM-ENTRY-DEVICE": _name(
        "Posten är en enhet, ett rör eller en sockel",
        "The entry is a device, pipe or socket",
        "Ta bort posten.",
        "Remove it.",
    ),
    "SAM-ENTRY-SETUID": _name(
        "Posten har setuid- eller setgid-flagga",
        "The entry has a setuid or setgid bit",
        "Ta bort flaggan.",
        "Clear the bit.",
    ),
}

_NOTES = {
    "SAM-NAME-LEGACY": _row(
        Layer.CONTAINER,
        Severity.INFO,
        "Namnet var inte UTF-8 och har tolkats; de ursprungliga byten är bevarade",
        "The name was not UTF-8 and was decoded; its original bytes are kept",
        "Packa med ett verktyg som skriver UTF-8.",
        "Pack with a tool that writes UTF-8.",
    ),
    "SAM-NAME-STALE-UNICODE": _row(
        Layer.CONTAINER,
        Severity.WARNING,
        "Postens tillägg med Unicode-namn hör inte till namnet och används inte",
        "The entry's Unicode path field does not belong to its name and is not used",
        _REPACK_SV,
        _REPACK_EN,
    ),
    "SAM-JUNK": _row(
        Layer.CONTAINER,
        Severity.INFO,
        "Paketet innehåller filer som datorn lagt till (__MACOSX, .DS_Store, Thumbs.db); de bevaras som de är",
        "The package holds files the computer added (__MACOSX, .DS_Store, Thumbs.db); they are kept as they are",
        "Ta bort dem före packning om de inte ska bevaras.",
        "Remove them before packing if they are not to be kept.",
    ),
    "SAM-FORMAT-EXTENSION": _row(
        Layer.FORMAT,
        Severity.WARNING,
        "Filändelsen stämmer inte med innehållet",
        "The extension does not match the content",
        "Kontrollera att filen är vad den utger sig för.",
        "Check that the file is what it says it is.",
    ),
    "SAM-FORMAT-UNKNOWN": _row(
        Layer.FORMAT,
        Severity.INFO,
        "Filformatet kunde inte bestämmas",
        "The format could not be identified",
        "Ange formatet i metadata om det är känt.",
        "State the format in the metadata if it is known.",
    ),
    "SAM-FORMAT-FAULT": _row(
        Layer.FORMAT,
        Severity.WARNING,
        "Formatverktyget kunde inte läsa hela filen",
        "The format tool could not read the whole file",
        "Kontrollera att filen går att öppna.",
        "Check that the file can be opened.",
    ),
}

TABLE: dict[str, Code] = _CONTAINER | _ZIP | _TAR | _NAMES | _NOTES


def finding(code: str, file: str = "", place: str = "", expected: object = "", found: object = "") -> Finding:
    """Return the finding of `code` about `file`. Raises KeyError for a code that is not in the table."""
    row = TABLE[code]
    return Finding(
        code=code,
        severity=row.severity,
        layer=row.layer,
        message=row.message,
        hint=row.hint,
        file=shown(file),
        place=place,
        expected=str(expected),
        found=shown(str(found)),
    )


_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})


def shown(text: str, limit: int = 1100) -> str:
    """Return a name as it can be shown safely: control and bidi characters escaped, cut at `limit` characters."""
    safe = text[:limit]
    if not safe.isprintable():
        safe = "".join(
            c.encode("unicode_escape").decode("ascii") if unicodedata.category(c) in _HIDDEN else c
            for c in safe
        )
    return safe if len(text) <= limit else safe + "…"
