"""What Usher counts, for Prometheus. No tenant is ever a label.

Counters are those of this process. What is the same for all processes (rows, files, dead letters) is a
gauge, read from the database when somebody looks: see `app/stock.py`.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

registry = CollectorRegistry()

_MOMENTS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_SPANS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 1800)

# --- Receiving ------------------------------------------------------------------------------------------

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
    buckets=_MOMENTS,
    registry=registry,
)
webhook_body_bytes = Histogram(
    "usher_webhook_body_bytes",
    "Sizes of webhook bodies",
    ["forge"],
    buckets=(1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 26_214_400),
    registry=registry,
)
connections_refused = Counter(
    "usher_connections_refused_total",
    "Connections and requests that ended before any door saw them, by why",
    ["reason"],
    registry=registry,
)
inbox_duplicates = Counter(
    "usher_inbox_duplicates_total", "Deliveries that were stored already", ["forge"], registry=registry
)
inbox_rows = Gauge("usher_inbox_rows", "Deliveries in the inbox", ["state"], registry=registry)
inbox_oldest_seconds = Gauge(
    "usher_inbox_oldest_seconds", "Age of the oldest delivery that is not read yet", registry=registry
)
spool_files = Gauge("usher_spool_files", "Deliveries that wait on disk for the database", registry=registry)
spool_bytes = Gauge("usher_spool_bytes", "Bytes that they take", registry=registry)
deliveries_read = Counter(
    "usher_deliveries_read_total", "Deliveries by how they ended", ["forge", "state"], registry=registry
)
event_age_seconds = Histogram(
    "usher_event_age_seconds",
    "Time from a delivery's arrival until it was read",
    buckets=_SPANS,
    registry=registry,
)

# --- Missed deliveries ------------------------------------------------------------------------------------

sweep_success_timestamp_seconds = Gauge(
    "usher_sweep_success_timestamp_seconds",
    "When the forge was last asked what it could not deliver",
    ["forge"],
    registry=registry,
)
sweep_recovered = Counter(
    "usher_sweep_recovered_total",
    "Missed deliveries that came after the forge was asked for them again",
    ["forge"],
    registry=registry,
)
reconcile_drift = Counter(
    "usher_reconcile_drift_total",
    "Open changes that were not as the last delivery had left them",
    ["forge"],
    registry=registry,
)
credential_expiry_seconds = Gauge(
    "usher_credential_expiry_seconds",
    "Seconds until a credential of Usher ends, at the last look",
    ["kind"],
    registry=registry,
)
hook_enabled = Gauge(
    "usher_hook_enabled",
    "1 where the forge still sends to the hook, 0 where not",
    ["forge"],
    registry=registry,
)

# --- Settling -------------------------------------------------------------------------------------------

settle_seconds = Histogram(
    "usher_settle_seconds", "Time to settle one subject", ["result"], registry=registry
)
due_oldest_seconds = Gauge(
    "usher_due_oldest_seconds", "How long the subject that waits longest has been due", registry=registry
)
dead_letters = Gauge(
    "usher_dead_letters",
    "Work that was given up and waits for a person",
    ["table", "reason"],
    registry=registry,
)

effects = Counter("usher_effects_total", "Effects by how they went", ["kind", "result"], registry=registry)
duplicates_healed = Counter(
    "usher_duplicates_healed_total", "Comments and issues of ours taken back as twins", registry=registry
)
effects_uncertain = Gauge(
    "usher_effects_uncertain", "Writes of which nobody knows yet whether they happened", registry=registry
)

# --- The forge ------------------------------------------------------------------------------------------

forge_requests = Counter(
    "usher_forge_requests_total",
    "Requests to the forge",
    ["forge", "method", "status", "cache"],
    registry=registry,
)
forge_request_seconds = Histogram(
    "usher_forge_request_seconds", "Time of one request to the forge", ["forge", "method"], registry=registry
)
forge_points = Counter(
    "usher_forge_points_total",
    "What requests cost by GitHub's count: 1 for a read, 5 for a write, nothing for what was not modified",
    ["forge"],
    registry=registry,
)
token_mints = Counter(
    "usher_token_mints_total", "Tokens of installations that were asked for", ["result"], registry=registry
)
breaker_open = Gauge(
    "usher_breaker_open", "1 while calls to a failing forge are held back", ["forge"], registry=registry
)
limit_blocks = Counter(
    "usher_limit_blocks_total", "Limits that the forge named", ["class"], registry=registry
)

clock_offset_seconds = Gauge(
    "usher_clock_offset_seconds", "Seconds by which the forge's clock is ahead of ours", registry=registry
)

# --- The process ----------------------------------------------------------------------------------------

log_lines_dropped = Counter(
    "usher_log_lines_dropped_total",
    "Log lines that were dropped because nobody took them",
    registry=registry,
)
switch_active = Gauge(
    "usher_switch_active", "Switches by which somebody holds Usher's writes back", registry=registry
)
