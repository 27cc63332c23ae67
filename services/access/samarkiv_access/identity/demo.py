"""Demo accounts: random passwords, and only in a demo on this machine (POLICY §6)."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from samarkiv_contracts.problems import Unavailable
from samarkiv_runtime.ports import Ids
from samarkiv_runtime.settings import Settings

if TYPE_CHECKING:
    from samarkiv_access.identity.accounts import Accounts, NewGrant

MARKER = "demo"
FILE = "demo-accounts.json"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class DemoPerson:
    """One demo account to make."""

    username: str
    name: str
    tenant: str
    grants: tuple["NewGrant", ...]


def demo_allowed(settings: Settings) -> bool:
    """Return whether demo accounts may sign in: embedded, on loopback, in a home that bears the demo marker."""
    return settings.embedded and settings.host in LOOPBACK_HOSTS and (settings.home / MARKER).exists()


def mark_demo(settings: Settings) -> None:
    """Mark the home as a demo; raises Unavailable off loopback and distributed."""
    settings.home.mkdir(parents=True, exist_ok=True)
    (settings.home / MARKER).write_text("This home holds a demo.\n", encoding="utf-8")
    if not demo_allowed(settings):
        (settings.home / MARKER).unlink()
        raise Unavailable("Demon körs bara på den egna maskinen.", "The demo runs on this machine only.")


def demo_accounts(settings: Settings) -> list[dict[str, str]]:
    """Return the demo accounts with their passwords, as kept for this demo only; empty when there are none."""
    path = settings.home / FILE
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []


def make_demo_accounts(
    settings: Settings, accounts: "Accounts", ids: Ids, people: Sequence[DemoPerson]
) -> list[dict[str, str]]:
    """Make the demo accounts that are not there yet, with random passwords, and return them all.

    Raises Unavailable when this is no demo home.
    """
    if not demo_allowed(settings):
        raise Unavailable("Hemmet är ingen demo.", "The home is no demo.")
    kept = {one["username"]: one for one in demo_accounts(settings)}
    for person in people:
        account = accounts.named(person.username)
        if account and person.username in kept:
            continue
        # A rebuilt archive has no accounts: they are made again, with the passwords of this demo.
        password = kept.get(person.username, {}).get("password") or ids.token(144)
        if account:
            accounts.set_password(account, password)
        else:
            account = accounts.create(
                username=person.username,
                name=person.name,
                tenant=person.tenant,
                kind="demo",
                password=password,
            )
            for grant in person.grants:
                accounts.grant(account, grant, decided_by="demo", reason="demo")
        kept[person.username] = {
            "username": person.username,
            "password": password,
            "name": person.name,
            "tenant": person.tenant,
            "account": account,
            "roles": ",".join(sorted({grant.role for grant in person.grants})),
        }
        write_private(settings.home / FILE, json.dumps(list(kept.values()), ensure_ascii=False, indent=1))
    return [kept[person.username] for person in people]


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, in one step; raises Unavailable where that cannot be had."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    if os.stat(new).st_mode & 0o077:
        new.unlink()
        raise Unavailable(
            f"Filen {path.name} kan inte skyddas: filsystemet saknar rättigheter.",
            f"The file {path.name} cannot be protected: the file system has no permissions.",
        )
    new.rename(path)
