"""A container on its way into every copy: written, read back, indexed, committed. Every step may be run again."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from samarkiv_contracts.problems import CopyUnreadable
from samarkiv_runtime.clock import rfc3339
from samarkiv_runtime.failpoints import failpoint
from samarkiv_runtime.ocfl import split_lines
from samarkiv_runtime.ports import ObjectStore

from samarkiv_preservation.packages import ocfl_writer
from samarkiv_preservation.packages.container import Container
from samarkiv_preservation.packages.copying import mend, sha512_of
from samarkiv_preservation.packages.fanout import FanOut
from samarkiv_preservation.packages.readback import read_back
from samarkiv_preservation.packages.site import Site, Stored
from samarkiv_preservation.packages.spool import Spool

Fill = Callable[[Container], tuple[int, int]]


def settle(site: Site, root: str) -> int:
    """Bring every copy to the last version that any of them committed; returns its number (0 = none).

    Rolls forward: a version is committed only when its bytes lie read back in every copy, so a copy that lacks the
    commit gets it, and its bytes are checked on the way. Raises CopyUnreadable, Unavailable when a copy does not answer.
    """
    ends = {
        name: site.threads.submit(ocfl_writer.roll_forward, store, root)
        for name, store in site.copies.items()
    }
    heads = {name: end.result() for name, end in ends.items()}
    last = max(heads.values())
    if last and min(heads.values()) < last:
        leader = next(name for name, number in heads.items() if number == last)
        inventory = ocfl_writer.version_inventory(site.copies[leader], root, last)
        if inventory is None:
            raise CopyUnreadable(en=f"copy {leader} does not give its last inventory")
        for name, number in heads.items():
            if number < last:
                mend(site.copies[leader], site.copies[name], root, inventory)
    return last


def publish(
    site: Site,
    root: str,
    object_id: str,
    n: int,
    moment: datetime,
    message: str,
    fill: Fill,
    still_ours: Callable[[], None] = lambda: None,
) -> Stored:
    """Write version `n` in every copy, read it back, and commit it; `fill` writes the members, returns files and bytes.

    `still_ours` is asked before the commit and raises when another worker has the job. Bytes of an earlier attempt
    that lie there uncommitted are kept when they are the same, else taken away before the fault is raised.
    """
    key = f"{root}/v{n}/content/v{n}"
    with _container(site, f"{key}.zip", moment) as (container, fan):
        files, size = fill(container)
        container.close()
        failpoint("preservation.written")
        taken = fan.commit()
        failpoint("preservation.container")
        try:
            sha512, total = read_back(site.copies, f"{key}.zip", container.index.lines(), site.threads)
            index = _write_index(site, f"{key}.index.jsonl", container.index)
        except (CopyUnreadable, KeyError) as error:
            still_ours()
            _clear(site, root, n)
            left = f"; left over in {', '.join(sorted(taken))}" if taken else ""
            raise CopyUnreadable(
                "Det nya innehållet kunde inte läsas tillbaka", f"read-back failed: {error}{left}"
            ) from error
    failpoint("preservation.readback")
    created = rfc3339(moment)
    first = next(iter(site.copies.values()))
    previous = ocfl_writer.version_inventory(first, root, n - 1) if n > 1 else None
    _, inventory = ocfl_writer.next_inventory(
        previous,
        object_id,
        {f"v{n}.zip": sha512, f"v{n}.index.jsonl": index},
        created=created,
        message=message,
        user=site.user,
    )
    still_ours()
    ocfl_writer.commit(site.copies, root, n, inventory, site.threads)
    failpoint("preservation.published")
    return Stored(
        package=object_id,
        version=n,
        copies=tuple(site.copies),
        created=created,
        container_sha512=sha512,
        container_bytes=total,
        index_sha512=index,
        inventory_sha512=hashlib.sha512(inventory).hexdigest(),
        files=files,
        bytes=size,
    )


def facts_of(store: ObjectStore, copies: Sequence[str], root: str, object_id: str, n: int) -> Stored:
    """Return the facts of a committed version as `publish` returned them, read from one copy.

    Raises CopyUnreadable when the copy does not have it; KeyError when its index is gone.
    """
    inventory = ocfl_writer.version_inventory(store, root, n)
    if inventory is None:
        raise CopyUnreadable(en=f"version {n} is not there")
    listed = json.loads(inventory)
    digests = {path: digest for digest, paths in listed["manifest"].items() for path in paths}
    base = f"v{n}/content/v{n}"
    container = store.stat(f"{root}/{base}.zip")
    files = size = 0
    for line in split_lines(store.read(f"{root}/{base}.index.jsonl")):
        entry = json.loads(line)
        if "mime" in entry:
            files += 1
            size += int(entry["length"])
    return Stored(
        package=object_id,
        version=n,
        copies=tuple(copies),
        created=str(listed["versions"][f"v{n}"]["created"]),
        container_sha512=digests[f"{base}.zip"],
        container_bytes=container.size if container else 0,
        index_sha512=digests[f"{base}.index.jsonl"],
        inventory_sha512=hashlib.sha512(inventory).hexdigest(),
        files=files,
        bytes=size,
    )


@contextmanager
def _container(site: Site, key: str, moment: datetime) -> Iterator[tuple[Container, FanOut]]:
    fan = FanOut(site.copies, key, site.threads)
    try:
        container = Container(fan.write, site.scratch, moment)
        try:
            yield container, fan
        finally:
            container.index.close()
    finally:
        fan.abort()


def _write_index(site: Site, key: str, index: Spool) -> str:
    """Write the index in every copy and read it back; returns its SHA-512."""
    digest = hashlib.sha512()
    fan = FanOut(site.copies, key, site.threads)
    try:
        for block in index.blocks():
            digest.update(block)
            fan.write(block)
        fan.commit()
    finally:
        fan.abort()
    wanted = digest.hexdigest()
    for name, store in site.copies.items():
        if sha512_of(store, key) != wanted:
            raise CopyUnreadable(en=f"the index in copy {name} was read back wrong")
    return wanted


def _clear(site: Site, root: str, n: int) -> None:
    """Take away an uncommitted version everywhere; nothing when any copy committed it."""
    if any(store.stat(f"{root}/v{n}/inventory.json") is not None for store in site.copies.values()):
        return
    for store in site.copies.values():
        ocfl_writer.roll_back(store, root, n)
