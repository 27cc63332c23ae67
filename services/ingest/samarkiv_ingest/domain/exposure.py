"""Exposure levels of what is delivered: never more open than agreed, closed when a personal number shows (R33)."""

from samarkiv_contracts.findings import Finding
from samarkiv_contracts.levels import Level

from samarkiv_ingest.domain.agreement import Agreement
from samarkiv_ingest.domain.draft import RecordDraft
from samarkiv_ingest.domain.findings import finding
from samarkiv_ingest.domain.personal_numbers import has_personal_number


def exposed(agreement: Agreement, records: list[RecordDraft]) -> tuple[list[RecordDraft], list[Finding]]:
    """Return the records with the level each will have, and a finding for every proposal that closed one."""
    leveled, found = [], []
    told_of_decision = False
    for record in records:
        wanted = agreement.terms.default_level if record.level is None else record.level
        level = agreement.level_of(record.level)
        if wanted == Level.OPEN and level != Level.OPEN and not told_of_decision:
            found.append(finding("SAM-NO-DECISION"))
            told_of_decision = True
        public = record.public_title or (record.title if level is Level.OPEN else "")
        if record.protected or (level < Level.CLOSED and has_personal_number(public)):
            level = Level.CLOSED
            if not record.protected:
                found.append(finding("SAM-PERSONAL-NUMBER", place=record.registry_no or record.source_id))
        leveled.append(record.model_copy(update={"level": int(level)}))
    return leveled, found
