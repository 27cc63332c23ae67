"""The package's description as EAD3: the package as a file, one component a record."""

from collections.abc import Iterable, Iterator

from samarkiv_contracts.description import PackageDescription, RecordDescription

from samarkiv_preservation.packages.markup import escaped

_LEVELS = {0: "öppen", 1: "metadata öppna, fil efter prövning", 2: "ej publik"}


def ead(
    package: PackageDescription,
    records: Iterable[RecordDescription],
    moment: str,
    software: str,
    event: str = "created",
) -> Iterator[bytes]:
    """Give the EAD3 file in pieces. `event` is the kind of maintenance event (`created`, `revised`)."""
    label = escaped(package.label) or escaped(package.id)
    status = "new" if event == "created" else "revised"
    maker = escaped(package.authority_name) or escaped(package.authority)
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ead xmlns="http://ead3.archivists.org/schema/"><control>'
        f"<recordid>{package.id}</recordid><filedesc><titlestmt><titleproper>{label}</titleproper></titlestmt></filedesc>"
        f'<maintenancestatus value="{status}"/><maintenanceagency><agencyname>{escaped(package.tenant_name)}</agencyname>'
        f'</maintenanceagency><maintenancehistory><maintenanceevent><eventtype value="{event}"/>'
        f'<eventdatetime standarddatetime="{moment}">{moment[:10]}</eventdatetime><agenttype value="machine"/>'
        f"<agent>Samarkiv {escaped(software)}</agent></maintenanceevent></maintenancehistory></control>\n"
        f'<archdesc level="file"><did><unittitle>{label}</unittitle><unitid>{package.id}</unitid>'
        f"<origination><corpname><part>{maker}</part></corpname></origination></did>"
        f"<accessrestrict><p>{_LEVELS.get(package.level, _LEVELS[2])}</p></accessrestrict>\n"
    ).encode()
    started = False
    for record in records:
        if not started:
            yield b"<dsc>\n"
            started = True
        yield _component(record).encode()
    yield (b"</dsc>\n" if started else b"") + b"</archdesc></ead>\n"


def _component(record: RecordDescription) -> str:
    dates = "".join(
        f'<unitdate label="{escaped(role)}">{escaped(date)}</unitdate>'
        for role, date in sorted(record.dates.items())
    )
    number = (
        f'<unitid label="registry number">{escaped(record.registry_no)}</unitid>'
        if record.registry_no
        else ""
    )
    scope = f"<scopecontent><p>{escaped(record.description)}</p></scopecontent>" if record.description else ""
    return (
        f'<c level="item"><did><unittitle>{escaped(record.title) or record.id}</unittitle><unitid>{record.id}</unitid>'
        f"{number}{dates}</did><accessrestrict><p>{_LEVELS.get(record.level, _LEVELS[2])}</p></accessrestrict>{scope}</c>\n"
    )
