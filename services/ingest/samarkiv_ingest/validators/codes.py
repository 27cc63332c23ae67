"""The validators' own codes, for what has no official ID, and the finding of one."""

from samarkiv_contracts.findings import Finding, Severity

from samarkiv_ingest.packages.codes import shown
from samarkiv_ingest.validators.code import Code
from samarkiv_ingest.validators.codes_bag import BAG
from samarkiv_ingest.validators.codes_content import DESCRIPTION, FGS
from samarkiv_ingest.validators.codes_files import FIX, METS, REF, XML

TABLE: dict[str, Code] = XML | METS | REF | FIX | BAG | FGS | DESCRIPTION


def finding(
    code: str,
    file: str = "",
    place: str = "",
    expected: object = "",
    found: object = "",
    severity: Severity | None = None,
) -> Finding:
    """Return the finding of an own code about `file`. Raises KeyError for a code that is not in the table."""
    row = TABLE[code]
    return Finding(
        code=code,
        severity=severity or row.severity,
        layer=row.layer,
        message=row.message,
        hint=row.hint,
        file=shown(file),
        place=shown(place),
        expected=shown(str(expected), 300),
        found=shown(str(found), 300),
    )
