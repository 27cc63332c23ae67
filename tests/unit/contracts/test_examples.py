"""Golden events: every released example is kept for ever and read by today's code."""

import json
from pathlib import Path

import pytest
from samarkiv_contracts.catalogue import BY_TYPE, SCORE
from samarkiv_contracts.envelope import Envelope

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "contracts" / "examples").glob("*.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_todays_code_reads_the_example(path: Path) -> None:
    envelope = Envelope.from_bytes(path.read_bytes())
    event = BY_TYPE[envelope.type].event.model_validate(envelope.data)
    assert json.loads(event.model_dump_json(exclude_unset=True)).items() <= envelope.data.items()


def test_every_event_has_an_example() -> None:
    assert {path.stem for path in EXAMPLES} >= {row.event.type for row in SCORE}


@pytest.mark.parametrize("row", SCORE, ids=lambda row: row.event.type)
def test_the_key_is_a_field_of_the_event(row: object) -> None:
    event = row.event  # type: ignore[attr-defined]
    assert event.key in event.model_fields


def test_an_envelope_keeps_what_it_does_not_know() -> None:
    body = json.loads(EXAMPLES[0].read_text(encoding="utf-8")) | {"laterattribute": "x"}
    again = json.loads(Envelope.from_bytes(json.dumps(body).encode()).to_bytes())
    assert again["laterattribute"] == "x"
