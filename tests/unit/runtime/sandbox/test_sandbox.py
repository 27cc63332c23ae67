"""Walls and limits, on a machine that has bubblewrap; without it, the refusal.

Every promise is checked both ways: where there are no walls the program must not have been run at all.
"""

import sys
import time
from pathlib import Path

import pytest
from samarkiv_runtime.sandbox import Limits, Run, Sandbox

PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return Sandbox()


def behind_walls(sandbox: Sandbox, work: Path, program: str, **limits: float) -> Run | None:
    """Run a shell program; None where there are no walls, having seen that it was refused."""
    bounds = Limits(**{"seconds": 20.0, **limits})  # type: ignore[arg-type]
    if sandbox.walls:
        return sandbox.run(["/bin/sh", "-c", program], work, limits=bounds)
    with pytest.raises(PermissionError, match="no sandbox"):
        sandbox.run(["/bin/sh", "-c", program], work, limits=bounds)
    assert list(work.iterdir()) == []
    return None


def test_a_program_writes_only_in_its_folder(sandbox: Sandbox, tmp_path: Path) -> None:
    work, other = tmp_path / "work", tmp_path / "other"
    work.mkdir()
    other.mkdir()
    (other / "secret").write_text("x")
    run = behind_walls(
        sandbox,
        work,
        f"echo out > /work/made; cat {other}/secret > /work/stolen; echo x > {other}/left; touch /usr/x; true",
    )
    if run:
        assert run.status == 0
        assert (work / "made").read_text() == "out\n"
        assert (work / "stolen").read_text() == ""
        assert [path.name for path in other.iterdir()] == ["secret"]


def test_what_it_may_read_is_seen_and_not_written(sandbox: Sandbox, tmp_path: Path) -> None:
    work, source = tmp_path / "work", tmp_path / "source"
    work.mkdir()
    source.write_text("källa")
    if sandbox.walls:
        run = sandbox.run(["/bin/sh", "-c", f"cat {source}; echo x > {source}"], work, read=[source])
        assert "källa" in run.told
        assert source.read_text() == "källa"


def test_no_network_no_host_name_no_environment(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMARKIV_SERVICE_SECRET", "hemligt")
    run = behind_walls(
        sandbox, tmp_path, "env; cat /proc/net/dev; ls /etc/passwd /root /home /proc/1/environ"
    )
    if run:
        assert "hemligt" not in run.told
        devices = [
            line.split(":")[0].strip() for line in run.told.splitlines() if ":" in line and "lo" in line
        ]
        assert "lo" in devices
        assert "eth0" not in run.told
        assert "/etc/passwd: No such file" in run.told.replace("'", "")


def test_time_ends_it_and_all_it_started(sandbox: Sandbox, tmp_path: Path) -> None:
    begun = time.monotonic()
    run = behind_walls(sandbox, tmp_path, "(sleep 61.7 &) ; sleep 61.7", seconds=0.3)
    assert time.monotonic() - begun < 10
    if run:
        assert run.timed_out
        assert run.status < 0
        # The kernel ends a namespace's processes one after the other; none may be there a moment later.
        deadline = time.monotonic() + 5
        while _sleepers() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert _sleepers() == []


def _sleepers() -> list[Path]:
    return [path for path in Path("/proc").glob("[0-9]*/cmdline") if b"61.7" in _bytes(path)]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_memory_and_output_are_bounded(sandbox: Sandbox, tmp_path: Path) -> None:
    if sandbox.walls and PYTHON.startswith("/usr"):
        hoard = [PYTHON, "-c", "x = bytearray(800 << 20)"]
        assert sandbox.run(hoard, tmp_path, limits=Limits(memory_bytes=400 << 20)).status != 0
    run = behind_walls(sandbox, tmp_path, "head -c 3000000 /dev/zero > big", file_bytes=1_000_000)
    if run:
        assert (tmp_path / "big").stat().st_size <= 1_000_000


def test_without_walls_nothing_runs_unless_the_operator_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    closed = Sandbox()
    assert (closed.available, closed.walls) == (False, False)
    assert closed.why == "bubblewrap is not installed"
    with pytest.raises(PermissionError):
        closed.run(["/bin/true"], tmp_path)
    open_ = Sandbox(unsandboxed=True)
    assert (open_.available, open_.walls) == (True, False)
    run = open_.run(["/bin/sh", "-c", 'echo {work} "$HOME" > seen'], tmp_path)
    assert run.status == 0
    assert (tmp_path / "seen").read_text().split() == [str(tmp_path)] * 2
