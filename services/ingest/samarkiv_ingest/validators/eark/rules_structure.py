"""Rules on the folders of a package: CSIPSTR1–16."""

from collections.abc import Callable

from samarkiv_ingest.packages.names import junk
from samarkiv_ingest.packages.read import Tree
from samarkiv_ingest.validators.eark.mets import Mets
from samarkiv_ingest.validators.eark.requirement import Fault
from samarkiv_ingest.validators.eark.shapes import Faults


class Folders:
    """The folders of one package. `mets` is its METS once that has been read, else None."""

    def __init__(self, tree: Tree, root: str, mets: Mets | None = None) -> None:
        """Take the tree and the package's root folder in it (`` = the top)."""
        self.tree = tree
        self.root = root
        self.mets = mets

    def at(self, path: str) -> str:
        """Return a path of the package as a path of the tree."""
        return f"{self.root}/{path}" if self.root and path else self.root or path

    def has(self, path: str) -> bool:
        """Tell whether the package has a folder of that path."""
        return self.tree.has_folder(self.at(path))

    def holds(self, path: str) -> bool:
        """Tell whether a folder of that path holds anything but junk."""
        return any(not mark(one) for one in self.tree.children(self.at(path))) if self.has(path) else False

    def representations(self) -> list[str]:
        """Return the representation folders, as paths of the package."""
        start = len(self.root) + 1 if self.root else 0
        found = self.tree.children(self.at("representations")) if self.has("representations") else []
        return [one[start:].rstrip("/") for one in found if one.endswith("/")]


def mark(path: str) -> bool:
    """Tell whether a file is there only to keep a folder or was added by the computer."""
    name = path.rstrip("/").rpartition("/")[2]
    return name in {".gitkeep", ".keep", ".gitignore"} or junk(path.rstrip("/"))


StructureRule = Callable[[Folders], Faults]


def csipstr1(folders: Folders) -> Faults:
    """One root folder. What lies beside it is not in the package."""
    if not folders.root:
        yield Fault(expected="*/METS.xml", found="METS.xml")
        return
    top = folders.root.split("/")[0]
    beside = [one for one in folders.tree.roots() if one.rstrip("/") != top and not mark(one)]
    if beside:
        yield Fault(expected=f"{top}/", found=" ".join(beside[:5]))


def csipstr2(folders: Folders) -> Faults:
    """The root folder is named by OBJID."""
    if folders.root and folders.mets is not None:
        name, objid = folders.root.rpartition("/")[2], folders.mets.root.get("OBJID", "")
        if objid and name != objid:
            yield Fault(expected=objid, found=name)


def csipstr4(folders: Folders) -> Faults:
    """METS.xml, in that very case."""
    if not folders.tree.has(folders.at("METS.xml")):
        names = [one.rpartition("/")[2] for one in folders.tree.children(folders.root)]
        near = [one for one in names if "mets" in one.lower()]
        yield Fault(expected="METS.xml", found=" ".join(near))


def csipstr5(folders: Folders) -> Faults:
    """A folder metadata."""
    if not folders.has("metadata"):
        yield Fault(expected="metadata/")


def csipstr6(folders: Folders) -> Faults:
    """A folder preservation in metadata."""
    if folders.has("metadata") and not folders.has("metadata/preservation"):
        yield Fault(expected="metadata/preservation/")


def csipstr7(folders: Folders) -> Faults:
    """A folder descriptive in metadata."""
    if folders.has("metadata") and not folders.has("metadata/descriptive"):
        yield Fault(expected="metadata/descriptive/")


def csipstr8(folders: Folders) -> Faults:
    """Other metadata in folders of their own, beside those two."""
    if folders.has("metadata"):
        names = {
            one.rstrip("/").rpartition("/")[2]
            for one in folders.tree.children(folders.at("metadata"))
            if one.endswith("/")
        }
        if not names - {"preservation", "descriptive"}:
            yield Fault(expected="metadata/other/")


def csipstr9(folders: Folders) -> Faults:
    """A folder representations."""
    if not folders.has("representations"):
        yield Fault(expected="representations/")


def csipstr10(folders: Folders) -> Faults:
    """A folder for each representation, and nothing loose beside them."""
    if not folders.has("representations"):
        return
    loose = [
        one
        for one in folders.tree.children(folders.at("representations"))
        if not one.endswith("/") and not mark(one)
    ]
    if loose or not folders.representations():
        yield Fault(expected="representations/*/", found=" ".join(loose[:5]))


def csipstr11(folders: Folders) -> Faults:
    """A folder data in each representation."""
    for one in _readable(folders):
        if not folders.has(f"{one}/data"):
            yield Fault(expected="data/", about=one)


def csipstr12(folders: Folders) -> Faults:
    """A METS.xml in each representation."""
    for one in _readable(folders):
        if not folders.tree.has(folders.at(f"{one}/METS.xml")):
            yield Fault(expected="METS.xml", about=one)


def csipstr13(folders: Folders) -> Faults:
    """A folder metadata in each representation."""
    for one in _readable(folders):
        if not folders.has(f"{one}/metadata"):
            yield Fault(expected="metadata/", about=one)


def _readable(folders: Folders) -> list[str]:
    """Return the representations, none while the package's METS cannot be read: it says what they are."""
    return folders.representations() if folders.mets is not None else []


def csipstr15(folders: Folders) -> Faults:
    """A folder schemas, in the root or a representation."""
    if not _somewhere(folders, "schemas"):
        yield Fault(expected="schemas/")


def csipstr16(folders: Folders) -> Faults:
    """A folder documentation, in the root or a representation."""
    if not _somewhere(folders, "documentation"):
        yield Fault(expected="documentation/")


def _somewhere(folders: Folders, name: str) -> bool:
    if folders.mets is None:
        return True
    return any(folders.has(path) for path in (name, *(f"{one}/{name}" for one in folders.representations())))


RULES: dict[str, StructureRule] = {
    "CSIPSTR1": csipstr1,
    "CSIPSTR2": csipstr2,
    "CSIPSTR4": csipstr4,
    "CSIPSTR5": csipstr5,
    "CSIPSTR6": csipstr6,
    "CSIPSTR7": csipstr7,
    "CSIPSTR8": csipstr8,
    "CSIPSTR9": csipstr9,
    "CSIPSTR10": csipstr10,
    "CSIPSTR11": csipstr11,
    "CSIPSTR12": csipstr12,
    "CSIPSTR13": csipstr13,
    "CSIPSTR15": csipstr15,
    "CSIPSTR16": csipstr16,
}
