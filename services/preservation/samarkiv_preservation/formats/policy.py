"""The format policy as data: which rule a format falls under, and in which version of the policy."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

Action = Literal["keep", "transform"]


@dataclass(frozen=True)
class Rule:
    """What is done with a format. `version` is the policy's; it stands in the PREMIS event of every act by the rule."""

    name: str
    version: str
    puids: frozenset[str] = frozenset()
    mimes: frozenset[str] = frozenset()
    risk: str = "unknown"
    action: Action = "keep"
    to: str = ""
    tool: str = ""
    family: str = ""
    text: str = ""
    pages: str = ""
    timeout_s: float = 60.0
    memory_bytes: int = 4 << 30
    max_bytes: int = 500 << 20


@dataclass(frozen=True)
class Policy:
    """A version of the whole policy; first match wins."""

    version: str
    rules: tuple[Rule, ...]
    otherwise: Rule
    _by_puid: Mapping[str, Rule] = field(default_factory=dict, repr=False)
    _by_mime: Mapping[str, Rule] = field(default_factory=dict, repr=False)

    def rule_for(self, puid: str, mime: str) -> Rule:
        """Return the rule of a format: by PUID when it is known, else by MIME type, else the one for all others."""
        return (
            self._by_puid.get(puid)
            or self._by_mime.get(mime.partition(";")[0].strip().lower())
            or self.otherwise
        )


def read_policy(doc: Mapping[str, Any]) -> Policy:
    """Return the policy a document describes; raises KeyError, ValueError when it is not one."""
    version = str(doc["version"])
    rules = tuple(_rule(version, one) for one in doc["rules"])
    by_puid: dict[str, Rule] = {}
    by_mime: dict[str, Rule] = {}
    for rule in rules:
        for puid in rule.puids:
            by_puid.setdefault(puid, rule)
        for mime in rule.mimes:
            by_mime.setdefault(mime, rule)
    return Policy(version, rules, _rule(version, doc["otherwise"]), by_puid, by_mime)


@lru_cache(maxsize=1)
def standing_policy() -> Policy:
    """Return the policy that came with this release."""
    return read_policy(json.loads((Path(__file__).parent / "policy.json").read_text(encoding="utf-8")))


def _rule(version: str, doc: Mapping[str, Any]) -> Rule:
    preserve, derive, limits = doc["preserve"], doc.get("derive", {}), doc.get("limits", {})
    action = preserve["action"]
    if action not in {"keep", "transform"}:
        raise ValueError(f"unknown action {action!r} in rule {doc['name']}")
    return Rule(
        name=doc["name"],
        version=version,
        puids=frozenset(doc["match"].get("puid", ())),
        mimes=frozenset(doc["match"].get("mime", ())),
        risk=doc["risk"]["level"],
        action=action,
        to=preserve.get("to", ""),
        tool=preserve.get("tool", ""),
        family=preserve.get("family", ""),
        text=derive.get("text", ""),
        pages=derive.get("pages", ""),
        timeout_s=float(limits.get("timeout_s", 60)),
        memory_bytes=int(limits.get("mem_mib", 4096)) << 20,
        max_bytes=int(limits.get("max_in_mib", 500)) << 20,
    )
