"""A CSV register that the agreement names: a record a row, its columns by the agreement's mapping."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import ValidationError
from samarkiv_contracts.description import SecrecyMark
from samarkiv_contracts.findings import Finding

from samarkiv_ingest.descriptions.told import CLOSED, Told, day, find, short
from samarkiv_ingest.domain.agreement import Mapping
from samarkiv_ingest.domain.draft import RecordDraft
from samarkiv_ingest.packages.read import Tree
from samarkiv_ingest.validators.codes import finding

_FIELDS = frozenset(
    """
    title public_title record_type level registry_no series classification description places parties files secrecy
    protected source_id
    """.split()  # noqa: SIM905
)
_PLAIN = (
    "public_title",
    "record_type",
    "registry_no",
    "series",
    "classification",
    "description",
    "source_id",
)
_DELIMITERS = ";,\t|"
_CHUNK = 1 << 20
_MOST_FAULTS = 200
_YES = frozenset({"1", "true", "ja", "yes", "x"})


@dataclass
class _Register:
    """One register being read."""

    tree: Tree
    root: str
    path: str
    columns: dict[str, str]
    findings: list[Finding] = field(default_factory=list)

    def fault(self, code: str, row: int, expected: object = "", found: object = "") -> None:
        if len(self.findings) < _MOST_FAULTS:
            self.findings.append(finding(code, self.path, str(row) if row else "", expected, found))


def describe(tree: Tree, root: str, mapping: Mapping) -> Told:
    """Return the records of a register, with a finding for each row that cannot be used."""
    path = _place(tree, root, mapping.file)
    if not path:
        return Told(findings=(finding("SAM-REGISTER-MISSING", mapping.file),))
    register = _Register(tree, root, path, fields(mapping.columns))
    encoding = _encoding(tree, path)
    if encoding == "cp1252":
        register.fault("SAM-REGISTER-ENCODING", 0)
    with tree.open(path) as file:
        lines = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
        records = tuple(_records(register, lines, mapping.delimiter))
    if not records and not register.findings:
        register.fault("SAM-REGISTER-EMPTY", 0)
    return Told(records=records, findings=tuple(register.findings))


def fields(columns: dict[str, str]) -> dict[str, str]:
    """Return field → column, whichever way round the agreement wrote it."""
    straight = all(_is_field(one) for one in columns)
    turned = not straight and all(_is_field(one) for one in columns.values())
    return {one: column for column, one in columns.items()} if turned else dict(columns)


def _is_field(name: str) -> bool:
    return name in _FIELDS or name.startswith("dates.")


def _place(tree: Tree, root: str, name: str) -> str:
    """Return the register's path: where it was agreed, at the top or in the payload of a bag, else the only one so named."""
    plain = name.strip("/")
    places = (f"{base}/{plain}" if base else plain for base in (root, "", f"{root}/data".lstrip("/")))
    direct = next((path for path in places if tree.has(path)), "")
    if direct:
        return direct
    found = [path for path in tree.paths() if path.endswith(f"/{plain}")]
    return found[0] if len(found) == 1 else ""


def _encoding(tree: Tree, path: str) -> str:
    """Return utf-8-sig (or UTF-16 by its mark) when the whole file is that, else cp1252."""
    with tree.open(path) as file:
        head = file.read(2)
        if head in {b"\xff\xfe", b"\xfe\xff"}:
            return "utf-16"
    try:
        with tree.open(path) as file, io.TextIOWrapper(file, encoding="utf-8-sig") as text:
            while text.read(_CHUNK):
                pass
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _records(register: _Register, lines: io.TextIOWrapper, delimiter: str) -> Iterator[RecordDraft]:
    first = lines.readline()
    sign = delimiter or max(_DELIMITERS, key=first.count)
    header = next(csv.reader([first], delimiter=sign), [])
    places = _places(register, [name.strip().lstrip("\ufeff") for name in header])
    if "title" not in places:
        return
    rows = csv.reader(lines, delimiter=sign, strict=False)
    number = 1
    while True:
        number += 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as fault:
            register.fault("SAM-REGISTER-ROW", number, found=fault)
            continue
        if any(cell.strip() for cell in row):
            record = _record(
                register, {one: row[at].strip() for one, at in places.items() if at < len(row)}, number
            )
            if record is not None:
                yield record


def _places(register: _Register, header: list[str]) -> dict[str, int]:
    """Return field → place in the row; names are compared without regard to case."""
    known = {name.casefold(): at for at, name in enumerate(header)}
    found = {}
    for one, column in register.columns.items():
        if column.casefold() in known:
            found[one] = known[column.casefold()]
        else:
            register.fault("SAM-REGISTER-COLUMN", 1, column, ", ".join(header))
    if "title" not in register.columns:
        register.fault("SAM-REGISTER-COLUMN", 1, "title", "")
    return found


def _record(register: _Register, row: dict[str, str], number: int) -> RecordDraft | None:
    if not row.get("title"):
        register.fault("SAM-REGISTER-TITLE", number)
        return None
    legal = row.get("secrecy", "")
    facts: dict[str, object] = {one: row[one] for one in _PLAIN if row.get(one)}
    facts |= {one: tuple(_several(row[one])) for one in ("places", "parties") if row.get(one)}
    try:
        return RecordDraft.model_validate(
            {
                **facts,
                "title": short(row["title"]),
                "level": CLOSED
                if legal and not row.get("level")
                else _level(register, row.get("level", ""), number),
                "dates": dict(_dates(register, row, number)),
                "files": _files(register, row["files"], number) if "files" in row else (),
                "secrecy": (SecrecyMark(legal_ref=legal),) if legal else (),
                "protected": row.get("protected", "").lower() in _YES,
            }
        )
    except ValidationError as fault:
        register.fault("SAM-REGISTER-ROW", number, found=fault.errors()[0]["msg"])
        return None


def _several(cell: str) -> list[str]:
    return [one for one in (part.strip() for part in cell.replace("|", ";").split(";")) if one]


def _level(register: _Register, cell: str, number: int) -> int | None:
    if not cell:
        return None
    if cell in {"0", "1", "2"}:
        return int(cell)
    register.fault("SAM-REGISTER-LEVEL", number, "0 | 1 | 2", cell)
    return CLOSED


def _dates(register: _Register, row: dict[str, str], number: int) -> Iterator[tuple[str, str]]:
    for one, cell in row.items():
        role = one.removeprefix("dates.")
        if role != one and cell:
            if day(cell):
                yield role, day(cell)
            else:
                register.fault("SAM-REGISTER-DATE", number, "YYYY-MM-DD", cell)


def _files(register: _Register, cell: str, number: int) -> tuple[str, ...]:
    """Return the files a cell names, one by one or by folder."""
    tree, root = register.tree, register.root
    folders = (root, register.path.rpartition("/")[0], f"{root}/data".lstrip("/"))
    found: list[str] = []
    for one in _several(cell):
        plain = one.replace("\\", "/")
        real = find(tree, root, folders, plain)
        folder = next(
            (f for f in (f"{base}/{plain}".strip("/") for base in folders) if tree.has_folder(f)), ""
        )
        if real:
            found.append(real)
        elif folder:
            found += [path for path in tree.paths() if path.startswith(f"{folder}/")]
        else:
            register.fault("SAM-REGISTER-FILE", number, found=one)
    return tuple(dict.fromkeys(found))
