"""`make bench`: MANY, LARGE and SCALE by PERFORMANCE's clock, in pairs with their yardsticks in the same run.

    python -m bench [many] [large] [scale] [text] [--pairs 3] [--files 20000] [--profile] [--also SCRIPT]

`many` and `large` are run when nothing is named. Figures of a noisy machine count as ratios only. `--also` names another
yardstick script (called as `SCRIPT BAG OUT --store packed --ident pygfried`) to be run beside our own. `--profile` runs
the archive under a sampler and prints where the CPU time of its main process went.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import corpus
from bench.archive import Archive, Timed

WORK = Path(__file__).resolve().parent / ".work"
CORPORA = WORK / "corpora"
SCALE = (2_000, 20_000, 100_000)
SCALE_KIB = 4


@dataclass(frozen=True)
class Ran:
    """One run of another program: seconds, and CPU seconds of it and all it waited for."""

    wall: float
    cpu: float


def main() -> None:
    """Read the arguments and run what is asked for."""
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("what", nargs="*", choices=["many", "large", "scale", "text", []], default=[])
    reader.add_argument("--pairs", type=int, default=3)
    reader.add_argument("--files", type=int, default=20_000)
    reader.add_argument("--size-mib", type=int, default=1024, help="size of each of the four files of LARGE")
    reader.add_argument("--profile", action="store_true")
    reader.add_argument("--also", default="")
    asked = reader.parse_args()
    WORK.mkdir(exist_ok=True)
    found: dict[str, Any] = {"load": os.getloadavg(), "cores": len(os.sched_getaffinity(0))}
    print(f"cores {found['cores']}, load {found['load'][0]:.1f}")
    runs: dict[str, Callable[[argparse.Namespace], Any]] = {
        "many": many,
        "large": large,
        "scale": scale,
        "text": text,
    }
    for name in asked.what or ["many", "large"]:
        found[name] = runs[name](asked)
    (WORK / "result.json").write_text(json.dumps(found, indent=1, default=asdict), encoding="utf-8")


# ------------------------------------------------------------------ the four


def many(asked: argparse.Namespace) -> dict[str, Any]:
    """One bag of many small files: the archive, the yardstick and the bare pipeline, in turn."""
    bag = corpus.many(CORPORA, asked.files)
    print(f"\nMANY: {bag.files} files, {bag.payload / 1e6:.0f} MB ({bag.bytes / 1e6:.0f} MB zipped)")
    ours: list[Timed] = []
    beside: dict[str, list[Ran]] = {"yardstick": [], "bare pipeline": []}
    for turn in range(asked.pairs):
        with _warm(profile=asked.profile) as archive:
            ours.append(archive.time(bag))
        _tell_one(turn, ours[-1], bag)
        beside["yardstick"].append(_run([sys.executable, "-m", "bench.yardstick", bag.path]))
        if asked.also:
            argv = [sys.executable, asked.also, bag.path]
            beside.setdefault("the other yardstick", []).append(
                _run(argv, "--store", "packed", "--ident", "pygfried")
            )
        beside["bare pipeline"].append(_run([sys.executable, "-m", "bench.bare", bag.path]))
        print(
            "   "
            + ", ".join(f"{name} {runs[-1].wall:.1f} s / {runs[-1].cpu:.1f}" for name, runs in beside.items())
        )
    _tell_ratios(ours, beside, bag)
    if asked.profile:
        _tell_profile()
    return {"corpus": bag, "ours": ours, "beside": beside}


def large(asked: argparse.Namespace) -> dict[str, Any]:
    """Four large files: from commit to found, beside the byte limit."""
    bag = corpus.large(CORPORA, size_mib=asked.size_mib)
    print(f"\nLARGE: {bag.files} files, {bag.payload / 1e6:.0f} MB, stored")
    ours: list[Timed] = []
    limits: list[Ran] = []
    for turn in range(asked.pairs):
        with _warm(profile=asked.profile) as archive:
            ours.append(archive.time(bag))
        _tell_one(turn, ours[-1], bag)
        limits.append(_run([sys.executable, "-m", "bench.limit", bag.path]))
        print(f"   byte limit {limits[-1].wall:.1f} s / {limits[-1].cpu:.1f}")
    best, limit = min(one.from_commit for one in ours), min(one.wall for one in limits)
    whole = min(one.found for one in ours)
    cpu, least = min(one.cpu_from_commit for one in ours), min(one.cpu for one in limits)
    print(
        f"   commit to found {best:.1f} s: {limit / best:.2f} of the byte limit (target 0.35); CPU {least / cpu:.2f}"
    )
    print(f"   from upload {whole:.1f} s: {limit / whole:.2f} of the byte limit")
    print(f"   peak of all processes together {max(one.together for one in ours):.0f} MB")
    if asked.profile:
        _tell_profile()
    return {"corpus": bag, "ours": ours, "limit": limits}


def scale(asked: argparse.Namespace) -> dict[str, Any]:
    """The same kind of bag in three sizes: is it linear, and does any process grow?"""
    print(f"\nSCALE: small files of 1 to {SCALE_KIB} KiB")
    found: dict[int, Timed] = {}
    for files in SCALE:
        bag = corpus.many(CORPORA, files, largest_kib=SCALE_KIB)
        with _warm(profile=asked.profile) as archive:
            timed = found[files] = archive.time(bag)
        print(
            f"   {files:>7} files: {timed.found:.1f} s, {files / timed.found:.0f} files/s, CPU {timed.cpu:.1f} s "
            f"({1000 * timed.cpu / files:.2f} ms a file), together {timed.together:.0f} MB, "
            f"largest process {max(timed.each.values()):.0f} MB"
        )
    small, big = found[SCALE[0]], found[SCALE[-1]]
    middle = found[SCALE[1]]
    print(
        f"   CPU a file, {SCALE[-1]} against {SCALE[1]}: {big.cpu / SCALE[-1] / (middle.cpu / SCALE[1]):.2f}; "
        f"largest process grew by {max(big.each.values()) - max(small.each.values()):.0f} MB "
        f"from {SCALE[0]} to {SCALE[-1]} files"
    )
    return {str(files): one for files, one in found.items()}


def text(asked: argparse.Namespace) -> dict[str, Any]:
    """The stage of its own: full text of MANY after it was found, beside the same extraction, analysis and engine run bare."""
    bag = corpus.many(CORPORA, asked.files)
    print(f"\nTEXT of {bag.files} files")
    with _warm(profile=asked.profile) as archive:
        timed = archive.time(bag, text=True)
    bare = _run([sys.executable, "-m", "bench.baretext", bag.path])
    print(
        f"   {timed.text:.1f} s after found, {bag.files / timed.text:.0f} documents/s, CPU {timed.text_cpu:.1f} s; "
        f"bare {bare.wall:.1f} s, {bag.files / bare.wall:.0f} documents/s, CPU {bare.cpu:.1f} s; "
        f"ratio {timed.text / bare.wall:.2f} wall, {timed.text_cpu / bare.cpu:.2f} CPU; "
        f"together {timed.together:.0f} MB"
    )
    return {"ours": timed, "bare": bare}


# ------------------------------------------------------------------ running and telling


class _warm:  # noqa: N801 - reads as a verb: `with _warm() as archive`
    """An archive that has done one small delivery to its end, so that nothing is loaded for the first time later."""

    def __init__(self, *, profile: bool) -> None:
        self._archive = Archive(WORK, profile=profile)

    def __enter__(self) -> Archive:
        archive = self._archive.__enter__()
        try:
            archive.time(corpus.many(CORPORA, 200), text=True)
            archive.reset_profile()
            time.sleep(0.5)
        except BaseException:
            self._archive.__exit__()
            raise
        return archive

    def __exit__(self, *told: object) -> None:
        self._archive.__exit__(*told)


def _run(argv: list[str], *more: str) -> Ran:
    """Run a program with a fresh folder as its last positional argument."""
    out = WORK / "out"
    shutil.rmtree(out, ignore_errors=True)
    try:
        start = time.perf_counter()
        process = subprocess.Popen(
            [*argv, str(out), *more], stdout=subprocess.DEVNULL, cwd=WORK.parent.parent
        )
        _pid, status, used = os.wait4(process.pid, 0)
        took = time.perf_counter() - start
        process.returncode = status
    finally:
        shutil.rmtree(out, ignore_errors=True)
    if status:
        raise SystemExit(f"{argv} ended with {status}")
    return Ran(took, used.ru_utime + used.ru_stime)


def _tell_one(turn: int, timed: Timed, bag: corpus.Corpus) -> None:
    stages = ", ".join(f"{name} {wall:.1f}/{cpu:.1f}" for name, (wall, cpu) in timed.stages.items() if wall)
    print(
        f"{turn + 1}. archive {timed.found:.1f} s / {timed.cpu:.1f} CPU (upload {timed.upload:.1f}), "
        f"{bag.files / timed.found:.0f} files/s, together {timed.together:.0f} MB"
    )
    print(f"   after commit, wall/CPU: {stages}; text meanwhile {timed.meanwhile:.1f} CPU, told apart")


def _tell_ratios(ours: list[Timed], beside: dict[str, list[Ran]], bag: corpus.Corpus) -> None:
    wall, cpu = min(one.found for one in ours), min(one.cpu for one in ours)
    print(f"   min of {len(ours)}: {wall:.1f} s, {bag.files / wall:.0f} files/s, CPU {cpu:.1f} s")
    for name, runs in beside.items():
        least, least_cpu = min(one.wall for one in runs), min(one.cpu for one in runs)
        print(
            f"   against the {name.removeprefix('the ')}: {wall / least:.2f} wall, {cpu / least_cpu:.2f} CPU"
        )
    print(f"   peak of all processes together {max(one.together for one in ours):.0f} MB")


def _tell_profile() -> None:
    """Print the sampler's table of the last archive: CPU seconds of the main process by thread and function."""
    told = json.loads((WORK / "home" / "profile.json").read_text(encoding="utf-8"))
    print(
        "   CPU by kind of thread: "
        + ", ".join(f"{name} {spent:.1f}" for name, spent in told["threads"].items())
    )
    for spent, thread, name in told["own"][:25]:
        print(f"   {spent:6.2f}  {thread:<20} {name}")
    for spent, thread, name in told["with_calls"][:45]:
        print(f"   {spent:6.2f}+ {thread:<20} {name}")


if __name__ == "__main__":
    main()
