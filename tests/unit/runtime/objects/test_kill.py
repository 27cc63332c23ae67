"""kill -9 in the middle of writing: what was acknowledged is whole, and nothing half-written is seen."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from samarkiv_runtime.objects.folder import FolderStore
from samarkiv_runtime.objects.uploads import FolderUploads

WRITER = """
import sys
from pathlib import Path
from samarkiv_runtime.objects.folder import FolderStore
from samarkiv_runtime.objects.uploads import FolderUploads
store = FolderStore(Path(sys.argv[1]))
uploads = FolderUploads(store)
start = int(sys.argv[2])
print("ready", flush=True)
for n in range(start, start + 100000):
    body = (b"%09d" % n) * 40000
    writer = store.create(f"o/{n % 7}/{n}")
    writer.write(body)
    writer.commit()
    print("object", n, flush=True)
    store.replace("inventory", b"%09d" % n * 1000)
    print("inventory", n, flush=True)
    uploads.begin("up")
    at = uploads.offset("up")
    uploads.append("up", at, [b"%09d" % (at // 9)])
    print("upload", at + 9, flush=True)
"""


@pytest.mark.parametrize("seed", range(4))
def test_what_was_acknowledged_is_whole(tmp_path: Path, seed: int) -> None:
    moment = random.Random(seed)
    acknowledged: dict[str, list[int]] = {"object": [], "inventory": [0], "upload": [0]}
    for turn in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(turn * 1000)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        time.sleep(moment.uniform(0.005, 0.06))
        process.kill()
        for line in process.stdout.read().split("\n")[:-1]:
            what, number = line.split()
            acknowledged[what].append(int(number))
        process.wait()
        process.stdout.close()
    store, uploads = FolderStore(tmp_path), FolderUploads(FolderStore(tmp_path))
    for n in acknowledged["object"]:
        assert b"".join(store.read(f"o/{n % 7}/{n}")) == b"%09d" % n * 40000
    for info in store.list("o/"):
        assert info.size == 360_000
    body = b"".join(store.read("inventory")) if store.stat("inventory") else b"000000000" * 1000
    assert len({body[at : at + 9] for at in range(0, len(body), 9)}) == 1
    assert int(body[:9]) >= acknowledged["inventory"][-1]
    if acknowledged["upload"][-1]:
        assert uploads.offset("up") >= acknowledged["upload"][-1]
        whole = uploads.finish("up").size // 9 * 9
        told = b"".join(store.read("up"))[:whole]
        assert told == b"".join(b"%09d" % n for n in range(whole // 9))
    store.sweep(-60)
    assert not (tmp_path / ".temp").exists()
