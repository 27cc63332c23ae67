"""`samarkiv find`: public search from the terminal; who asks is never sent."""

from typing import Any

from samarkiv import talk
from samarkiv.client import Client


def find(client: Client, words: str, limit: int) -> dict[str, Any]:
    """Return the public search's answer: items with record id, package id, title and place, total, facets."""
    return dict(client.get("/v1/search", q=words, limit=limit))


def show(answer: dict[str, Any]) -> None:
    """Print hits for a person."""
    for hit in answer["items"]:
        badge = talk.pick("på begäran", "on request") if hit.get("on_request") else talk.pick("öppen", "open")
        print(f"{hit['title']}  [{badge}]")
        print(f"  {hit.get('place') or ''}")
        print(f"  {hit['record']}  {hit['package']}")
    if answer.get("exact", True):
        talk.say(f"{answer['total']} träffar", f"{answer['total']} hits")
    else:
        talk.say("Inga träffar på just de orden.", "No hits for exactly those words.")
    if answer.get("did_you_mean"):
        talk.say(f"Menade du {answer['did_you_mean']}?", f"Did you mean {answer['did_you_mean']}?")
