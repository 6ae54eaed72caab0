"""What Usher counts, for Prometheus. No tenant is ever a label."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

registry = CollectorRegistry()

webhook_requests = Counter(
    "usher_webhook_requests_total",
    "Webhook requests by how they were answered",
    ["forge", "result"],
    registry=registry,
)
webhook_ack_seconds = Histogram(
    "usher_webhook_ack_seconds",
    "Time from a webhook's head to its answer",
    ["forge"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=registry,
)
webhook_body_bytes = Counter(
    "usher_webhook_body_bytes_total", "Bytes of webhook bodies received", ["forge"], registry=registry
)
inbox_duplicates = Counter(
    "usher_inbox_duplicates_total", "Deliveries that were stored already", ["forge"], registry=registry
)
deliveries_read = Counter(
    "usher_deliveries_read_total", "Deliveries by how they ended", ["forge", "state"], registry=registry
)
settle_seconds = Histogram(
    "usher_settle_seconds", "Time to settle one subject", ["result"], registry=registry
)
forge_requests = Counter(
    "usher_forge_requests_total",
    "Requests to the forge",
    ["forge", "method", "status", "cache"],
    registry=registry,
)
dead_letters = Counter(
    "usher_dead_letters_total", "Work that was given up", ["table", "reason"], registry=registry
)
