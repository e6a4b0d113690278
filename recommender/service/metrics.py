"""What Prometheus is told: no label holds an id."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS")
BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # seconds


class Metrics:
    """The metrics of one service, in a registry of their own.

    Args:
        away: tells whether the graph is.
        under_way: tells how many requests are computed or wait.
        since: tells when the models were loaded, in seconds since 1970.
    """

    def __init__(self, away: Callable[[], bool], under_way: Callable[[], int], since: Callable[[], float]):
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "kgrec_requests", "Requests that were answered.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "kgrec_request_seconds", "Time of an answer.", ["route"], buckets=BUCKETS, registry=self.registry
        )
        self.degraded = Counter("kgrec_degraded", "Answers that came from memory in part.", registry=self.registry)
        self._gauge("kgrec_graph_reachable", "1 where Neo4j answers, else 0.", lambda: float(not away()))
        self._gauge("kgrec_under_way", "Requests that are computed or wait.", under_way)
        self._gauge("kgrec_loaded_timestamp_seconds", "When the models were loaded.", since)

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self.requests.labels(method if method in METHODS else "other", route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def _gauge(self, name: str, about: str, tell: Callable[[], float]) -> None:
        Gauge(name, about, registry=self.registry).set_function(tell)
