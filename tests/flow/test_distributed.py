"""The same story on Kafka, OpenSearch, S3 and PostgreSQL, the services as separate processes, nginx before them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow import story
from tests.flow.distributed import Cluster, cluster

pytestmark = [pytest.mark.engines, pytest.mark.timeout(420)]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made


def test_the_story_is_the_same_with_two_preservation_workers(running: Cluster, tmp_path: Path) -> None:
    told = story.tell(
        running.client(), running.client(signed=False), running.client(running.operator), tmp_path
    )
    assert told["package"].startswith("uuid-")


def test_what_is_between_services_is_not_at_the_front(running: Cluster) -> None:
    import httpx

    for path in ("/internal/registry", "/internal/service-token", "/metrics", "/readyz"):
        assert httpx.get(running.front + path).status_code == 404
