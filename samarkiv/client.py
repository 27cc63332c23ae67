"""The command line's way to an archive: address and token from the home of an embedded one, or from the environment."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from samarkiv_contracts.problems import NotFound, Problem, Unavailable
from samarkiv_runtime.settings import Settings


class Told(Exception):
    """A problem the archive answered with, as it told it."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(problem.get("detail") or problem.get("title", ""))
        self.status = status
        self.problem = problem


class Client:
    """Calls of the public APIs. Without `signed`, nothing is sent that says who asks."""

    def __init__(self, settings: Settings, *, signed: bool = True, language: str = "sv") -> None:
        self.address = address_of(settings)
        headers = {"accept-language": language, "user-agent": "samarkiv-cli"}
        token = token_of(settings) if signed else ""
        if token:
            headers["authorization"] = f"Bearer {token}"
        self.http = httpx.Client(
            base_url=self.address, headers=headers, timeout=httpx.Timeout(120, connect=5)
        )

    def request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """Return the answer; raises Told for a problem and Unavailable when nobody answers."""
        try:
            answer = self.http.request(method, path, **kwargs)
        except httpx.TransportError as error:
            raise Unavailable(
                sv=f"Arkivet på {self.address} svarar inte. Starta det med `samarkiv serve`.",
                en=f"The archive at {self.address} does not answer. Start it with `samarkiv serve`.",
            ) from error
        if answer.status_code >= 400:
            raise Told(answer.status_code, _problem(answer))
        return answer

    def get(self, path: str, **params: Any) -> Any:
        """Return the JSON of a GET; parameters that are None are left out."""
        return self.request("GET", path, params={k: v for k, v in params.items() if v is not None}).json()

    def post(self, path: str, body: Any = None, **kwargs: Any) -> Any:
        """Return the JSON of a POST, or None when the answer is empty."""
        answer = self.request("POST", path, json=body, **kwargs)
        return answer.json() if answer.content else None

    def items(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Yield every item of a list, following its cursor."""
        cursor = None
        while True:
            page = self.get(path, cursor=cursor, **params)
            yield from page["items"]
            cursor = page.get("next")
            if not cursor:
                return

    def delivery(self, name: str) -> dict[str, Any]:
        """Return a delivery by id."""
        return dict(self.get(f"/v1/deliveries/{name}"))


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        return dict(answer.json())
    except ValueError:
        return {
            "title": f"HTTP {answer.status_code}",
            "status": answer.status_code,
            "code": "unexpected",
            "fault": "system",
        }


def address_of(settings: Settings) -> str:
    """Return the archive's address: SAMARKIV_URL, what a running embedded archive wrote, or the settings'."""
    if os.environ.get("SAMARKIV_URL"):
        return os.environ["SAMARKIV_URL"].rstrip("/")
    written = settings.home / "address"
    if written.exists():
        return written.read_text(encoding="utf-8").strip()
    return settings.address


def token_of(settings: Settings) -> str:
    """Return the caller's token: SAMARKIV_TOKEN, SAMARKIV_TOKEN_FILE or the home's; empty when there is none."""
    if os.environ.get("SAMARKIV_TOKEN"):
        return os.environ["SAMARKIV_TOKEN"]
    named = os.environ.get("SAMARKIV_TOKEN_FILE")
    path = Path(named) if named else settings.home / "token"
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


__all__ = ["Client", "NotFound", "Problem", "Told", "address_of", "token_of"]
