"""The value lists of E-ARK and METS, as facts: union of the versions 2.0.4, 2.1.0 and 2.2.0 (list of 2025-02)."""

from functools import lru_cache
from importlib import resources

CONTENT_CATEGORY = frozenset(
    {
        "Textual works – Print",
        "Textual works – Digital",
        "Textual works – Electronic Serials",
        "Digital Musical Composition (score-based representations)",
        "Musical Scores - Print",
        "Musical Scores - Digital",
        "Photographs – Print",
        "Photographs – Digital",
        "Other Graphic Images – Print",
        "Other Graphic Images – Digital",
        "Microforms",
        "Audio – On Tangible Medium (digital or analog)",
        "Audio – Media-independent (digital)",
        "Motion Pictures – Digital and Physical Media",
        "Video – File-based and Physical Media",
        "Software",
        "Software and Video Games",
        "Email",
        "Datasets",
        "Geospatial Data",
        "Geographic Information System (GIS) - Vector Data",
        "GIS Raster and Georeferenced Images",
        "GIS Vector and Raster Combined",
        "Non-GIS Cartographic",
        "2D and 3D Computer Aided Design",
        "Design (schematics, architectural drawings) - Print",
        "Scanned 3D Objects (output from photogrammetry scanning)",
        "Databases",
        "Websites",
        "Web Archives",
        "Collection",
        "Event",
        "Image",
        "Interactive resource",
        "Moving image",
        "Sound",
        "Still image",
        "Text",
        "Physical object",
        "Service",
        "Mixed",
        "Other",
    }
)
# The vocabulary and the extension schema spell the archival codes differently; both are taken (STANDARDS §5.3).
CONTENT_INFORMATION = frozenset(
    """
    ERMS SIARD1 SIARD2 SIARDDK GeoData citcarchival_v1_0 citsarchival_v1_0 csarchival_v1_0 citscarchival_v1_0
    cscarchival_v1_0 citserms_v2_1 citserms_v3_0 citspremis_v1_0 cspremis_v1_0 citsehpj_v1_0 citsehpj_v2_0
    citsehcr_v1_0 citssiard_v1_0 citsgeospatial_v3_0 cits3dpm_v1_0 MIXED OTHER
    """.split()  # noqa: SIM905
)
PACKAGE_TYPE = frozenset({"SIP", "AIP", "DIP", "AIU", "AIC"})
STATUS = frozenset({"CURRENT", "SUPERSEDED"})
AGENT_ROLE = frozenset(
    {"CREATOR", "EDITOR", "ARCHIVIST", "PRESERVATION", "DISSEMINATOR", "CUSTODIAN", "IPOWNER", "OTHER"}
)
NOTE_TYPE = frozenset({"SOFTWARE VERSION", "IDENTIFICATIONCODE"})
GROUPS = ("Documentation", "Schemas", "Representations", "Metadata")
# REPLEACEMENT is how the list of 2.0.4 and 2.1.0 spells it.
RECORD_STATUS = frozenset(
    {"NEW", "SUPPLEMENT", "REPLACEMENT", "REPLEACEMENT", "TEST", "VERSION", "DELETE", "OTHER"}
)
RECORD_ID = (
    "SUBMISSIONAGREEMENT",
    "PREVIOUSSUBMISSIONAGREEMENT",
    "REFERENCECODE",
    "PREVIOUSREFERENCECODE",
)
METADATA_TYPE = frozenset(
    """
    MARC MODS EAD DC NISOIMG LC-AV VRA TEIHDR DDI FGDC LOM PREMIS PREMIS:OBJECT PREMIS:AGENT PREMIS:RIGHTS
    PREMIS:EVENT TEXTMD METSRIGHTS EAC-CPF LIDO OTHER
    """.split()  # noqa: SIM905
) | {"ISO 19115:2003 NAP"}
# METS name → (hashlib name, hex digits); the ones METS allows but no library computes are None.
CHECKSUM: dict[str, tuple[str | None, int]] = {
    "MD5": ("md5", 32),
    "SHA-1": ("sha1", 40),
    "SHA-256": ("sha256", 64),
    "SHA-384": ("sha384", 96),
    "SHA-512": ("sha512", 128),
    "CRC32": ("crc32", 8),
    "Adler-32": ("adler32", 8),
    "HAVAL": (None, 0),
    "MNP": (None, 0),
    "TIGER": (None, 48),
    "WHIRLPOOL": (None, 128),
}
MIME_LONGEST = 127


def category(value: str) -> bool:
    """Tell whether a content category is in the list; dashes of either kind, OTHER and MIXED in any case."""
    return _plain(value) in _CATEGORIES


def _plain(value: str) -> str:
    plain = value.replace("–", "-")
    return plain.lower() if plain.lower() in {"other", "mixed"} else plain


_CATEGORIES = frozenset(_plain(one) for one in CONTENT_CATEGORY)


def is_other(value: str) -> bool:
    """Tell whether a value says that another attribute holds the real one."""
    return value.upper() == "OTHER"


@lru_cache(maxsize=1)
def media_types() -> frozenset[str]:
    """Return the known media types, lower case."""
    listed = (resources.files(__package__) / "media_types.txt").read_text(encoding="ascii")
    found: set[str] = set()
    for line in listed.splitlines():
        top, colon, names = line.partition(": ")
        if colon and not line.startswith("#"):
            found.update(f"{top}/{name}" for name in names.split())
    return frozenset(found)
