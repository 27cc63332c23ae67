"""Asking for records that are not open: no name demanded, a case code to follow (POLICY P3)."""

import hashlib
import hmac
import re
from dataclasses import dataclass

from samarkiv_contracts.findings import Finding, Layer, Severity
from samarkiv_contracts.ids import make_id
from samarkiv_contracts.problems import InvalidInput, NotFound
from samarkiv_contracts.text import Text
from samarkiv_runtime.clock import rfc3339
from samarkiv_runtime.database import Database
from samarkiv_runtime.policy import Resource
from samarkiv_runtime.ports import Clock, Ids

from samarkiv_access.store import reads, writes
from samarkiv_access.usecases.look import Asker, Seen, see_record

MOST = 4_000
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE = re.compile(rf"[{_LETTERS}]{{28}}")


@dataclass(frozen=True)
class Case:
    """A request as its maker sees it."""

    id: str
    record: str
    text: str
    state: str
    answer: str
    at: str


def new_code(ids: Ids) -> str:
    """Return a case code of 28 letters in groups, over 128 bits: `7K3M-…`, easy to read aloud."""
    number = int.from_bytes(hashlib.sha256(ids.token(256).encode()).digest())
    letters = []
    for _ in range(28):
        number, place = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[place])
    text = "".join(letters)
    return "-".join(text[at : at + 4] for at in range(0, 28, 4))


def plain_code(code: str) -> str:
    """Return a code as it was made, however it was grouped or cased; empty when it cannot be one."""
    found = re.sub(r"[^0-9A-Z]", "", code.upper())
    return found if _CODE.fullmatch(found) else ""


def hashed(code: str) -> str:
    """Return what is kept of a code."""
    return hashlib.sha256(b"samarkiv case " + plain_code(code).encode()).hexdigest()


def ask_for(
    database: Database, caller: Asker, clock: Clock, ids: Ids, *, record: str, text: str, tenant: str
) -> str:
    """Write a request and return its case code. Raises InvalidInput without anything to look for, NotFound."""
    said = text.strip()
    seen: Seen | None = see_record(database, caller, record) if record else None
    if seen is None and not said:
        raise InvalidInput(findings=(_missing(),))
    level = seen.held.level if seen else None
    caller.must("case.create", Resource("case", level=level, part="registry"), free_text=seen is None)
    code = new_code(ids)
    row = {
        "id": make_id("request", ids.uuid4()),
        "code_hash": hashed(code),
        "tenant": seen.held.place.tenant if seen else tenant[:60],
        "record": record,
        "text": said[:MOST],
        "state": "received",
        "at": rfc3339(clock.now()),
    }
    with database.write() as tx:
        writes.add_request(tx, row)
    return code


def follow(database: Database, caller: Asker, code: str) -> Case:
    """Return the request with a code; raises NotFound for a wrong one, in the same time."""
    wanted = hashed(code)
    with database.read() as tx:
        row = reads.request_by_code(tx, wanted)
    right = row is not None and bool(plain_code(code)) and hmac.compare_digest(row.code_hash, wanted)
    if row is None or not right:
        raise NotFound
    case = Resource("case", row.id, row.tenant, part="registry")
    # The answer is one short page, so the right is asked as often as anything is sent.
    caller.must("case.follow", case, right_code=True, in_time=True, fulfils={"recheck"})
    return Case(row.id, row.record, row.text, row.state, row.answer, row.at)


def _missing() -> Finding:
    return Finding(
        code="text_required",
        severity=Severity.ERROR,
        layer=Layer.STRUCTURE,
        message=Text(sv="Skriv vad du söker.", en="Say what you are looking for."),
        hint=Text(sv="Några ord räcker.", en="A few words are enough."),
        place="text",
    )
