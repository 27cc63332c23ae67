"""Which service answers which path: the one table behind the embedded app and the reverse proxy (DESIGN §6)."""

SERVICES = ("ingest", "preservation", "search", "access")

# Longest prefix wins; access answers everything that is not named.
PREFIXES: dict[str, tuple[str, ...]] = {
    "ingest": (
        "/v1/tenants",
        "/v1/authorities",
        "/v1/agreements",
        "/v1/deliveries",
        "/v1/uploads",
        "/v1/events",
        "/v1/receipts",
        "/v1/services/ingest",
    ),
    "preservation": (
        "/v1/packages",
        "/v1/fixity",
        "/v1/copies",
        "/v1/services/preservation",
    ),
    "search": ("/v1/search", "/v1/index", "/v1/services/search"),
    "access": ("/",),
}

# Never at the front: only between services, by service token.
INTERNAL = "/internal"


def service_of(path: str) -> str:
    """Return the service that answers `path` at the public address."""
    best, owner = "", "access"
    for service, prefixes in PREFIXES.items():
        for prefix in prefixes:
            hit = path == prefix or path.startswith(prefix if prefix.endswith("/") else prefix + "/")
            if hit and len(prefix) > len(best):
                best, owner = prefix, service
    return owner
