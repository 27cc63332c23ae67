"""Collecting what a scan finds, and ending it when the container is beyond reading."""

from samarkiv_contracts.findings import Finding, Severity
from samarkiv_contracts.problems import HostileContainer

from samarkiv_ingest.packages.codes import TABLE, finding

_MOST = 100


class Refusals:
    """The findings of one container. Each code is kept at most 100 times; the rest are counted."""

    def __init__(self) -> None:
        self._findings: list[Finding] = []
        self._seen: dict[str, int] = {}

    def add(
        self, code: str, file: str = "", place: str = "", expected: object = "", found: object = ""
    ) -> None:
        """Note one finding. Raises HostileContainer when errors are too many to go on."""
        seen = self._seen[code] = self._seen.get(code, 0) + 1
        if seen <= _MOST:
            self._findings.append(finding(code, file, place, expected, found))
        elif TABLE[code].severity is Severity.ERROR:
            self.end()

    @property
    def errors(self) -> bool:
        """Tell whether anything found so far refuses the container."""
        return any(one.severity is Severity.ERROR for one in self._findings)

    def stop(
        self, code: str, file: str = "", place: str = "", expected: object = "", found: object = ""
    ) -> "Stop":
        """Note one finding and return the exception that ends the scan: `raise refusals.stop(…)`."""
        self.add(code, file, place, expected, found)
        return Stop()

    def end(self) -> None:
        """Raise HostileContainer when there is an error among the findings."""
        if self.errors:
            raise self.problem()

    def problem(self) -> HostileContainer:
        """Return the refusal with all findings, errors first."""
        errors = [one for one in self._findings if one.severity is Severity.ERROR]
        first = errors[0]
        where = f" ({first.file})" if first.file else ""
        return HostileContainer(
            f"{first.message.sv}{where}.",
            f"{first.message.en}{where}.",
            findings=tuple(sorted(self._findings, key=lambda one: one.severity is not Severity.ERROR)),
        )

    def notes(self) -> tuple[Finding, ...]:
        """Return the findings, with one more for each code that was found more often than it is shown."""
        more = [
            finding(code, place="…", found=f"+{seen - _MOST}")
            for code, seen in self._seen.items()
            if seen > _MOST
        ]
        return (*self._findings, *more)


class Stop(Exception):
    """The scan cannot go on; the refusals hold why."""
