"""What a delivery says of itself: a label, and at least one record, whatever kind of package it is."""

from samarkiv_contracts.findings import Finding

from samarkiv_ingest.descriptions import bag, eark, fgs, register
from samarkiv_ingest.descriptions.told import Told, named, whole
from samarkiv_ingest.domain.agreement import Terms
from samarkiv_ingest.domain.draft import RecordDraft
from samarkiv_ingest.packages.profile import detect
from samarkiv_ingest.packages.read import Tree


def describe(
    tree: Tree, profile: str, root: str, terms: Terms, title: str = "", name: str = ""
) -> tuple[str, list[RecordDraft], list[Finding]]:
    """Return the package's label, its records (at least one) and what could not be understood.

    `title` is what the producer called the delivery, `name` the container's file name; both are weaker than what the
    package says. A register that the agreement names is stronger than every other description.
    """
    told = _told(tree, profile, root)
    if terms.mapping is not None:
        rows = register.describe(tree, root, terms.mapping)
        told = Told(told.label, rows.records, (*told.findings, *rows.findings))
    label = told.label or named(title, name, root)
    records = [_filled(one, label, terms) for one in told.records] or [_filled(whole(label), label, terms)]
    return label, records, list(told.findings)


def _told(tree: Tree, profile: str, root: str) -> Told:
    if profile.startswith("e-ark"):
        return eark.describe(tree, root)
    if profile.startswith("fgs"):
        return fgs.describe(tree, root)
    if profile.startswith("bagit"):
        outer, inner = bag.describe(tree, root), detect(tree).inner
        if inner is None:
            return outer
        within = _told(tree, inner.profile, inner.root)
        return Told(within.label or outer.label, within.records or outer.records, within.findings)
    return Told()


def _filled(record: RecordDraft, label: str, terms: Terms) -> RecordDraft:
    """Return the record with what the agreement says where the delivery says nothing."""
    return record.model_copy(
        update={
            "title": record.title or label,
            "record_type": record.record_type or terms.record_type,
            "series": record.series or terms.series,
        }
    )
