"""An archive's home with one member and one agreement: tolerant, public, every package kind, no small limits."""

from samarkiv_ingest import store
from samarkiv_ingest.domain.agreement import Terms
from samarkiv_ingest.usecases import registry
from samarkiv_runtime.settings import load_settings

from bench.archive import AGREEMENT
from samarkiv.demo import agreements, load, members
from samarkiv.serve import Running

TERMS = Terms(
    rules="tolerant",
    default_level=0,
    publication_decision=agreements.DECISION,
    record_type="Mätning",
    max_entries=1_000_000,
)


def main() -> None:
    """Make the home the settings name."""
    with Running(load_settings(port=0)) as running:
        parts = running.services["ingest"].parts  # type: ignore[attr-defined]
        slug = members.MEMBERS[0].slug
        tenant = load.members(parts, [members.MEMBERS[0]])[slug]
        with parts.house.database.read() as tx:
            board = store.list_authorities(tx, tenant)[0]["id"]
        made = registry.add_agreement(
            parts,
            authority=board,
            reference=AGREEMENT,
            title="Mätning",
            producer="bench",
            terms=TERMS,
            valid_to="",
        )
        made = registry.approve_agreement(parts, made, "producer", "bench")
        registry.approve_agreement(parts, made, "archive", "bench")


if __name__ == "__main__":
    main()
