"""Calls between services of one process: whose right, streaming both ways, problems as problems."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request
from fastapi.responses import StreamingResponse
from samarkiv_contracts.problems import Forbidden, NotFound, Unavailable
from samarkiv_runtime.peers import Peers
from samarkiv_runtime.policy import Grant
from samarkiv_runtime.web import Caller, CallerOf, PolicyRouter, build_app

from tests.unit.runtime.web.house import SmallHouse

PIECE = b"x" * 65_536


class TwoServices(SmallHouse):
    """A second service that calls the first."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        router = PolicyRouter()
        self.sent = 0

        @router.get("/v1/whoami", action="tenant.see", part="registry")
        def whoami(caller: CallerOf) -> dict[str, str]:
            return {"account": caller.subject.account, "act": caller.subject.act, "language": caller.language}

        @router.get("/v1/stream", action="tenant.see", part="registry")
        def stream() -> StreamingResponse:
            def pieces() -> Iterator[bytes]:
                for _ in range(1000):
                    self.sent += 1
                    yield PIECE

            return StreamingResponse(pieces())

        @router.post("/v1/count", action="tenant.see", part="registry")
        async def count(request: Request) -> dict[str, int]:
            return {"bytes": sum([len(chunk) async for chunk in request.stream()])}

        @router.get("/v1/forbidden", action="tenant.see", part="registry")
        def forbidden() -> None:
            raise Forbidden("Nej.", "No.", policy_code="four_eyes")

        @router.get("/internal/whoami", action="service.internal", part="registry")
        def inside(caller: CallerOf) -> dict[str, str]:
            return {"account": caller.subject.account}

        other = build_app("ingest", [router], self.context)
        self.peers = Peers(self.settings)
        self.peers.use(self.verifier)
        self.peers.connect({"ingest": other})

    def caller(self, token: str = "") -> Caller:
        identity = self.verifier.identify("ingest", bearer=token)
        return Caller(identity, "en", "c" * 32, self.context)

    def close(self) -> None:
        self.peers.close()
        super().close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[TwoServices]:
    house = TwoServices(tmp_path)
    yield house
    house.close()


def test_a_call_carries_the_users_right_and_names_who_acts(house: TwoServices) -> None:
    token = house.issuer.issue(house.person(Grant("archivist", "tnt-1")), "ingest")
    told = house.peers.get("ingest").ask("GET", "/v1/whoami", caller=house.caller(token))
    assert told == {"account": "acc-1", "act": "svc-ingest", "language": "en"}
    assert house.peers.get("ingest").ask("GET", "/v1/whoami", caller=house.caller())["account"] == ""


def test_a_service_calls_with_its_own_right(house: TwoServices) -> None:
    told = house.peers.get("ingest").ask("GET", "/internal/whoami", as_service="access")
    assert told == {"account": "svc-access"}


def test_problems_come_back_as_problems(house: TwoServices) -> None:
    peer = house.peers.get("ingest")
    with pytest.raises(NotFound):
        peer.ask("GET", "/v1/nowhere", caller=house.caller())
    with pytest.raises(Forbidden) as caught:
        peer.ask("GET", "/v1/forbidden", caller=house.caller())
    assert caught.value.stable_code == "four_eyes"
    with pytest.raises(Unavailable):
        house.peers.get("search").ask("GET", "/v1/search")


def test_bodies_stream_both_ways(house: TwoServices) -> None:
    peer = house.peers.get("ingest")

    def pieces() -> Iterator[bytes]:
        yield from (PIECE for _ in range(40))

    origin: Any = {"Origin": house.settings.address}
    assert peer.ask("POST", "/v1/count", content=pieces(), headers=origin) == {"bytes": 40 * len(PIECE)}
    with peer.stream("GET", "/v1/stream") as answer:
        assert sum(len(piece) for piece in answer.iter_bytes()) == 1000 * len(PIECE)


def test_a_reader_who_leaves_stops_the_sender(house: TwoServices) -> None:
    with house.peers.get("ingest").stream("GET", "/v1/stream") as answer:
        next(answer.iter_bytes())
    assert house.sent < 100
