"""A broker of this folder's own, so that it can be frozen and killed while others use the shared one."""

import os
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from samarkiv_runtime.eventlog.kafka_client import discard

ENGINES = Path(__file__).parents[3] / "deploy" / "engines" / "engines"


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Broker:
    """A Kafka node that can be frozen, thawed, killed and started again."""

    def __init__(self, folder: Path) -> None:
        port = _free_port()
        self.bootstrap = f"127.0.0.1:{port}"
        self._environment = {
            **os.environ,
            "ENGINES_WORK": str(folder),
            "ENGINES_KAFKA_PORT": str(port),
            "ENGINES_KAFKA_CONTROLLER_PORT": str(_free_port()),
        }

    def do(self, verb: str) -> None:
        subprocess.run([ENGINES, verb, "kafka"], env=self._environment, check=True, timeout=200)

    def topic(self, **configs: str) -> str:
        """Return a new topic of one partition."""
        name = f"f{uuid.uuid4().hex[:8]}"
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        wanted = {
            "num_partitions": 1,
            "replication_factor": 1,
            "configs": {k.replace("_", "."): v for k, v in configs.items()},
        }
        admin.create_topics({name: wanted}, wait_for_metadata=True)
        admin.close()
        return name


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    made = Broker(tmp_path_factory.mktemp("kafka"))
    made.do("up")
    yield made
    made.do("down")


@pytest.fixture
def producer(broker: Broker) -> Iterator[Callable[..., KafkaProducer]]:
    """Makes bare producers and ends them whatever state they are in."""
    with ExitStack() as stack:

        def make(**settings: Any) -> KafkaProducer:
            given = {
                "bootstrap_servers": broker.bootstrap,
                "acks": "all",
                "enable_idempotence": True,
            } | settings
            made = KafkaProducer(**given)
            stack.callback(discard, made, 0.5)
            return made

        yield make
