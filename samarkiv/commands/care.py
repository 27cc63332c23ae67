"""`samarkiv verify`, `trace`, `parked` and `doctor`: looking after the archive over its public APIs."""

from collections.abc import Iterator
from typing import Any

from samarkiv_contracts.paths import SERVICES

from samarkiv import talk
from samarkiv.client import Client, Told


def verify(client: Client, package: str | None) -> Iterator[dict[str, Any]]:
    """Check every copy of one package, or of all, now; yields the answer for each package."""
    ids = [package] if package else [one["id"] for one in client.items("/v1/packages", limit=500)]
    with talk.progress(talk.pick("Kontrollerar", "Checking"), len(ids), unit="packages") as advance:
        for one in ids:
            yield dict(client.post(f"/v1/packages/{one}/verify"))
            advance(1)


def show_verified(answers: list[dict[str, Any]]) -> None:
    """Print what was not ok, and the sum."""
    bad = [one for one in answers if one["outcome"] != "ok"]
    for one in bad:
        for copy in one["copies"]:
            if copy["outcome"] != "ok" or copy.get("repaired_from"):
                mended = (
                    talk.pick(
                        f", lagad från {copy['repaired_from']}", f", mended from {copy['repaired_from']}"
                    )
                    if copy.get("repaired_from")
                    else ""
                )
                print(
                    f"{one['package']}  {talk.pick('kopia', 'copy')} {copy['copy']}: {copy['outcome']} {' '.join(copy.get('codes', []))}{mended}"
                )
    talk.say(
        f"{len(answers)} paket kontrollerade, {len(answers) - len(bad)} utan anmärkning.",
        f"{len(answers)} packages checked, {len(answers) - len(bad)} without remark.",
    )


def trace(client: Client, identity: str) -> dict[str, Any]:
    """Return the walk of a delivery, package or record."""
    return dict(client.get(f"/v1/journeys/{identity}"))


def show_trace(story: dict[str, Any]) -> None:
    """Print the walk as sentences with times."""
    print(f"{story['kind']} {story['id']}")
    for one in story["steps"]:
        print(f"  {one['at'] or '':<22} {one['text']}")
    for package in story["packages"]:
        print(f"  {package}")


def parked(client: Client) -> list[dict[str, Any]]:
    """Return every parked event of every service, each with a `service` and a name `service/n`."""
    found: list[dict[str, Any]] = []
    for service in SERVICES:
        try:
            found += [
                {**one, "service": service, "name": f"{service}/{one['n']}"}
                for one in client.items(f"/v1/services/{service}/parked")
            ]
        except Told as told:
            if told.status != 404:
                raise
    return found


def parked_path(name: str) -> str:
    """Return the API path of a parked event named `service/n`."""
    service, _, number = name.partition("/")
    if service not in SERVICES or not number.isdigit():
        talk.stop(
            talk.USAGE,
            "Ange tjänst/nummer, till exempel ingest/17.",
            "Give service/number, for example ingest/17.",
        )
    return f"/v1/services/{service}/parked/{number}"


def doctor(client: Client) -> list[dict[str, Any]]:
    """Return what every service says of its dependencies."""
    return [
        {**one, "service": service}
        for service in SERVICES
        for one in client.get(f"/v1/services/{service}/health")["items"]
    ]
