"""Taking a finished local file into a store: linked where the store is a folder beside it, streamed elsewhere."""

import errno
import os
from pathlib import Path

from samarkiv_contracts.problems import Conflict

from samarkiv_runtime.objects.folder import FolderStore
from samarkiv_runtime.ports import ObjectInfo, ObjectStore

PIECE = 8 * 2**20


def adopt(store: ObjectStore, key: str, path: Path) -> ObjectInfo:
    """Make the bytes of `path` the object `key`, durable; the file stays where it is and must not change after.

    An object that is there already with the same size counts as done; raises Conflict when it has another size.
    """
    size = path.stat().st_size
    try:
        return _adopt(store, key, path)
    except Conflict:
        found = store.stat(key)
        if found is not None and found.size == size:
            return found
        raise


def _adopt(store: ObjectStore, key: str, path: Path) -> ObjectInfo:
    if isinstance(store, FolderStore):
        try:
            _sync(path)
            store.publish(path, key)
            return ObjectInfo(key, path.stat().st_size)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
    writer = store.create(key)
    try:
        with path.open("rb") as source:
            while piece := source.read(PIECE):
                writer.write(piece)
        return writer.commit()
    finally:
        writer.abort()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
