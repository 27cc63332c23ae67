"""One pool of one worker for all container tests, and short ways to scan and check."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from samarkiv_contracts.problems import HostileContainer
from samarkiv_ingest.packages.check import CheckResult, check
from samarkiv_ingest.packages.limits import Limits
from samarkiv_ingest.packages.read import CheckedTree
from samarkiv_ingest.packages.scan import scan
from samarkiv_ingest.packages.workers import warm
from samarkiv_runtime.pool import Pool


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    with Pool(1, warm=warm) as made:
        yield made


@pytest.fixture
def box(tmp_path: Path) -> Callable[[bytes], Path]:
    def put(data: bytes) -> Path:
        path = tmp_path / "upload"
        path.write_bytes(data)
        return path

    return put


@pytest.fixture
def refused(box: Callable[[bytes], Path], tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Scan a container that must be refused; return code → offending entry."""

    def run(data: bytes, limits: Limits | None = None) -> dict[str, str]:
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        with pytest.raises(HostileContainer) as caught:
            scan(box(data), limits or Limits(), scratch).close()
        return {finding.code: finding.file for finding in reversed(caught.value.findings)}

    return run


@pytest.fixture
def checked(
    box: Callable[[bytes], Path], tmp_path: Path, pool: Pool
) -> Iterator[Callable[..., tuple[CheckResult, CheckedTree]]]:
    """Check a container that must be accepted; return the result and its tree."""
    trees: list[CheckedTree] = []

    def run(data: bytes, limits: Limits | None = None, **more) -> tuple[CheckResult, CheckedTree]:
        scratch = tmp_path / f"scratch{len(trees)}"
        scratch.mkdir()
        upload = box(data)
        result = check(upload, limits or Limits(), scratch, pool, **more)
        trees.append(CheckedTree(result.files, upload, result.content, result.digests))
        return result, trees[-1]

    yield run
    for tree in trees:
        tree.close()
