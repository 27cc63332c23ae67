"""The story in one process, on the embedded adapters."""

from pathlib import Path

from samarkiv.client import Client
from tests.flow import story


def test_a_delivery_walks_through_all_four_services(client: Client, public: Client, tmp_path: Path) -> None:
    told = story.tell(client, public, client, tmp_path)
    assert told["package"].startswith("uuid-")
