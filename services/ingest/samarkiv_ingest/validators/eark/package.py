"""One E-ARK package: reads its METS files, runs the rules of its version, and asks the tree what METS says of it."""

from collections import Counter
from collections.abc import Iterator

from samarkiv_contracts.findings import Finding

from samarkiv_ingest.packages.read import Tree
from samarkiv_ingest.validators import codes
from samarkiv_ingest.validators.eark import (
    listed,
    rules_files,
    rules_head,
    rules_map,
    rules_metadata,
    rules_sip,
    rules_structure,
)
from samarkiv_ingest.validators.eark.metadata import by_schema, validate_metadata
from samarkiv_ingest.validators.eark.mets import CSIP, Mets, read
from samarkiv_ingest.validators.eark.requirement import VERSIONS, Fault, Requirement, Version, told
from samarkiv_ingest.validators.eark.requirements_files import FILES
from samarkiv_ingest.validators.eark.requirements_head import HEADER, ROOT
from samarkiv_ingest.validators.eark.requirements_map import MAP
from samarkiv_ingest.validators.eark.requirements_metadata import ADMINISTRATIVE, DESCRIPTIVE
from samarkiv_ingest.validators.eark.requirements_sip import SIP
from samarkiv_ingest.validators.eark.requirements_structure import STRUCTURE
from samarkiv_ingest.validators.fixity import Digests
from samarkiv_ingest.validators.xml import XmlFault

REQUIREMENTS: dict[str, Requirement] = {
    **STRUCTURE,
    **ROOT,
    **HEADER,
    **DESCRIPTIVE,
    **ADMINISTRATIVE,
    **FILES,
    **MAP,
    **SIP,
}
CSIP_RULES = {**rules_head.RULES, **rules_metadata.RULES, **rules_files.RULES, **rules_map.RULES}
MOST_OF_A_KIND = 50


def validate_eark(tree: Tree, profile: str, root: str, digests: Digests) -> Iterator[Finding]:
    """Return the findings about one E-ARK package; at most 50 of a code and file, then one that counts the rest.

    `profile` is as detected (`e-ark-sip-2.1.0`); the rules follow what PROFILE in METS says, and it when that says
    nothing. `digests` gives a file's digest by path and algorithm.
    """
    yield from limited(_Package(tree, profile, root, digests).findings())


def limited(findings: Iterator[Finding]) -> Iterator[Finding]:
    """Return findings, at most 50 of each code, severity and file, and at the end how many more there were."""
    seen: Counter[tuple[str, str, str]] = Counter()
    samples: dict[tuple[str, str, str], Finding] = {}
    for one in findings:
        kind = (one.code, one.severity.value, one.file if one.code.startswith(("CSIP", "SIP")) else "")
        seen[kind] += 1
        if seen[kind] <= MOST_OF_A_KIND:
            yield one
        samples.setdefault(kind, one)
    for kind, count in seen.items():
        if count > MOST_OF_A_KIND:
            yield samples[kind].model_copy(
                update={"place": "…", "found": f"+{count - MOST_OF_A_KIND}", "expected": ""}
            )


def rules_version(mets_profile: str, profile: str) -> Version:
    """Return the version whose rules apply, by METS's PROFILE, else by the detected profile, else 2.2.0.

    The address without a version was used for 2.0.4 and 2.1.0, which differ in nothing that is asked of one package
    and not the other; addresses before DILCIS are older.
    """
    for version in VERSIONS:
        if f"v{version.replace('.', '-')}" in mets_profile:
            return version
    if mets_profile.endswith(("/E-ARK-CSIP.xml", "/E-ARK-SIP.xml", "/E-ARK-DIP.xml", "/E-ARK-AIP.xml")):
        return "2.1.0"
    if "eark-project" in mets_profile:
        return "2.0.4"
    return next((version for version in VERSIONS if profile.endswith(version)), "2.2.0")


def is_submission(mets: Mets) -> bool:
    """Tell whether the SIP rules apply: by PROFILE, or by the package type when PROFILE says nothing else."""
    profile = mets.root.get("PROFILE", "")
    if "E-ARK-SIP" in profile:
        return True
    header = mets.one("metsHdr")
    kind = header.get(f"{CSIP}OAISPACKAGETYPE", "") if header is not None else ""
    return kind == "SIP" and not any(
        name in profile for name in ("E-ARK-CSIP", "E-ARK-AIP", "E-ARK-DIP", "eark-project")
    )


class _Package:
    """The walk over one package."""

    def __init__(self, tree: Tree, profile: str, root: str, digests: Digests) -> None:
        self._tree = tree
        self._profile = profile
        self._root = root
        self._digests = digests
        self._folders = rules_structure.Folders(tree, root)
        self._version: Version = rules_version("", profile)

    def findings(self) -> Iterator[Finding]:
        path = self._folders.at("METS.xml")
        main: Mets | None = None
        faults: list[Finding] = []
        if self._tree.has(path):
            main = self._read(path, faults, representation=False)
        yield from faults
        self._folders.mets = main
        if main is not None:
            self._version = main.version
        yield from self._structure()
        yield from validate_metadata(self._tree, self._root)
        if main is None:
            return
        parts = [main]
        try:
            yield from self._rules(main)
            submission = is_submission(main)
            if submission:
                yield from self._run(rules_sip.RULES, main)
            for inner in self._inner(main):
                faults = []
                part = self._read(inner, faults, representation=True)
                yield from faults
                if part is not None:
                    part.version = main.version
                    parts.append(part)
                    yield from self._rules(part)
                    if submission:
                        yield from self._run({"SIP2": rules_sip.sip2, "SIP4": rules_sip.sip4}, part)
            yield from listed.compare(self._tree, self._root, parts, self._digests)
        finally:
            for part in parts:
                part.close()

    def _inner(self, main: Mets) -> list[str]:
        """Return the METS files of representations: those in their folders, and those METS points at."""
        paths = [self._folders.at(f"{one}/METS.xml") for one in self._folders.representations()]
        found = [path for path in paths if self._tree.has(path)]
        return list(dict.fromkeys([*found, *listed.pointed(self._tree, self._root, main)]))

    def _read(self, path: str, faults: list[Finding], *, representation: bool) -> Mets | None:
        try:
            with self._tree.open(path) as file:
                mets = read(file, path, representation=representation)
        except XmlFault as fault:
            faults.append(codes.finding(fault.code, path, str(fault.line or ""), found=fault.found))
            return None
        mets.version = rules_version(mets.root.get("PROFILE", ""), self._profile)
        return mets

    def _structure(self) -> Iterator[Finding]:
        for code, rule in rules_structure.RULES.items():
            for fault in rule(self._folders):
                yield told(REQUIREMENTS[code], fault, self._version, self._root)

    def _rules(self, mets: Mets) -> Iterator[Finding]:
        yield from by_schema(self._tree, mets.path, "mets")
        yield from self._run(CSIP_RULES, mets)
        for file in mets.files():
            for code, rule in rules_files.FILE_RULES.items():
                for fault in rule(file, mets):
                    yield self._told(code, fault, mets)
        for code, fault in listed.content(self._folders, mets):
            yield self._told(code, fault, mets)
        yield from listed.identities(mets, REQUIREMENTS)

    def _run(self, rules: dict[str, rules_head.Rule], mets: Mets) -> Iterator[Finding]:
        for code, rule in rules.items():
            for fault in rule(mets):
                yield self._told(code, fault, mets)

    def _told(self, code: str, fault: Fault, mets: Mets) -> Finding:
        return told(REQUIREMENTS[code], fault, mets.version, mets.path)
