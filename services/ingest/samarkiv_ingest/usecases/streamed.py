"""The record of a streamed case: described by its event, its files are those the SIP was made of."""

import json

from samarkiv_contracts.events.record import RecordClosed
from samarkiv_contracts.findings import Finding

from samarkiv_ingest.domain.draft import RecordDraft
from samarkiv_ingest.packages.read import Tree


def streamed_record(plan: str, tree: Tree, root: str) -> tuple[str, list[RecordDraft], list[Finding]]:
    """Return label and the one record of a case, with the files' levels by their delivered paths."""
    said = json.loads(plan)
    facts = RecordClosed.model_validate(said["closed"])
    data = f"{root}/representations/rep1/data/" if root else "representations/rep1/data/"
    levels = {f"{data}{name}": level for name, level in said["levels"].items()}
    record = RecordDraft(
        title=facts.title,
        public_title=facts.public_title,
        record_type=facts.record_type,
        level=facts.level,
        registry_no=facts.registry_no,
        classification=facts.classification,
        description=facts.description,
        places=facts.places,
        parties=facts.parties,
        dates=facts.dates,
        files=tuple(path for path in tree.paths() if path.startswith(data)),
        file_levels=levels,
        source_id=said["source_id"],
    )
    return facts.title, [record], []
