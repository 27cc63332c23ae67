"""Which migrator a file gets, by the format policy, with the tools of this machine."""

from importlib.metadata import version

from samarkiv_runtime.pool import Pool
from samarkiv_runtime.ports import Health
from samarkiv_runtime.sandbox import Sandbox

from samarkiv_preservation.formats.policy import Policy, standing_policy
from samarkiv_preservation.migrators.base import Migrator
from samarkiv_preservation.migrators.office import LibreOffice, OfficeMigrator
from samarkiv_preservation.migrators.text import TextMigrator
from samarkiv_preservation.migrators.verapdf import VeraPdf

# the suffix LibreOffice goes by, from what the file was identified as, never from its name
_SUFFIX_BY_PUID = {
    **dict.fromkeys(("fmt/45", "fmt/50", "fmt/51", "fmt/52", "fmt/53", "fmt/355", "fmt/969"), ".rtf"),
    **dict.fromkeys(("fmt/412", "fmt/523", "fmt/597", "fmt/599"), ".docx"),
    **dict.fromkeys(("fmt/136", "fmt/290", "fmt/291", "fmt/1756"), ".odt"),
    **dict.fromkeys(("fmt/214", "fmt/445", "fmt/627", "fmt/628"), ".xlsx"),
    **dict.fromkeys(("fmt/137", "fmt/294", "fmt/295", "fmt/1755"), ".ods"),
    **dict.fromkeys(("fmt/215", "fmt/487", "fmt/629", "fmt/630"), ".pptx"),
    **dict.fromkeys(("fmt/138", "fmt/292", "fmt/293", "fmt/1754"), ".odp"),
}
_SUFFIX_BY_MIME = {
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.presentation": ".odp",
}
_SUFFIX_BY_FAMILY = {"writer": ".doc", "calc": ".xls", "impress": ".ppt"}


class Migrators:
    """The migrators of one process. `plan` is cheap; `health` names the tools that are missing."""

    def __init__(
        self, pool: Pool, sandbox: Sandbox, *, verapdf: str = "", policy: Policy | None = None
    ) -> None:
        """Take the pool for measuring, the sandbox for programs, and the command of a warm veraPDF (or nothing)."""
        self._pool = pool
        self._sandbox = sandbox
        self._office = LibreOffice(sandbox)
        self._verapdf = VeraPdf(verapdf) if verapdf else None
        self._policy = policy or standing_policy()
        self._version = version("samarkiv")

    def plan(self, puid: str, mime: str) -> Migrator | None:
        """Return the migrator of a format, or None when the policy keeps it as it is.

        Equal files get equal migrators (hashable), so that a batch can be gathered under one.
        """
        rule = self._policy.rule_for(puid, mime)
        if rule.action != "transform":
            return None
        if rule.tool == "text":
            return TextMigrator(rule, self._version, self._pool)
        suffix = (
            _SUFFIX_BY_PUID.get(puid)
            or _SUFFIX_BY_MIME.get(mime.partition(";")[0].strip().lower())
            or _SUFFIX_BY_FAMILY[rule.family]
        )
        return OfficeMigrator(rule, puid, mime, suffix, self._office, self._pool, self._verapdf)

    def health(self) -> list[Health]:
        """Return one line a tool; a missing one is `could_not_check`, never hidden."""
        office = self._office
        walls = self._sandbox
        return [
            Health("sandbox", "ok" if walls.walls else "could_not_check", walls.why or "bubblewrap"),
            Health("migration: text to UTF-8", "ok", "built in"),
            Health(
                "migration: office to PDF/A-2b",
                "could_not_check" if office.why else "ok",
                office.why or "LibreOffice",
            ),
            Health(
                "veraPDF",
                "ok" if self._verapdf else "could_not_check",
                "" if self._verapdf else "not configured",
            ),
        ]

    def close(self) -> None:
        """End the warm programs."""
        if self._verapdf:
            self._verapdf.close()
