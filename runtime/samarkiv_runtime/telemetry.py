"""Logs and metrics: JSON lines with the correlation id, and every metric declared once with unit and help."""

import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from samarkiv_runtime.settings import Settings

CORRELATION: ContextVar[str] = ContextVar("samarkiv_correlation", default="")

MetricKind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True)
class Metric:
    """One metric: `samarkiv_<noun>_<unit>[_total]`; labels come from closed lists, never ids (USERS §5.3)."""

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()


METRICS: tuple[Metric, ...] = (
    Metric(
        "samarkiv_http_requests_total",
        "counter",
        "Answered requests.",
        ("service", "method", "route", "status"),
    ),
    Metric(
        "samarkiv_http_request_seconds", "histogram", "Time to the end of the answer.", ("service", "route")
    ),
    Metric("samarkiv_public_reads_total", "counter", "Public reads, never tied to a person.", ("action",)),
    Metric("samarkiv_denials_total", "counter", "Denied decisions.", ("action", "code")),
    Metric("samarkiv_signins_total", "counter", "Attempts to sign in.", ("outcome",)),
    Metric("samarkiv_deliveries_total", "counter", "Deliveries that came to an outcome.", ("outcome",)),
    Metric("samarkiv_received_bytes_total", "counter", "Bytes received in uploads."),
    Metric("samarkiv_packages_total", "counter", "Packages stored in every copy."),
    Metric("samarkiv_records_indexed_total", "counter", "Records put into the index."),
    Metric("samarkiv_fixity_checks_total", "counter", "Checks of one copy of one package.", ("outcome",)),
    Metric("samarkiv_fixity_overdue_packages", "gauge", "Packages whose copies were not checked in time."),
    Metric("samarkiv_jobs_total", "counter", "Finished attempts of jobs.", ("consumer", "outcome")),
    Metric("samarkiv_job_seconds", "histogram", "Time of one attempt of a job.", ("consumer",)),
    Metric("samarkiv_event_lag_events", "gauge", "Events after the consumer's place.", ("consumer",)),
    Metric("samarkiv_parked_events", "gauge", "Events parked for a person.", ("consumer",)),
    Metric("samarkiv_oldest_parked_seconds", "gauge", "Age of the oldest parked event.", ("consumer",)),
)
_BY_NAME = {metric.name: metric for metric in METRICS}
_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

Pull = Callable[[], Mapping[tuple[str, ...], float]]


class _Pulled(Collector):
    """A gauge read when it is scraped."""

    def __init__(self, metric: Metric, pull: Pull) -> None:
        self._metric = metric
        self._pull = pull

    def collect(self) -> Iterable[GaugeMetricFamily]:
        family = GaugeMetricFamily(self._metric.name, self._metric.help, labels=self._metric.labels)
        for labels, value in self._pull().items():
            family.add_metric(labels, value)
        yield family

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return [GaugeMetricFamily(self._metric.name, self._metric.help, labels=self._metric.labels)]


class Meters:
    """The metrics of one service, in a registry of their own, so that four services can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._made: dict[str, Counter | Gauge | Histogram] = {}
        self._pulled: dict[str, _Pulled] = {}

    def _meter(self, name: str) -> Counter | Gauge | Histogram:
        metric = _BY_NAME[name]
        if name not in self._made:
            if metric.kind == "counter":
                self._made[name] = Counter(name, metric.help, metric.labels, registry=self.registry)
            elif metric.kind == "gauge":
                self._made[name] = Gauge(name, metric.help, metric.labels, registry=self.registry)
            else:
                self._made[name] = Histogram(
                    name, metric.help, metric.labels, registry=self.registry, buckets=_SECONDS
                )
        return self._made[name]

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter; raises KeyError for an undeclared name, ValueError for wrong labels."""
        meter: Any = self._meter(name)
        (meter.labels(**labels) if labels else meter).inc(amount)

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Add a measurement to a histogram."""
        meter: Any = self._meter(name)
        (meter.labels(**labels) if labels else meter).observe(seconds)

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        meter: Any = self._meter(name)
        (meter.labels(**labels) if labels else meter).set(value)

    def pull(self, name: str, read: Pull) -> None:
        """Read a gauge when it is scraped: `read` gives label values to value (`()` for no labels); a later one replaces it."""
        earlier = self._pulled.pop(name, None)
        if earlier is not None:
            self.registry.unregister(earlier)
        self._pulled[name] = _Pulled(_BY_NAME[name], read)
        self.registry.register(self._pulled[name])

    def text(self) -> bytes:
        """Return the exposition text."""
        return generate_latest(self.registry)


def _add_correlation(_logger: Any, _method: str, event: Any) -> Any:
    correlation = CORRELATION.get()
    if correlation:
        event.setdefault("correlation", correlation)
    return event


def configure_logging(settings: Settings, service: str = "") -> None:
    """Send all logging of the process to stderr: JSON lines, or readable text on a terminal."""
    as_text = settings.log_format == "text" or (settings.log_format == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_correlation,
    ]
    if service:
        structlog.contextvars.bind_contextvars(service=service)
    renderer: Any = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if as_text
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    last: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if not as_text:
        last.append(structlog.processors.format_exc_info)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*last, renderer])
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for quiet in ("uvicorn.access", "httpx", "httpcore", "kafka"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared[:-1],
            _add_correlation,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
