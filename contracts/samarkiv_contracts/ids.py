"""Typed ids: a package is `uuid-<uuid4>`, everything else a three-letter prefix and a uuid4 (DESIGN §8)."""

import re
import uuid
from typing import Annotated

from pydantic import StringConstraints

_UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"

PackageId = Annotated[str, StringConstraints(pattern=rf"^uuid-{_UUID4}$")]
DeliveryId = Annotated[str, StringConstraints(pattern=rf"^dlv-{_UUID4}$")]
RecordId = Annotated[str, StringConstraints(pattern=rf"^rec-{_UUID4}$")]
AgreementId = Annotated[str, StringConstraints(pattern=rf"^agr-{_UUID4}$")]
TenantId = Annotated[str, StringConstraints(pattern=rf"^tnt-{_UUID4}$")]
AuthorityId = Annotated[str, StringConstraints(pattern=rf"^aut-{_UUID4}$")]
ReceiptId = Annotated[str, StringConstraints(pattern=rf"^rcp-{_UUID4}$")]
AccountId = Annotated[str, StringConstraints(pattern=rf"^acc-{_UUID4}$")]
PersonId = Annotated[str, StringConstraints(pattern=rf"^prs-{_UUID4}$")]
RequestId = Annotated[str, StringConstraints(pattern=rf"^req-{_UUID4}$")]

PREFIXES = {
    "package": "uuid",
    "delivery": "dlv",
    "record": "rec",
    "agreement": "agr",
    "tenant": "tnt",
    "authority": "aut",
    "receipt": "rcp",
    "account": "acc",
    "person": "prs",
    "request": "req",
}
_ANY = re.compile(rf"^(?:{'|'.join(PREFIXES.values())})-{_UUID4}$")
_KINDS = {prefix: kind for kind, prefix in PREFIXES.items()}


def make_id(kind: str, value: uuid.UUID) -> str:
    """Return the id of `kind` for a given uuid4; raises KeyError for an unknown kind."""
    return f"{PREFIXES[kind]}-{value}"


def kind_of(text: str) -> str | None:
    """Return the kind of a well-formed id (`package`, `delivery`, …), or None when it is no id of ours."""
    return _KINDS[text.split("-", 1)[0]] if _ANY.match(text) else None
