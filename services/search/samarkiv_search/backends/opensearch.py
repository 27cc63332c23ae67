"""The distributed adapter: an OpenSearch index behind an alias, versions of packages in a small index beside it.

Nothing is deleted from a live index: a document that goes becomes a tombstone of the new version, because OpenSearch
forgets the versions of deleted documents after a minute and an older event could bring them back.
"""

import base64
import hashlib
import json
import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opensearchpy import OpenSearch, helpers
from opensearchpy.exceptions import ConnectionError as Silent
from opensearchpy.exceptions import ConnectionTimeout, NotFoundError, TransportError
from samarkiv_contracts.problems import Unavailable, Unexpected

from samarkiv_search.backends.opensearch_query import narrowed
from samarkiv_search.backends.port import SearchIndex, bad_cursor
from samarkiv_search.domain.index import (
    ANALYSED,
    KEYWORDS,
    NUMBERS,
    SCHEMA,
    SORTS,
    Filters,
    Hit,
    IndexDocument,
    Page,
    Sort,
)
from samarkiv_search.domain.query import Node

FACET_SIZE = 200
CHUNK = 500
CHUNK_BYTES = 8 << 20
BUSY = frozenset({429, 502, 503, 504})


def make_mapping() -> dict[str, Any]:
    """Return the strict mapping: whitespace fields, exact keywords, numbers, and what is only kept."""
    fields: dict[str, Any] = {
        name: {
            "type": "text",
            "analyzer": "whitespace",
            "index_options": "positions" if name in {"light", "head"} else "freqs",
        }
        for name in ANALYSED
    }
    fields |= {name: {"type": "keyword"} for name in (*KEYWORDS, "id", "stamp")}
    fields |= {name: {"type": "long"} for name in (*NUMBERS, "version")}
    fields |= {
        "live": {"type": "boolean"},
        "stored": {"type": "object", "enabled": False},
        "text": {"type": "text", "index": False, "norms": False},
    }
    return {"dynamic": "strict", "properties": fields}


@contextmanager
def asking() -> Iterator[None]:
    """Turn a silent or busy engine into Unavailable; everything else is a fault of ours and stays what it is."""
    try:
        yield
    except (Silent, ConnectionTimeout) as error:
        raise Unavailable("Sökmotorn svarar inte.", "The search engine does not answer.") from error
    except TransportError as error:
        if error.status_code in BUSY:
            raise Unavailable("Sökmotorn hinner inte med.", "The search engine is too busy.") from error
        raise


class OpenSearchIndex:
    """`SearchIndex` by names: aliases for the live index, the concrete names for a shadow."""

    def __init__(
        self,
        client: OpenSearch,
        name: str,
        held: str,
        concrete: str = "",
        make: Callable[[], None] | None = None,
    ) -> None:
        self._raw = client
        self._make = make
        self.name = name
        self.held = held
        self.concrete = concrete

    @property
    def _client(self) -> OpenSearch:
        """The client; the index is made at first use, so that a service starts while the engine is still away."""
        if self._make is not None:
            self._make()
            self._make = None
        return self._raw

    # ------------------------------------------------------------------ writing

    def put(self, package: str, version: int, documents: Iterable[IndexDocument]) -> bool:
        """See the port."""
        with asking():
            before = self._held(package)
            if version < before:
                return False
            stamp = uuid.uuid4().hex
            self._bulk(_source(one, version, stamp) for one in documents)
            if before:
                self._bury(package, version, stamp)
            return self._hold(package, version)

    def remove(self, package: str, version: int) -> bool:
        """See the port."""
        with asking():
            if version < self._held(package) or not self._hold(package, version):
                return False
            self._bury(package, version, "")
        return True

    def _held(self, package: str) -> int:
        try:
            found = self._client.get(index=self.held, id=package)
        except NotFoundError:
            return 0
        return int(found["_source"]["version"])

    def _hold(self, package: str, version: int) -> bool:
        """Remember a package's version; when a higher one came meanwhile, what we put is buried again."""
        try:
            self._client.index(
                index=self.held,
                id=package,
                body={"version": version},
                params={"version": version, "version_type": "external_gte", "require_alias": self._alias},
            )
        except TransportError as error:
            if error.status_code != 409:
                raise
            self._bury(package, self._held(package) - 1, "")
            return False
        return True

    @property
    def _alias(self) -> str:
        return "false" if self.concrete else "true"

    def _bury(self, package: str, version: int, stamp: str) -> None:
        """Make tombstones of the package's documents up to a version, but those of one put."""
        self._client.indices.refresh(index=self.name)
        query: dict[str, Any] = {
            "bool": {
                "filter": [
                    {"term": {"package": package}},
                    {"term": {"live": True}},
                    {"range": {"version": {"lte": version}}},
                ],
                "must_not": [{"term": {"stamp": stamp}}] if stamp else [],
            }
        }
        after: list[Any] | None = None
        while True:
            body: dict[str, Any] = {"query": query, "size": 1000, "sort": ["id"], "_source": False}
            if after:
                body["search_after"] = after
            hits = self._client.search(index=self.name, body=body)["hits"]["hits"]
            if not hits:
                return
            after = hits[-1]["sort"]
            self._bulk(
                {
                    "_id": hit["_id"],
                    "version": version,
                    "_source": {"id": hit["_id"], "package": package, "live": False, "version": version},
                }
                for hit in hits
            )

    def _bulk(self, actions: Iterable[Mapping[str, Any]]) -> None:
        """Send whole documents by version; an older one than what is there is no fault (409)."""
        told = (
            {
                "_op_type": "index",
                "_index": self.name,
                "version_type": "external_gte",
                "require_alias": not self.concrete,
                **one,
            }
            for one in actions
        )
        results = helpers.streaming_bulk(
            self._client,
            told,
            chunk_size=CHUNK,
            max_chunk_bytes=CHUNK_BYTES,
            raise_on_error=False,
            max_retries=6,
            initial_backoff=1,
            max_backoff=10,
            request_timeout=60,
        )
        for right, answer in results:
            status = answer["index"].get("status", 0)
            if right or status == 409:
                continue
            reason = str(answer["index"].get("error", ""))[:300]
            if status in BUSY:
                raise Unavailable("Sökmotorn hinner inte med.", "The search engine is too busy.")
            raise Unexpected(f"Indexet tog inte emot: {reason}", f"The index did not take: {reason}")

    # ------------------------------------------------------------------ reading

    def search(
        self,
        tree: Node,
        filters: Filters,
        *,
        facets: tuple[str, ...] = (),
        sort: Sort = "relevance",
        cursor: str | None = None,
        limit: int = 20,
    ) -> Page:
        """See the port. Pages go on from the last hit's sort values, so that they have no end."""
        mark = hashlib.sha256(repr((tree, filters, sort)).encode()).hexdigest()[:16]
        order: list[dict[str, str]] = [{"_score": "desc"}]
        if sort in SORTS:
            field, descending = SORTS[sort]
            order = [{field: "desc" if descending else "asc"}]
        body: dict[str, Any] = {
            "query": narrowed(tree, filters),
            "size": max(limit, 0),
            "sort": [*order, {"id": "asc"}],
            "track_total_hits": True,
            "_source": ["stored", "text"],
            "aggs": {name: {"terms": {"field": name, "size": FACET_SIZE}} for name in facets},
        }
        if cursor is not None:
            body["search_after"] = _place(cursor, mark)
        with asking():
            found = self._client.search(index=self.name, body=body, params={"preference": mark})
        hits = tuple(_hit(hit) for hit in found["hits"]["hits"])
        more = len(hits) == limit and hits
        after = _cursor(found["hits"]["hits"][-1]["sort"], mark) if more else None
        counts = {name: _counts(found["aggregations"][name]["buckets"]) for name in facets}
        return Page(hits, int(found["hits"]["total"]["value"]), counts, after)

    def get(self, id: str) -> Hit | None:  # noqa: A002 - the port's word
        """See the port."""
        with asking():
            try:
                found = self._client.get(index=self.name, id=id, params={"_source": "stored,text,live"})
            except NotFoundError:
                return None
        return _hit(found) if found["_source"].get("live") else None

    def count(self, kind: str | None = None) -> int:
        """See the port."""
        kept = [{"term": {"live": True}}, *([{"term": {"kind": kind}}] if kind else [])]
        with asking():
            found = self._client.count(index=self.name, body={"query": {"bool": {"filter": kept}}})
        return int(found["count"])

    def refresh(self) -> None:
        """See the port."""
        with asking():
            self._client.indices.refresh(index=self.name)

    def switch(self, shadow: SearchIndex) -> None:
        """See the port: both aliases move in one act, then the old indexes go."""
        assert isinstance(shadow, OpenSearchIndex)
        with asking():
            shadow.refresh()
            old = [
                one for alias in (self.name, self.held) for one in self._client.indices.get_alias(name=alias)
            ]
            actions: list[dict[str, Any]] = [
                {"add": {"index": shadow.name, "alias": self.name}},
                {"add": {"index": shadow.held, "alias": self.held}},
            ]
            actions += [{"remove_index": {"index": one}} for one in old]
            self._client.indices.update_aliases(body={"actions": actions})


class OpenSearchBackend:
    """Indexes `<prefix>-<name>-g<N>` behind the alias `<prefix>-<name>`; a client of its own for each name."""

    def __init__(self, url: str, prefix: str) -> None:
        self._url = url
        self._prefix = f"{prefix}-s{SCHEMA}"
        self._clients: dict[str, OpenSearch] = {}

    def client(self, name: str) -> OpenSearch:
        """Return the client of one index."""
        if name not in self._clients:
            # Absent documents and older versions are answers, not warnings.
            logging.getLogger("opensearch").setLevel(logging.ERROR)
            self._clients[name] = OpenSearch(
                [self._url],
                pool_maxsize=16,
                timeout=30,
                max_retries=2,
                retry_on_timeout=False,
                http_compress=True,
            )
        return self._clients[name]

    def open(self, name: str) -> OpenSearchIndex:
        """Open the live index; made empty at first use, behind its aliases, when there is none."""
        alias = f"{self._prefix}-{name}"
        return OpenSearchIndex(self.client(name), alias, f"{alias}-held", make=lambda: self._ensure(name))

    def _ensure(self, name: str) -> None:
        if not self.client(name).indices.exists_alias(name=f"{self._prefix}-{name}"):
            self._make(name, 1, aliases=True)

    def shadow(self, name: str) -> OpenSearchIndex:
        """Begin an empty index beside the live one; one left over from a broken rebuild is thrown away."""
        with asking():
            self._ensure(name)
        number = self.generation(name) + 1
        with asking():
            index = f"{self._prefix}-{name}-g{number}"
            self.client(name).indices.delete(
                index=f"{index},{index}-held", params={"ignore_unavailable": "true"}
            )
            self._make(name, number, aliases=False)
        return OpenSearchIndex(self.client(name), index, f"{index}-held", concrete=index)

    def generation(self, name: str) -> int:
        """Return the number of the index behind the alias, 0 when there is none."""
        alias = f"{self._prefix}-{name}"
        with asking():
            try:
                found = self.client(name).indices.get_alias(name=alias)
            except NotFoundError:
                return 0
        return max(int(index.rsplit("-g", 1)[1]) for index in found)

    def close(self) -> None:
        """Let go of connections."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def _make(self, name: str, number: int, *, aliases: bool) -> None:
        index, alias = f"{self._prefix}-{name}-g{number}", f"{self._prefix}-{name}"
        settings = {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1"}}
        held = {"dynamic": "strict", "properties": {"version": {"type": "long"}}}
        for one, mapping, other in (
            (index, make_mapping(), alias),
            (f"{index}-held", held, f"{alias}-held"),
        ):
            body: dict[str, Any] = {"settings": settings, "mappings": mapping}
            if aliases:
                body["aliases"] = {other: {}}
            try:
                self.client(name).indices.create(index=one, body=body)
            except TransportError as error:
                if error.error != "resource_already_exists_exception":
                    raise


def _source(one: IndexDocument, version: int, stamp: str) -> dict[str, Any]:
    source: dict[str, Any] = {name: words for name, words in one.analysed.items() if words}
    source |= {name: list(values) for name, values in one.keywords.items() if values}
    source |= {name: list(numbers) for name, numbers in one.numbers.items() if numbers}
    source |= {"id": one.id, "live": True, "version": version, "stamp": stamp}
    source["stored"] = {"id": one.id, **one.stored}
    if one.text:
        source["text"] = one.text
    return {"_id": one.id, "version": version, "_source": source}


def _hit(hit: Mapping[str, Any]) -> Hit:
    source = hit["_source"]
    stored = source["stored"]
    return Hit(stored["id"], float(hit.get("_score") or 0.0), stored, source.get("text", ""))


def _counts(buckets: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, int], ...]:
    counted = ((str(bucket["key"]), int(bucket["doc_count"])) for bucket in buckets)
    return tuple(sorted(counted, key=lambda pair: (-pair[1], pair[0])))


def _cursor(place: list[Any], mark: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([mark, *place]).encode()).decode().rstrip("=")


def _place(cursor: str, mark: str) -> list[Any]:
    try:
        told: list[Any] = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError) as error:
        raise bad_cursor() from error
    if not isinstance(told, list) or len(told) != 3 or told[0] != mark:
        raise bad_cursor()
    return told[1:]
