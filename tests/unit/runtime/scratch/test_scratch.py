"""Scratch folders are gone when their process is, however it ended."""

import subprocess
import sys
from pathlib import Path

from samarkiv_runtime.scratch import clear_scratch, scratch_folder

KILLED = """
import os, signal, sys
from pathlib import Path
from samarkiv_runtime.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1]), "check") as folder:
    (folder / "x").write_bytes(b"x")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_cleared_and_what_is_in_use_is_not(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, timeout=60)
    assert len(list(tmp_path.glob("check-*/x"))) == 1
    with scratch_folder(tmp_path, "check") as mine, scratch_folder(tmp_path, "other") as other:
        (mine / "a").mkdir()
        assert clear_scratch(tmp_path, "check") == 1
        assert (mine / "a").is_dir()
        assert other.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_a_base_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert clear_scratch(tmp_path / "no", "check") == 0
