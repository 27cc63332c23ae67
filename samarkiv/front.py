"""One public address for the four services: an ASGI dispatcher embedded, a stock reverse proxy distributed (DESIGN §6)."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from samarkiv_contracts.paths import PREFIXES, SERVICES, service_of
from samarkiv_runtime.settings import Settings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Front:
    """Gives each request to the service whose prefix is the longest.

    `/internal` is refused by the door of the service that gets it (POLICY §6).
    """

    def __init__(self, apps: Mapping[str, App]) -> None:
        self._apps = dict(apps)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        await self._apps[service_of(scope.get("path", "/"))](scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


NGINX = """# One address before the four services. Generated from the path table by `samarkiv nginx`; do not edit.
# The targets stand in variables, so that names are looked up again when a container moves (resolver: docker.conf).
map $http_x_forwarded_proto $samarkiv_proto {{
    default $scheme;
    https   https;
}}

server {{
    listen {port};
    server_tokens off;

    # deliveries are large: streamed through, never gathered here
    client_max_body_size 0;
    proxy_request_buffering off;
    proxy_buffering off;
    proxy_http_version 1.1;
    proxy_connect_timeout 5s;
    proxy_read_timeout 3600s;
    proxy_send_timeout 3600s;

    proxy_set_header Host $http_host;
    proxy_set_header Connection "";
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $samarkiv_proto;
    proxy_set_header X-Forwarded-Host $http_host;

{targets}

    # between services and for the operator, never at the front
    location ~ ^/(internal|metrics|readyz)(/|$) {{ return 404; }}

{locations}
}}
"""


def nginx_configuration(settings: Settings) -> str:
    """Return nginx's server block, generated from the path table; addresses from the settings, else the compose names."""
    addresses = {
        name: getattr(settings, f"{name}_url").rstrip("/") or f"http://{name}:8080" for name in SERVICES
    }
    locations = []
    for service, prefixes in PREFIXES.items():
        match = "/" if prefixes == ("/",) else f"~ ^({'|'.join(prefixes)})(/|$)"
        locations.append(f"    location {match} {{\n        proxy_pass ${service};\n    }}")
    return NGINX.format(
        port=settings.port,
        targets="\n".join(f"    set ${name} {address};" for name, address in addresses.items()),
        locations="\n".join(locations),
    )
