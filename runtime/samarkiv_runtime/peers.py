"""The other services: the one place for outgoing HTTP. In process over ASGI when embedded, httpx otherwise (DESIGN §6)."""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
from samarkiv_contracts.problems import Problem, Unavailable, Unexpected, all_problems

from samarkiv_runtime.settings import Settings
from samarkiv_runtime.telemetry import CORRELATION
from samarkiv_runtime.tokens import TokenVerifier

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from samarkiv_runtime.web.caller import Caller

ANSWER_S = 300.0
_END = b""
_BY_CODE = {cls.code: cls for cls in all_problems()}


class _Body(httpx.SyncByteStream):
    """The body of an in-process answer, piece by piece; closing it early stops the app at its next piece."""

    def __init__(self) -> None:
        self.pieces: queue.Queue[bytes | BaseException] = queue.Queue(maxsize=8)
        self.closed = threading.Event()
        self.when_closed: Callable[[], Any] = threading.Event

    def __iter__(self) -> Iterator[bytes]:
        while True:
            piece = self.pieces.get(timeout=ANSWER_S)
            if isinstance(piece, BaseException):
                raise httpx.ReadError(str(piece)) from piece
            if piece == _END:
                return
            yield piece

    def put(self, piece: bytes | BaseException) -> None:
        """Hand a piece over; raises ConnectionError when the reader has gone."""
        while not self.closed.is_set():
            try:
                self.pieces.put(piece, timeout=0.2)
            except queue.Full:
                continue
            return
        raise ConnectionError

    def close(self) -> None:
        """Tell the app that nobody reads any more."""
        if not self.closed.is_set():
            self.closed.set()
            self.when_closed()


class InProcess(httpx.BaseTransport):
    """Calls ASGI apps of this process from any thread, streaming both ways, on an event loop of its own."""

    def __init__(self) -> None:
        self.apps: dict[str, ASGIApp] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                # Each streaming call holds a thread while its reader is slow.
                self._loop.set_default_executor(ThreadPoolExecutor(64, thread_name_prefix="peers"))
                self._thread = threading.Thread(target=self._loop.run_forever, name="peers", daemon=True)
                self._thread.start()
            return self._loop

    def close(self) -> None:
        """Stop the loop."""
        with self._lock:
            if self._loop is not None and self._thread is not None:
                asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result(timeout=5)
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join(timeout=5)
                self._loop.close()
                self._loop = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request to the app named by the host."""
        app = self.apps.get(request.url.host)
        if app is None:
            raise httpx.ConnectError(f"{request.url.host} has not started")
        started: Future[tuple[int, list[tuple[bytes, bytes]]]] = Future()
        body = _Body()
        sending = iter(request.stream) if isinstance(request.stream, httpx.SyncByteStream) else iter(())
        asyncio.run_coroutine_threadsafe(_call(app, request, sending, started, body), self._running())
        status, headers = started.result(timeout=ANSWER_S)
        return httpx.Response(status, headers=headers, stream=body)


async def _cancel_all() -> None:
    running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def _call(
    app: "ASGIApp",
    request: httpx.Request,
    sending: Iterator[bytes],
    started: "Future[tuple[int, list[tuple[bytes, bytes]]]]",
    body: _Body,
) -> None:
    loop = asyncio.get_running_loop()
    sent, gone = False, asyncio.Event()
    body.when_closed = lambda: loop.call_soon_threadsafe(gone.set)

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            await gone.wait()
            return {"type": "http.disconnect"}
        piece = await loop.run_in_executor(None, next, sending, None)
        sent = piece is None
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            started.set_result((message["status"], list(message.get("headers", []))))
        elif message["type"] == "http.response.body":
            if message.get("body"):
                await loop.run_in_executor(None, body.put, bytes(message["body"]))
            if not message.get("more_body"):
                await loop.run_in_executor(None, body.put, _END)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("in-process", 0),
        "server": (request.url.host, request.url.port),
        "state": {},
    }
    try:
        await app(scope, receive, send)
    except Exception as error:
        if not started.done():
            started.set_exception(httpx.ReadError(str(error)))
        elif not body.closed.is_set():
            await loop.run_in_executor(None, body.put, error)


class Peer:
    """One other service. Calls carry the user's right, exchanged for that service, or a service's own."""

    def __init__(self, name: str, client: httpx.Client, verifier: TokenVerifier | None) -> None:
        self.name = name
        self._client = client
        self._verifier = verifier

    def _headers(
        self, caller: "Caller | None", as_service: str, more: dict[str, str] | None
    ) -> dict[str, str]:
        headers = {"X-Correlation-Id": CORRELATION.get()} if CORRELATION.get() else {}
        token = ""
        if caller is not None:
            headers["Accept-Language"] = caller.language
            headers["X-Correlation-Id"] = caller.correlation
            verifier = caller.context.verifier
            token = verifier.onwards(caller.identity, self.name, f"svc-{caller.context.service}")
        elif as_service:
            if self._verifier is None:
                raise self._silent()
            token = self._verifier.service_token(f"svc-{as_service}", self.name)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return headers | (more or {})

    def request(
        self,
        method: str,
        path: str,
        *,
        caller: "Caller | None" = None,
        as_service: str = "",
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        """Send a request and return the whole answer, whatever its status.

        `caller` sends on their behalf (anonymous stays anonymous); `as_service="access"` sends as that service.
        `more` goes to httpx: `params`, `json`, `content`. Raises Unavailable when the service does not answer.
        """
        try:
            return self._client.request(
                method, path, headers=self._headers(caller, as_service, headers), **more
            )
        except (httpx.HTTPError, queue.Empty) as error:
            raise self._silent() from error

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """Send a request and return the JSON of a 2xx answer; raises the problem the other service told."""
        answer = self.request(method, path, **more)
        if answer.is_success:
            return answer.json() if answer.content else None
        raise problem_of(answer)

    @contextmanager
    def stream(
        self,
        method: str,
        path: str,
        *,
        caller: "Caller | None" = None,
        as_service: str = "",
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> Iterator[httpx.Response]:
        """Give an answer whose body is read by `iter_bytes()`; as `request` otherwise."""
        try:
            with self._client.stream(
                method, path, headers=self._headers(caller, as_service, headers), **more
            ) as answer:
                yield answer
        except (httpx.HTTPError, queue.Empty) as error:
            raise self._silent() from error

    def _silent(self) -> Unavailable:
        return Unavailable(f"{self.name} svarar inte.", f"{self.name} does not answer.")


def problem_of(answer: httpx.Response) -> Problem:
    """Return the problem that an answer tells, as the class of its code, so that it can be raised again."""
    try:
        body = answer.json()
    except ValueError:
        body = {}
    code = str(body.get("code", "")) if isinstance(body, dict) else ""
    detail = str(body.get("detail", "")) if isinstance(body, dict) else ""
    cls = _BY_CODE.get(code)
    if cls is not None:
        return cls(detail, detail)
    by_status = {404: "not_found", 401: "not_signed_in", 503: "unavailable", 403: "no_grant"}
    fallback = _BY_CODE.get(by_status.get(answer.status_code, ""), Unexpected)
    return fallback(detail, detail, policy_code=code if answer.status_code == 403 else "")


class Peers:
    """The four services as each other sees them."""

    def __init__(self, settings: Settings, verifier: TokenVerifier | None = None) -> None:
        self._settings = settings
        self._verifier = verifier
        self._in_process = InProcess()
        self._clients: dict[str, httpx.Client] = {}

    def connect(self, apps: "Mapping[str, ASGIApp]") -> None:
        """Register the apps of this process by service name (after composition)."""
        self._in_process.apps.update(apps)

    def use(self, verifier: TokenVerifier) -> None:
        """Take what gives services their own tokens."""
        self._verifier = verifier

    def client(self, name: str) -> httpx.Client:
        """Return the HTTP client of a service, without any token."""
        if name not in self._clients:
            if self._settings.embedded:
                self._clients[name] = httpx.Client(
                    transport=self._in_process, base_url=f"http://{name}", timeout=ANSWER_S
                )
            else:
                url = getattr(self._settings, f"{name}_url") or self._settings.front_url
                self._clients[name] = httpx.Client(
                    base_url=url, timeout=httpx.Timeout(ANSWER_S, connect=3.0), trust_env=False
                )
        return self._clients[name]

    def get(self, name: str) -> Peer:
        """Return a peer by its service's name."""
        return Peer(name, self.client(name), self._verifier)

    def close(self) -> None:
        """Let go of connections."""
        for client in self._clients.values():
            client.close()
        self._in_process.close()
