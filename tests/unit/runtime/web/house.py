"""A small service behind the real door, with a hand-made issuer, for the tests of this folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI, Request
from joserfc import jwt
from joserfc.jwk import OKPKey
from pydantic import BaseModel
from samarkiv_contracts.problems import Unavailable
from samarkiv_runtime.clock import CountedIds, FixedClock
from samarkiv_runtime.peers import InProcess
from samarkiv_runtime.policy import Grant, Resource, Subject
from samarkiv_runtime.policy.log import KeptLog
from samarkiv_runtime.ports import Health
from samarkiv_runtime.settings import Settings
from samarkiv_runtime.signing import Signer
from samarkiv_runtime.tokens import ALGORITHM, ISSUER, TokenVerifier, claims_of
from samarkiv_runtime.web import CallerOf, PolicyRouter, WebContext, build_app


class OwnIssuer:
    """An issuer with everything in memory."""

    def __init__(self, folder: Path, clock: FixedClock) -> None:
        self.clock = clock
        self.signer = Signer.open(folder, "tokens", lambda: int(clock.now().timestamp()))
        self.known: dict[str, Subject] = {}
        self.revoked: dict[str, int] = {}
        self.silent = False

    def issue(self, subject: Subject, audience: str, **changes: Any) -> str:
        key = self.signer.current
        now = int(self.clock.now().timestamp())
        claims = claims_of(subject) | {"iss": ISSUER, "aud": audience, "sid": "ses-1", "jti": "j"}
        claims |= {"iat": now, "nbf": now, "exp": now + 300, "ims": int(self.clock.now().timestamp() * 1000)}
        claims |= {name: value for name, value in changes.items() if name != "header"}
        header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": key.kid} | changes.get("header", {})
        private = OKPKey.import_key(key.private_pem())
        return jwt.encode(header, claims, private, algorithms=[ALGORITHM], default_type=None)

    def swap(self, token: str, audience: str, *, loopback: bool) -> str | None:
        subject = self.known.get(token)
        if subject is None or (subject.token_kind == "home" and not loopback):
            return None
        return self.issue(subject, audience)

    def session(self, cookie: str, audience: str) -> str | None:
        subject = self.known.get(cookie)
        return self.issue(subject, audience) if subject else None

    def exchange(self, token: str, audience: str, act: str) -> str | None:
        from dataclasses import replace

        from samarkiv_runtime.tokens import subject_of

        claims = jwt.decode(
            token, OKPKey.import_key(self.signer.current.private_pem()), algorithms=[ALGORITHM]
        ).claims
        return self.issue(replace(subject_of(claims), act=act), audience)

    def service(self, name: str, audience: str) -> str | None:
        return self.issue(Subject("service", account=name, token_kind="internal"), audience, sid="")

    def jwks(self) -> Mapping[str, Any]:
        return self.signer.jwks()

    def revocations(self) -> Mapping[str, int]:
        if self.silent:
            raise Unavailable
        return self.revoked


class Thing(BaseModel):
    name: str
    size: int = 0


RECORDS = {
    "rec-open": Resource("record", "rec-open", "tnt-1", authority="aut-1", level=0),
    "rec-request": Resource("record", "rec-request", "tnt-1", authority="aut-1", level=1),
    "rec-closed": Resource("record", "rec-closed", "tnt-1", authority="aut-1", level=2),
}


def routes() -> PolicyRouter:
    from samarkiv_contracts.problems import NotFound

    router = PolicyRouter()

    @router.get("/v1/records/{record}", action="record.see", part="metadata")
    def see(record: str, caller: CallerOf) -> dict[str, str]:
        found = RECORDS.get(record)
        if found is None:
            raise NotFound
        caller.must("record.see", found)
        return {"id": record}

    @router.post("/v1/deliveries", action="delivery.create", part="registry", status_code=201)
    def create(body: Thing, caller: CallerOf) -> dict[str, str]:
        caller.must("delivery.create", Resource("delivery", "", "tnt-1", authority="aut-1", part="registry"))
        return {"name": body.name}

    @router.get("/v1/numbers/{number}", action="tenant.see", part="registry")
    def number(number: int, caller: CallerOf) -> dict[str, str]:
        return {"number": str(number), "language": caller.language, "account": caller.subject.account}

    @router.get("/v1/broken", action="tenant.see", part="registry")
    def broken() -> None:
        raise RuntimeError("a secret text")

    @router.post("/v1/echo", action="tenant.see", part="registry")
    async def echo(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @router.get("/internal/inside", action="service.internal", part="registry")
    def inside(caller: CallerOf) -> dict[str, str]:
        caller.must("service.internal", Resource("service", part="registry"))
        return {"who": caller.subject.account}

    return router


class SmallHouse:
    """Settings, clock, issuer, log and one app."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(home=folder / "home", _env_file=None)
        self.clock = FixedClock()
        self.issuer = OwnIssuer(folder / "keys", self.clock)
        self.verifier = TokenVerifier(self.settings, self.clock)
        self.verifier.connect(self.issuer)
        self.log = KeptLog()
        self.health = [Health("database", "ok")]
        self.context = WebContext(
            service="ingest",
            settings=self.settings,
            clock=self.clock,
            ids=CountedIds(),
            verifier=self.verifier,
            access_log=self.log,
            health=lambda: self.health,
        )
        self.app: FastAPI = build_app("ingest", [routes()], self.context)
        self.transport = InProcess()
        self.transport.apps["ingest"] = self.outside(self.app)
        self.client = httpx.Client(transport=self.transport, base_url="http://ingest")

    def outside(self, app: Any, address: str = "127.0.0.1") -> Any:
        """Return the app as the network sees it."""

        async def seen(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "client": (address, 40000)}, receive, send)

        return seen

    def person(self, *grants: Grant, **more: Any) -> Subject:
        now = int(self.clock.now().timestamp())
        fields = {"person": "prs-1", "account": "acc-1", "tenant": "tnt-1", "assurance": 1, "auth_time": now}
        return Subject("person", grants=grants, **(fields | {"token_kind": "session"} | more))

    def close(self) -> None:
        self.client.close()
        self.transport.close()
