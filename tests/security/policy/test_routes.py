"""Every route of all four services, over HTTP: the declared policy is what callers meet, and hidden equals absent."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from samarkiv_contracts.paths import service_of
from samarkiv_runtime.policy import ACTIONS, ANONYMOUS, Context, is_public
from samarkiv_runtime.web import OPEN, Declared

from tests.security.policy.evaluator import evaluate, lines
from tests.security.policy.world import Guest, Thing, World

pytestmark = pytest.mark.timeout(300)

ABSENT = {
    "delivery": "dlv-00000000-0000-4000-8000-000000000000",
    "upload": "dlv-00000000-0000-4000-8000-000000000000",
    "package": "uuid-00000000-0000-4000-8000-000000000000",
    "record": "rec-00000000-0000-4000-8000-000000000000",
    "agreement": "agr-00000000-0000-4000-8000-000000000000",
    "tenant": "tnt-00000000-0000-4000-8000-000000000000",
    "receipt": "rcp-00000000-0000-4000-8000-000000000000",
}
# Every open route is named here, so that a new one is seen by a reader of this file.
OPEN_PATHS = re.compile(
    r"^/(livez|openapi\.json|v1/services/[a-z]+/openapi\.json|v1/session(/(confirm|purposes|password))?|v1/bootstrap"
    r"|v1/jwks|v1/tokens|v1/program-tokens(/\{token\})?|internal/(swap|session|exchange|service-token|revocations)"
    r"|v1/uploads(/\{upload\})?|v1/receipts|v1/verify|jamfor|om|tillganglighet|stil|problem(/\{code\})?|logga-in|logga-ut"
    r"|andamal|static/\{file\})$"
)
# What a route may answer with instead of what it declares, by action or path.
LESS = {
    "record.see": [("record.see", "public_title")],
    "package.see": [("package.see", "public_title")],
    "delivery.see": [("delivery.see", "registry")],
    "/v1/packages/{package}": [("package.see", "public_title"), ("package.health", "registry")],
}


# The table's status → what a route may answer: it may ask for more than it declares, never for less.
FITS = {200: {200, 403, 404}, 401: {401}, 403: {403, 404}, 404: {404}}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("world"))
    yield world
    world.close()


@pytest.fixture(scope="module")
def guests(world: World) -> list[Guest]:
    return world.guests()


@pytest.fixture(scope="module")
def routes(world: World) -> list[tuple[str, Declared]]:
    return [
        (name, one) for name, service in world.archive.services.items() for one in service.app.state.declared
    ]


def at_front(service: str, route: Declared) -> bool:
    """Whether the route is this service's at the public address."""
    return service_of(route.path.split("{", maxsplit=1)[0].rstrip("/") or "/") == service and not route.inner


def test_every_route_declares_its_policy(world: World, routes: list[tuple[str, Declared]]) -> None:
    assert {name for name, _route in routes} == {"ingest", "preservation", "search", "access"}
    for name, route in routes:
        assert route.action in ACTIONS or (route.action == OPEN and OPEN_PATHS.match(route.path)), (
            name,
            route,
        )
    for name, service in world.archive.services.items():
        told = {(one.method, one.path) for one in service.app.state.declared}
        for path, methods in service.app.openapi()["paths"].items():
            assert {(method.upper(), path) for method in methods} <= told, (name, path)


def test_without_a_login_every_other_route_is_401_before_anything_is_read(
    world: World, routes: list[tuple[str, Declared]]
) -> None:
    public = Guest("public", ANONYMOUS, {})
    for name, route in routes:
        if route.action == OPEN or is_public(route.action) or not at_front(name, route):
            continue
        for ids in (ABSENT, world.things[0].ids):
            answer = world.ask(public, name, route.method, filled(route, ids), content=b"{no json")
            expected = 404 if route.path.startswith("/internal") else 401
            assert answer.status_code == expected, (name, route, answer.text)


def test_a_bad_bearer_is_401_everywhere(world: World, routes: list[tuple[str, Declared]]) -> None:
    guest = Guest("forger", ANONYMOUS, dict.fromkeys(world.archive.services, "eyJx.eyJx.x"))
    for name, route in routes:
        if at_front(name, route) and not route.path.startswith(("/internal", "/static", "/openapi")):
            answer = world.ask(guest, name, route.method, filled(route, ABSENT))
            assert answer.status_code == 401, (name, route, answer.text)


def filled(route: Declared, ids: dict[str, str]) -> str:
    """Return the path with ids put in; a number is 1, a journey is a record's."""
    more = {
        "n": "1",
        "id": ids["record"],
        "service": "ingest",
        "account": "acc-x",
        "grant": "grt-x",
        "token": "tok-x",
    }
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: {**more, **ids}.get(found[1], "x"), route.path)


def names_a_thing(route: Declared) -> bool:
    return any(
        f"{{{name}}}" in route.path
        for name in ("delivery", "upload", "package", "record", "agreement", "receipt")
    )


def ways(route: Declared, guest: Guest) -> list[tuple[str, str]]:
    """Return the questions whose permit opens a route: what it declares, or the less it may answer with instead."""
    less = LESS.get(route.path, LESS.get(route.action, []))
    return [(route.action, route.part), *(one for one in less if guest.bearers or is_public(one[0]))]


def verdict(guest: Guest, action: str, part: str, thing: Thing) -> int:
    """Return the status by the table."""
    noun = action.split(".", maxsplit=1)[0]
    resource = replace(thing.resource, kind=noun, part=part)
    now = guest.subject.auth_time or 1
    light = Context(now=now, export_as="zip", decision="", right_code=False)
    return evaluate(lines(), guest.subject, action, resource, light).status


def is_problem(route: Declared, answer: httpx.Response) -> bool:
    """Whether an error is told as problem+json; a page of the house may tell it as a page."""
    media = answer.headers.get("content-type", "")
    page = media.startswith("text/html") and not route.path.startswith("/v1/")
    return media == "application/problem+json" or page or answer.request.method == "HEAD"


class Absent:
    """What an absent id gets, asked once per guest and request."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept: dict[tuple[str, str, str, bytes], httpx.Response] = {}

    def equals(self, guest: Guest, name: str, route: Declared, answer: httpx.Response, **more: Any) -> bool:
        """Whether an answer is byte by byte what an absent id gets."""
        key = (guest.name, route.method, route.path, more.get("content", b""))
        if key not in self._kept:
            self._kept[key] = self._world.ask(guest, name, route.method, filled(route, ABSENT), **more)
        absent = self._kept[key]
        headers = [{k: v for k, v in one.headers.items() if k != "date"} for one in (answer, absent)]
        return (
            answer.status_code == absent.status_code
            and answer.content == absent.content
            and headers[0] == headers[1]
        )


def things_for(world: World, route: Declared) -> list[Thing]:
    """Return what is worth asking a route for: every level where levels count, else one's own and another's."""
    leveled = "{package}" in route.path or "{record}" in route.path
    return world.things if leveled else [world.things[0], world.things[-1]]


def test_reading_every_thing_as_every_role_and_hidden_equals_absent(
    world: World, routes: list[tuple[str, Declared]], guests: list[Guest]
) -> None:
    wrong, absent = [], Absent(world)
    for name, route in routes:
        if route.method not in {"GET", "HEAD"} or not names_a_thing(route) or not at_front(name, route):
            continue
        for guest in guests:
            for thing in things_for(world, route):
                best = min(verdict(guest, *one, thing) for one in ways(route, guest))
                answer = world.ask(guest, name, route.method, filled(route, thing.ids))
                status = 200 if answer.status_code < 400 else answer.status_code
                told = f"{route.method} {route.path} as {guest.name} at level {thing.resource.level}: {status}, table {best}"
                if best == 404 and not absent.equals(guest, name, route, answer):
                    wrong.append(f"{told}: differs from absent")
                elif status not in FITS[best]:
                    wrong.append(told)
                elif answer.status_code >= 400 and not is_problem(route, answer):
                    wrong.append(f"{told}: no problem")
    assert not wrong, f"{len(wrong)}\n" + "\n".join(wrong[:40])


def test_writing_to_what_is_hidden_is_writing_to_what_is_absent(
    world: World, routes: list[tuple[str, Declared]], guests: list[Guest]
) -> None:
    wrong, absent = [], Absent(world)
    for name, route in routes:
        unsafe = route.method in {"POST", "PUT", "PATCH", "DELETE"} and names_a_thing(route)
        if not unsafe or not at_front(name, route) or route.path.startswith("/internal"):
            continue
        for guest in guests[1:]:
            for thing in (world.things[2], world.things[-1]):
                if verdict(guest, route.action, route.part, thing) != 404:
                    continue
                for body in (b"{}", b'{"reason":"prov","level":2,"party":"archive"}'):
                    more = {
                        "content": body,
                        "headers": {"Content-Type": "application/json", "Upload-Offset": "0"},
                    }
                    answer = world.ask(guest, name, route.method, filled(route, thing.ids), **more)
                    if answer.status_code < 400 or not absent.equals(guest, name, route, answer, **more):
                        wrong.append(
                            f"{route.method} {route.path} as {guest.name}: {answer.status_code} {body!r}"
                        )
    assert not wrong, f"{len(wrong)}\n" + "\n".join(wrong[:40])


def test_lists_and_search_show_nothing_of_what_is_closed(world: World, tmp_path: Path) -> None:
    public = Guest("public", ANONYMOUS, {})
    closed = [thing for thing in world.things if thing.resource.level == 2]
    for path in (
        "/v1/search?q=handling",
        "/v1/search?q=provhandling",
        "/v1/figures",
        "/v1/tenants",
        "/",
        "/sok?q=handling",
    ):
        answer = world.ask(public, "search", "GET", path)
        assert answer.status_code == 200
        for thing in closed:
            for key in ("delivery", "package", "record", "agreement"):
                assert thing.ids[key] not in answer.text, path


STRANGE = (
    {"content": b"\xff\xfe{", "headers": {"Content-Type": "application/json"}},
    {"content": b"[1]", "headers": {"Content-Type": "application/json"}},
    {
        "content": b'{"agreement": 5, "reason": null, "level": "x"}',
        "headers": {"Content-Type": "application/json"},
    },
    {"content": b"a=1&b=2", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    {"content": b"--x\r\nbroken", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    {"content": b"x", "headers": {"Content-Type": "text/plain", "Range": "bytes=9-1", "If-Match": '"x"'}},
)
QUERY = "?limit=-1&cursor=%FF&q=%00&tenant=%27&state=x&n=9&as=exe&page=x&after=x"


def test_whatever_is_sent_every_error_is_a_problem_and_none_is_ours(
    world: World, routes: list[tuple[str, Declared]], guests: list[Guest]
) -> None:
    chosen = [one for one in guests if one.name in {"public", "producer, own board", "archivist, own board"}]
    wrong = []
    for name, route in routes:
        if not at_front(name, route) or route.path.startswith("/static"):
            continue
        for guest in chosen:
            for more in (
                STRANGE if route.method not in {"GET", "HEAD"} else ({"headers": {"Range": "bytes=x"}},)
            ):
                for method in (route.method, "PATCH")[: 2 if more is STRANGE[0] else 1]:
                    path = filled(route, world.things[0].ids) + QUERY
                    answer = world.ask(guest, name, method, path, **dict(more))
                    bad = answer.status_code >= 400 and not is_problem(route, answer)
                    if bad or answer.status_code >= 500:
                        wrong.append(
                            f"{method} {path} as {guest.name}: {answer.status_code} {answer.text[:200]}"
                        )
    assert not wrong, f"{len(wrong)}\n" + "\n".join(wrong[:40])
