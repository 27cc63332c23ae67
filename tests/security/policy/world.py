"""A real embedded archive with two members, packages of every level, and callers of every role, for the routes' matrix."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from samarkiv_ingest.domain.agreement import Terms
from samarkiv_ingest.usecases import registry
from samarkiv_runtime.peers import InProcess
from samarkiv_runtime.policy import ALL, ANONYMOUS, EVERY, Grant, Resource, Subject
from samarkiv_runtime.policy.table import CONTENT_ROLES, ROLES
from samarkiv_runtime.settings import Settings, load_settings

from samarkiv.app import compose, prepare
from samarkiv.client import Client
from samarkiv.commands import deliver
from samarkiv.demo.packages import as_zip

DECISION = "Publiceringsbeslut KS 2026-000123 § 45"
HOUSE_ROLES = {"operator", "administrator", "auditor"}


@dataclass(frozen=True)
class Thing:
    """A delivery and what became of it, as the policy sees it."""

    ids: dict[str, str]
    resource: Resource


@dataclass(frozen=True)
class Guest:
    """A caller: told name, subject, and the bearer for each service."""

    name: str
    subject: Subject
    bearers: dict[str, str]


class World:
    """Start, fill, ask, stop."""

    def __init__(self, folder: Path) -> None:
        self.settings: Settings = load_settings(home=folder / "home", port=0, _env_file=None)
        prepare(self.settings)
        self.archive = compose(self.settings)
        self.archive.start()
        self._network = InProcess()
        self._network.apps["archive"] = self._outside
        self.http = httpx.Client(transport=self._network, base_url="http://archive", timeout=60)
        self.client = Client(self.settings)
        self.client.http = httpx.Client(
            transport=self._network, base_url="http://archive", headers=self.client.http.headers, timeout=60
        )
        self.tenants: dict[str, str] = {}
        self.boards: dict[str, str] = {}
        ingest: Any = self.archive.services["ingest"]
        self.parts = ingest.parts
        for slug in ("norrby", "soderby"):
            said = {"slug": slug, "name": slug.title(), "population": 1, "cooperation": "avtalssamverkan"}
            boards = [
                {"slug": name, "name": f"{name} {slug}", "kind": "nämnd", "org_no": ""}
                for name in ("ks", "bn")
            ]
            self.tenants[slug] = registry.add_tenant(self.parts, said, boards)
        from samarkiv_ingest import store

        with self.parts.house.database.read() as tx:
            for slug, tenant in self.tenants.items():
                for row in store.list_authorities(tx, tenant):
                    self.boards[f"{slug}/{row['slug']}"] = row["id"]
        plan = [("norrby/ks", 0), ("norrby/ks", 1), ("norrby/ks", 2), ("soderby/ks", 2)]
        sent = [(board, level, self._send(folder, board, level)) for board, level in plan]
        self.things = [self._thing(board, level, *one) for board, level, one in sent]

    def _send(self, folder: Path, board: str, level: int) -> tuple[str, str]:
        reference = f"{board.replace('/', '-')}-{level}".upper()
        agreement = registry.add_agreement(
            self.parts,
            authority=self.boards[board],
            reference=reference,
            title=reference,
            producer=reference.lower(),
            terms=Terms(
                rules="tolerant",
                default_level=level,
                publication_decision=DECISION,
                record_type="Provhandling",
            ),
        )
        for party in ("producer", "archive"):
            agreement = registry.approve_agreement(self.parts, agreement, party, f"prs-{party}")
        path = folder / f"{reference}.zip"
        path.write_bytes(as_zip({"handling.txt": f"Handling om {reference} på nivå {level}".encode()}))
        return agreement.id, deliver.deliver(self.client, path, reference, title=f"Leverans {reference}")

    def _thing(self, board: str, level: int, agreement: str, delivery: str) -> Thing:
        row = deliver.wait(self.client, delivery, seconds=90)
        assert row["state"] == "accepted", row
        access: Any = self.archive.services["access"]
        package = row["packages"][0]
        from samarkiv_access.store import tables
        from sqlalchemy import select

        with access.house.database.read() as tx:
            record = tx.scalar(select(tables.record.c.id).where(tables.record.c.package == package))
            receipt = tx.execute(
                select(self._receipts().c.id).where(self._receipts().c.delivery == delivery)
            ).first()
        tenant = self.tenants[board.split("/", maxsplit=1)[0]]
        ids = {
            "delivery": delivery,
            "upload": delivery,
            "package": package,
            "record": str(record),
            "receipt": receipt[0] if receipt else "rcp-none",
            "agreement": agreement,
            "tenant": tenant,
        }
        resource = Resource(
            tenant=tenant,
            authority=self.boards[board],
            record_type="Provhandling",
            level=level,
            state="accepted",
            persons=frozenset({"prs-home"}),
            agreement=agreement,
        )
        return Thing(ids, resource)

    @staticmethod
    def _receipts() -> Any:
        from samarkiv_ingest import tables

        return tables.receipt

    async def _outside(self, scope: Any, receive: Any, send: Any) -> None:
        """The archive as another program on this machine meets it."""
        await self.archive.app({**scope, "client": ("127.0.0.1", 40000)}, receive, send)

    # ------------------------------------------------------------------ callers

    def guests(self) -> list[Guest]:
        """Return the public, and every role in every relation to Norrby's board."""
        mine, other = self.tenants["norrby"], self.tenants["soderby"]
        relations = {
            "own board": (mine, self.boards["norrby/ks"]),
            "archive authority": (mine, ALL),
            "other board": (mine, self.boards["norrby/bn"]),
            "other tenant": (other, self.boards["soderby/ks"]),
        }
        found = [Guest("public", ANONYMOUS, {})]
        for role in ROLES:
            for relation, (tenant, authority) in relations.items():
                if role not in CONTENT_ROLES and relation != "own board":
                    continue
                subject = self._person(tenant, Grant(role, tenant, authority))
                found.append(self._guest(f"{role}, {relation}", subject))
        found += [
            self._guest(f"{role}, house", self._person(EVERY, Grant(role, EVERY)))
            for role in sorted(HOUSE_ROLES)
        ]
        system = replace(
            self._person(mine, Grant("producer_system", mine)),
            kind="service_account",
            token_kind="service",
            agreements=frozenset({self.things[1].ids["agreement"]}),
        )
        found.append(self._guest("producer_system", system))
        return found

    def _person(self, tenant: str, grant: Grant) -> Subject:
        now = int(self.archive.house.clock.now().timestamp())
        return Subject("person", "prs-guest", "acc-guest", tenant, (grant,), 1, now, "session")

    def _guest(self, name: str, subject: Subject) -> Guest:
        access: Any = self.archive.services["access"]
        issuer = access.identities.issuer
        bearers = {service: issuer.issue(subject, service, "ses-guest") for service in self.archive.services}
        return Guest(name, subject, bearers)

    # ------------------------------------------------------------------ asking

    def ask(self, guest: Guest, service: str, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request as a guest, with a correlation id that is always the same."""
        headers = {
            "X-Correlation-Id": "c" * 32,
            "Accept": "application/json",
            "Origin": "http://archive",
            "Tus-Resumable": "1.0.0",
        }
        if guest.bearers:
            headers["Authorization"] = f"Bearer {guest.bearers[service]}"
        return self.http.request(method, path, headers=headers | more.pop("headers", {}), **more)

    def close(self) -> None:
        self.http.close()
        self.client.http.close()
        self._network.close()
        self.archive.stop()
