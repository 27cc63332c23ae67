"""A bag: what bag-info.txt says."""

from samarkiv_ingest.descriptions.told import Told, day, short, whole
from samarkiv_ingest.packages.read import Tree
from samarkiv_ingest.validators.baginfo import declaration, info


def describe(tree: Tree, root: str) -> Told:
    """Return what a bag says of itself; nothing when bag-info.txt is absent or cannot be read."""
    said = info(tree, root, declaration(tree, root).encoding)

    def first(*labels: str) -> str:
        return next((said[label][0] for label in labels if said.get(label) and said[label][0]), "")

    description = first("external-description", "description", "internal-sender-description")
    label = first("title", "external-title") or short(description)[:200] or first("external-identifier")
    if not label:
        return Told()
    record = whole(
        label,
        description=description[:4000],
        registry_no=first("external-identifier", "internal-sender-identifier"),
        dates={"created": day(first("date", "bagging-date"))} if day(first("date", "bagging-date")) else {},
    )
    return Told(short(label), (record,))
