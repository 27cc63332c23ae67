"""The text stage run bare: the same extraction, the same Swedish analysis, the same engine; nothing around them.

python -m bench.baretext BAG.zip OUT
"""

import os
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import tantivy
from samarkiv_preservation.derivatives import Task, derive_many
from samarkiv_search.analysis import Analyser
from samarkiv_search.backends.tantivy import make_schema

BATCH = 64
KINDS = {
    "txt": ("x-fmt/111", "text/plain"),
    "xml": ("fmt/101", "application/xml"),
    "csv": ("x-fmt/18", "text/csv"),
    "json": ("fmt/817", "application/json"),
    "pdf": ("fmt/18", "application/pdf"),
    "jpg": ("fmt/43", "image/jpeg"),
}


def main(box: str, out: str) -> None:
    """Extract and draw in two processes, analyse and index here, into two indexes, and commit."""
    os.makedirs(out)
    with zipfile.ZipFile(box) as opened:
        opened.extractall(out)
    writers = []
    for name in ("public", "closed"):
        os.makedirs(f"{out}/index-{name}")
        index = tantivy.Index(make_schema(), path=f"{out}/index-{name}")
        index.register_tokenizer(
            "samarkiv", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        )
        writers.append(index.writer(heap_size=24_000_000, num_threads=1))
    analyser = Analyser()
    analyser.warm()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for tasks, found in zip(_batches(out), pool.map(derive_many, _batches(out)), strict=True):
            for task, derived in zip(tasks, found, strict=True):
                fields, _closed = analyser.both([task.path.removeprefix(out), derived.text])
                for writer in writers:
                    document = tantivy.Document()
                    for field, words in fields.items():
                        if words:
                            document.add_text(field, words)
                    document.add_bytes("text", derived.text.encode())
                    writer.add_document(document)
    for writer in writers:
        writer.commit()


def _batches(out: str) -> Iterator[list[Task]]:
    batch: list[Task] = []
    for path in sorted(Path(out).glob("*/data/**/*.*")):
        if path.is_file():
            batch.append(Task(str(path), *KINDS[path.suffix[1:]]))
            if len(batch) == BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


if __name__ == "__main__":
    main(*sys.argv[1:3])
