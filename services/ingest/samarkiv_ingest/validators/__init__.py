"""Rules about what was delivered: one entry for every package profile."""

from collections.abc import Iterator

from samarkiv_contracts.findings import Finding

from samarkiv_ingest.packages.profile import detect
from samarkiv_ingest.packages.read import Tree
from samarkiv_ingest.validators.bagit import validate_bag
from samarkiv_ingest.validators.eark.package import validate_eark
from samarkiv_ingest.validators.fgs import validate_fgs
from samarkiv_ingest.validators.fixity import Digests


def validate(tree: Tree, profile: str, root: str, digests: Digests | None = None) -> Iterator[Finding]:
    """Return every finding of the rules of a profile, as they are met.

    `profile` and `root` are as `packages.profile.detect` tells them; `digests(path, algorithm)` gives hex digests,
    the tree's own when absent. A bag whose payload is a package itself is validated in both layers.
    """
    ask = digests or tree.digest
    if profile.startswith("bagit"):
        yield from validate_bag(tree, root, ask)
        inner = detect(tree).inner
        if inner is not None:
            yield from validate(tree, inner.profile, inner.root, ask)
    elif profile.startswith("e-ark"):
        yield from validate_eark(tree, profile, root, ask)
    elif profile.startswith("fgs"):
        yield from validate_fgs(tree, root, ask)
