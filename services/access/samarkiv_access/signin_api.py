"""Signing in and own tokens over HTTP; and what the other services ask about callers."""

import hmac
from typing import Any, Literal

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field
from samarkiv_contracts.problems import NotFound, NotSignedIn
from samarkiv_runtime.policy import ALL, Grant
from samarkiv_runtime.policy.model import BY_SESSION
from samarkiv_runtime.policy.table import SERVICES
from samarkiv_runtime.web import OPEN, Caller, CallerOf, PolicyRouter, WebContext

from samarkiv_access.identity.house import Identities
from samarkiv_access.identity.sessions import ABSOLUTE_S, SignedIn

OWN = "a person's own sign-in, sessions and tokens"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SignIn(_Body):
    """User name and password."""

    username: str = Field(max_length=100)
    password: str = Field(max_length=1024)


class Password(_Body):
    """A password, said again."""

    password: str = Field(max_length=1024)


class NewPassword(_Body):
    """The old password and the new one."""

    old: str = Field(max_length=1024)
    new: str = Field(max_length=1024)


class Purpose(_Body):
    """Why closed records of one authority are to be read."""

    authority: str = Field(max_length=100)
    text: str = Field(max_length=500)


class FirstAdministrator(_Body):
    """The one-time secret and who the first administrator is."""

    secret: str = Field(max_length=200)
    username: str = Field(max_length=100)
    name: str = Field(max_length=200)
    password: str = Field(max_length=1024)


class Audience(_Body):
    """Which service a token is to be used at."""

    audience: Literal["ingest", "preservation", "search", "access"] = "access"


class TokenGrant(_Body):
    """One grant out of one's own."""

    role: str
    tenant: str
    authority: str = ALL


class Asked(_Body):
    """What another service asks about a caller."""

    token: str = Field(default="", max_length=16_384)
    cookie: str = Field(default="", max_length=1024)
    audience: str = Field(max_length=50)
    act: str = Field(default="", max_length=50)
    name: str = Field(default="", max_length=50)


class ProgramToken(_Body):
    """A program token to make."""

    name: str = Field(min_length=1, max_length=200)
    days: int = Field(ge=1, le=365)
    grants: list[TokenGrant] = Field(default_factory=list, max_length=50)


def network_of(request: Request) -> str:
    """Return the network an attempt comes from, for throttling; the proxy's word counts behind a proxy."""
    forwarded = request.headers.get("x-forwarded-for", "")
    return forwarded.split(",")[-1].strip() or (request.client.host if request.client else "")


def set_session_cookie(response: Response, context: WebContext, signed: SignedIn) -> None:
    """Give the browser its session (POLICY §6)."""
    response.set_cookie(
        context.cookie,
        signed.cookie,
        max_age=ABSOLUTE_S,
        path="/",
        secure=context.cookie.startswith("__Host-"),
        httponly=True,
        samesite="lax",
    )


def clear_session_cookie(response: Response, context: WebContext) -> None:
    """Take the session away from the browser."""
    response.delete_cookie(
        context.cookie,
        path="/",
        secure=context.cookie.startswith("__Host-"),
        httponly=True,
        samesite="lax",
    )


def present(caller: Caller, request: Request) -> str:
    """Return the session cookie of a signed-in person; raises NotSignedIn for anyone else."""
    cookie = request.cookies.get(caller.context.cookie, "")
    if not caller.signed_in or caller.subject.token_kind != BY_SESSION or not cookie:
        raise NotSignedIn
    return cookie


def session_routes(identities: Identities) -> PolicyRouter:
    """Return the routes of signing in and out."""
    router = PolicyRouter(tags=["sign-in"])
    sessions = identities.sessions

    @router.post("/v1/session", action=OPEN, part="registry", why="signing in", summary="Sign in")
    def sign_in(body: SignIn, request: Request, response: Response, caller: CallerOf) -> dict[str, Any]:
        meters = caller.context.meters
        old = request.cookies.get(caller.context.cookie, "")
        try:
            signed = sessions.sign_in(body.username, body.password, network_of(request), old_cookie=old)
        except NotSignedIn:
            meters.count("samarkiv_signins_total", outcome="refused")
            raise
        meters.count("samarkiv_signins_total", outcome="ok")
        set_session_cookie(response, caller.context, signed)
        return {"account": signed.account, "name": signed.name, "form_token": signed.form_token}

    @router.get("/v1/session", action=OPEN, part="registry", why=OWN, summary="Who am I")
    def who(caller: CallerOf) -> dict[str, Any]:
        subject = caller.subject
        if not caller.signed_in:
            raise NotSignedIn
        return {
            "account": subject.account,
            "kind": subject.kind,
            "tenant": subject.tenant,
            "token_kind": subject.token_kind,
            "purposes": sorted(subject.purposes),
            "grants": [
                {"role": one.role, "tenant": one.tenant, "authority": one.authority} for one in subject.grants
            ],
        }

    @router.delete("/v1/session", action=OPEN, part="registry", why=OWN, summary="Sign out", status_code=204)
    def sign_out(request: Request, response: Response, caller: CallerOf) -> None:
        sessions.sign_out(present(caller, request))
        clear_session_cookie(response, caller.context)

    @router.post(
        "/v1/session/confirm", action=OPEN, part="registry", why=OWN, summary="Sign in again", status_code=204
    )
    def confirm(body: Password, request: Request, caller: CallerOf) -> None:
        sessions.confirm(present(caller, request), body.password, network_of(request))

    return router


def own_routes(identities: Identities) -> PolicyRouter:
    """Return the routes of a signed-in person's purposes and password, and of the first administrator."""
    router = PolicyRouter(tags=["sign-in"])
    sessions = identities.sessions

    @router.post(
        "/v1/session/purposes",
        action=OPEN,
        part="registry",
        why=OWN,
        summary="State a purpose",
        status_code=201,
    )
    def purpose(body: Purpose, request: Request, caller: CallerOf) -> dict[str, Any]:
        until = sessions.state_purpose(present(caller, request), body.authority, body.text)
        return {"authority": body.authority, "until": until}

    @router.put(
        "/v1/session/password",
        action=OPEN,
        part="registry",
        why=OWN,
        summary="Change own password",
        status_code=204,
    )
    def password(body: NewPassword, request: Request, response: Response, caller: CallerOf) -> None:
        sessions.confirm(present(caller, request), body.old, network_of(request))
        identities.accounts.set_password(caller.subject.account, body.new)
        clear_session_cookie(response, caller.context)

    @router.post(
        "/v1/bootstrap",
        action=OPEN,
        part="registry",
        why="the first administrator, by a one-time secret",
        status_code=201,
    )
    def bootstrap(body: FirstAdministrator, request: Request) -> dict[str, str]:
        account = identities.bootstrap.redeem(
            body.secret,
            username=body.username,
            name=body.name,
            password=body.password,
            network=network_of(request),
        )
        return {"account": account}

    return router


def token_routes(identities: Identities) -> PolicyRouter:
    """Return the routes of one's own program tokens and of the public keys."""
    router = PolicyRouter(tags=["sign-in"])

    @router.get("/v1/jwks", action=OPEN, part="registry", why="public keys")
    def jwks() -> dict[str, Any]:
        return dict(identities.issuer.jwks())

    @router.post(
        "/v1/tokens", action=OPEN, part="registry", why=OWN, summary="Swap a program token for a short token"
    )
    def swap(body: Audience, caller: CallerOf) -> dict[str, Any]:
        if not caller.signed_in or caller.identity.by_cookie:
            raise NotSignedIn
        if body.audience == "access":
            return {"access_token": caller.identity.token, "token_type": "Bearer"}
        token = identities.issuer.exchange(caller.identity.token, body.audience, "svc-access")
        if not token:
            raise NotSignedIn
        return {"access_token": token, "token_type": "Bearer"}

    @router.get("/v1/program-tokens", action=OPEN, part="registry", why=OWN, summary="Own program tokens")
    def tokens(caller: CallerOf) -> dict[str, Any]:
        if not caller.signed_in:
            raise NotSignedIn
        return {"items": identities.tokens.listed(caller.subject.account), "next": None}

    @router.post(
        "/v1/program-tokens",
        action=OPEN,
        part="registry",
        why=OWN,
        summary="Make a personal token",
        status_code=201,
    )
    def make(body: ProgramToken, request: Request, caller: CallerOf) -> dict[str, Any]:
        present(caller, request)
        wanted = [Grant(one.role, one.tenant, one.authority) for one in body.grants]
        new = identities.tokens.make(
            caller.subject.account, "personal", name=body.name, days=body.days, grants=wanted
        )
        return {"id": new.id, "token": new.secret, "expires": new.expires}

    @router.delete("/v1/program-tokens/{token}", action=OPEN, part="registry", why=OWN, status_code=204)
    def end(token: str, request: Request, caller: CallerOf) -> None:
        present(caller, request)
        identities.tokens.end(caller.subject.account, token)

    return router


def issuer_routes(identities: Identities) -> PolicyRouter:
    """Return what the three other services of a distributed archive ask; they prove themselves by the shared secret."""
    router = PolicyRouter(tags=["internal"], include_in_schema=False)
    why = "services prove themselves by the shared secret"

    def service_of(request: Request) -> str:
        secret = identities.settings.service_secret.get_secret_value()
        offered = request.headers.get("x-samarkiv-secret", "")
        name = request.headers.get("x-samarkiv-service", "")
        if not secret or name not in SERVICES or not hmac.compare_digest(secret.encode(), offered.encode()):
            raise NotSignedIn
        return name

    def told(token: str | None) -> dict[str, str]:
        if not token:
            raise NotFound
        return {"token": token}

    @router.post("/internal/swap", action=OPEN, part="registry", why=why)
    def swap(body: Asked, request: Request) -> dict[str, str]:
        service_of(request)
        return told(identities.issuer.swap(body.token, body.audience, loopback=False))

    @router.post("/internal/session", action=OPEN, part="registry", why=why)
    def session(body: Asked, request: Request) -> dict[str, str]:
        service_of(request)
        return told(identities.issuer.session(body.cookie, body.audience))

    @router.post("/internal/exchange", action=OPEN, part="registry", why=why)
    def exchange(body: Asked, request: Request) -> dict[str, str]:
        return told(identities.issuer.exchange(body.token, body.audience, service_of(request)))

    @router.post("/internal/service-token", action=OPEN, part="registry", why=why)
    def service_token(body: Asked, request: Request) -> dict[str, str]:
        return told(identities.issuer.service(service_of(request), body.audience))

    @router.get("/internal/revocations", action=OPEN, part="registry", why=why)
    def revocations(request: Request) -> dict[str, Any]:
        service_of(request)
        return {"revoked": dict(identities.issuer.revocations())}

    return router
