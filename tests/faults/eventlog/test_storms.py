"""The storm in both compositions."""

import pytest

from tests.conformance.eventlog.bench import Bench
from tests.conformance.eventlog.test_kafka import bench as distributed
from tests.conformance.eventlog.test_kafka import url
from tests.conformance.eventlog.test_sqlite import bench as embedded
from tests.conformance.eventlog.test_sqlite import empty
from tests.faults.eventlog.storm import StormContract

__all__ = ["distributed", "embedded", "empty", "url"]


class TestEmbedded(StormContract):
    """On SQLite."""

    @pytest.fixture
    def bench(self, embedded: Bench) -> Bench:
        return embedded


@pytest.mark.engines
@pytest.mark.timeout(180)
class TestDistributed(StormContract):
    """On Kafka and PostgreSQL."""

    patience = 3.0

    @pytest.fixture
    def bench(self, distributed: Bench) -> Bench:
        return distributed
