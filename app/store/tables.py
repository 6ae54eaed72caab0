"""Every table of Usher. Alembic's migrations in `migrations/` build exactly these; a test compares them.

Each row belongs to a tenant: one GitHub installation or one GitLab hook. Facts and verdicts are only
ever added. Rows are the truth; a job in the queue is no more than a wake-up to look at them.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

metadata = sa.MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

INSTANT = sa.DateTime(timezone=True)
SUBJECT = sa.Text(collation="C")
"""`change:7:12`; compared by its bytes, so that the subjects of one repository are one range of an index."""
NOW = sa.text("now()")


def _tenant(*, primary_key: bool = False) -> sa.Column[int]:
    owner = sa.ForeignKey("tenant.id", ondelete="CASCADE")
    return sa.Column("tenant_id", sa.BigInteger, owner, nullable=False, primary_key=primary_key)


tenant = sa.Table(
    "tenant",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("forge", sa.Text, nullable=False, comment="github or gitlab"),
    sa.Column("host", sa.Text, nullable=False, comment="base URL of the forge's API"),
    sa.Column("installation", sa.BigInteger, nullable=False, comment="GitHub installation or GitLab hook"),
    sa.Column("account", sa.Text, nullable=False, server_default="", comment="login of the organisation"),
    sa.Column("state", sa.Text, nullable=False, server_default="active"),
    sa.Column("mode", sa.Text, nullable=False, server_default="preview"),
    sa.Column("joined_at", INSTANT, nullable=False, server_default=NOW),
    sa.Column("left_at", INSTANT, comment="database clock; a day later everything of it is erased"),
    sa.UniqueConstraint("forge", "host", "installation"),
    sa.CheckConstraint("state IN ('active', 'suspended', 'left')", name="state"),
    sa.CheckConstraint("mode IN ('preview', 'live')", name="mode"),
)

repository = sa.Table(
    "repository",
    metadata,
    _tenant(primary_key=True),
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False, comment="the forge's number"),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("default_branch", sa.Text),
    sa.Column("seen_at", INSTANT, nullable=False, server_default=NOW),
    sa.Column("compared_at", INSTANT, nullable=False, server_default=NOW, comment="its open changes"),
    sa.Column("mode", sa.Text, comment="NULL: as its tenant"),
    sa.CheckConstraint("mode IN ('preview', 'live')", name="mode"),
    # A delivery without an installation is matched to its tenant by the repository's number.
    sa.Index(None, "id"),
)

budget = sa.Table(
    "budget",
    metadata,
    _tenant(primary_key=True),
    sa.Column("shut_until", INSTANT, comment="database clock: nothing is called before"),
    sa.Column("why", sa.Text, nullable=False, server_default=""),
    sa.Column("state", JSONB, nullable=False, comment="see app/forges/budget.py"),
)

switch = sa.Table(
    "switch",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column(
        "tenant_id",
        sa.BigInteger,
        sa.ForeignKey("tenant.id", ondelete="CASCADE"),
        comment="NULL: every tenant",
    ),
    sa.Column("feature", sa.Text, nullable=False, server_default="", comment="empty: every feature"),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False, server_default=""),
    sa.Column("at", INSTANT, nullable=False, server_default=NOW),
    sa.UniqueConstraint("tenant_id", "feature", postgresql_nulls_not_distinct=True),
)

# --- The inbox ----------------------------------------------------------------------------------------

delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("forge", sa.Text, nullable=False),
    sa.Column("hook", sa.Text, nullable=False, server_default=""),
    sa.Column("delivery_id", sa.String(128), nullable=False),
    sa.Column("event", sa.String(64), nullable=False),
    sa.Column("headers", JSONB, nullable=False, comment="an allow-list; no credentials"),
    sa.Column("body_sha256", sa.LargeBinary, nullable=False),
    sa.Column("body_bytes", sa.Integer, nullable=False),
    sa.Column("scheme", sa.Text, nullable=False, comment="how it was authenticated"),
    sa.Column("via", sa.Text, nullable=False, server_default="http"),
    sa.Column("received_at", INSTANT, nullable=False, server_default=NOW),
    sa.Column("tenant_id", sa.BigInteger, sa.ForeignKey("tenant.id", ondelete="CASCADE")),
    sa.Column("subject", sa.Text, comment="the subject it touched first, for people who search"),
    sa.Column("state", sa.Text, nullable=False, server_default="new"),
    sa.Column("reason", sa.Text),
    sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("next_at", INSTANT, nullable=False, server_default=NOW),
    sa.Column("done_at", INSTANT),
    sa.Column("error", sa.String(2000)),
    sa.UniqueConstraint("forge", "hook", "delivery_id"),
    sa.CheckConstraint("state IN ('new', 'done', 'ignored', 'dead')", name="state"),
    sa.CheckConstraint("via IN ('http', 'spool', 'replay')", name="via"),
    sa.Index("delivery_new", "next_at", "id", postgresql_where=sa.text("state = 'new'")),
    sa.Index("delivery_ended", "state", "done_at", postgresql_where=sa.text("state <> 'new'")),
)

delivery_body = sa.Table(
    "delivery_body",
    metadata,
    sa.Column("delivery", sa.BigInteger, sa.ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("codec", sa.Text, nullable=False, comment="raw or zlib"),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.CheckConstraint("codec IN ('raw', 'zlib')", name="codec"),
)

# --- What happened, and what is due ---------------------------------------------------------------------

fact = sa.Table(
    "fact",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    _tenant(),
    sa.Column("subject", SUBJECT, nullable=False),
    sa.Column("natural_key", sa.Text, nullable=False),
    sa.Column("rank", sa.SmallInteger, nullable=False),
    sa.Column("forge_time", INSTANT, nullable=False),
    sa.Column("known_from", INSTANT, comment="lower bound of a polled fact"),
    sa.Column("received_at", INSTANT, nullable=False, server_default=NOW),
    sa.Column("actor", sa.Text, nullable=False, server_default=""),
    sa.Column("actor_is_bot", sa.Boolean, nullable=False, server_default=sa.text("false")),
    sa.Column("source", sa.Text, nullable=False, comment="delivery, poll or usher"),
    sa.Column("payload", JSONB, nullable=False),
    sa.UniqueConstraint("tenant_id", "subject", "natural_key"),
)

due = sa.Table(
    "due",
    metadata,
    _tenant(primary_key=True),
    sa.Column("subject", SUBJECT, primary_key=True),
    sa.Column("generation", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("settled_generation", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("waiting_since", INSTANT, comment="first touch that is not settled yet"),
    sa.Column("due_at", INSTANT, comment="clock of promises: when any derived value changes next"),
    sa.Column("not_before", INSTANT, nullable=False, server_default=NOW, comment="database clock"),
    sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column(
        "crashes", sa.SmallInteger, nullable=False, server_default="0", comment="runs that never ended"
    ),
    sa.Column("reason", sa.String(2000)),
    sa.Column("fence", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("leased_until", INSTANT),
    sa.Column("dead_at", INSTANT, comment="given up after the last attempt; a new event revives it"),
    # Each tenant's share is read from its own range of these, however much others have waiting.
    sa.Index(
        "due_promised",
        "tenant_id",
        "due_at",
        postgresql_where=sa.text("due_at IS NOT NULL AND dead_at IS NULL"),
    ),
    sa.Index(
        "due_touched",
        "tenant_id",
        "not_before",
        postgresql_where=sa.text("generation > settled_generation AND dead_at IS NULL"),
    ),
    sa.Index("due_leased", "leased_until", postgresql_where=sa.text("leased_until IS NOT NULL")),
)

effect = sa.Table(
    "effect",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    _tenant(),
    sa.Column("subject", SUBJECT, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="planned"),
    sa.Column("payload", JSONB, nullable=False),
    sa.Column("marker", sa.Text),
    sa.Column("remote_id", sa.BigInteger),
    sa.Column("recipient", sa.Text, comment="whom a reminder names, in lower case"),
    sa.Column("at", INSTANT, comment="clock of promises"),
    sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("not_before", INSTANT),
    sa.Column("sent_at", INSTANT),
    sa.Column("done_at", INSTANT),
    sa.Column("heals", sa.SmallInteger, nullable=False, server_default="0", comment="looked for again"),
    sa.Column("heal_at", INSTANT, comment="database clock: it was in doubt, look for a twin"),
    sa.Column("error", sa.String(2000)),
    sa.UniqueConstraint("tenant_id", "key"),
    sa.CheckConstraint(
        "state IN ('planned', 'sending', 'uncertain', 'done', 'skipped', 'dead')", name="state"
    ),
    sa.Index(None, "tenant_id", "subject"),
    sa.Index("effect_to_heal", "heal_at", postgresql_where=sa.text("heal_at IS NOT NULL")),
    sa.Index("effect_sent", "tenant_id", "sent_at"),
    sa.Index("effect_held", "tenant_id", "subject", postgresql_where=sa.text("error LIKE 'held: %'")),
    sa.Index(
        "effect_recipient", "tenant_id", "recipient", "at", postgresql_where=sa.text("recipient IS NOT NULL")
    ),
)

# --- Whose turn it is -----------------------------------------------------------------------------------

obligation = sa.Table(
    "obligation",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    _tenant(),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("subject", SUBJECT, nullable=False),
    sa.Column("slot", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("ledger", sa.Text, nullable=False, comment="slot or person"),
    sa.Column("party", sa.Text, nullable=False, server_default=""),
    sa.Column("cycle", sa.SmallInteger, nullable=False, server_default="1"),
    sa.Column("calendar", sa.Text, nullable=False, server_default=""),
    sa.Column("budget_s", sa.Integer, nullable=False),
    sa.Column("t0", INSTANT, nullable=False),
    sa.Column("accrued_s", sa.Integer, nullable=False, server_default="0"),
    sa.Column("due_at", INSTANT),
    sa.Column("verdict", sa.Text),
    sa.Column("verdict_at", INSTANT),
    sa.Column(
        "ended_at", INSTANT, comment="when it was answered, released or cancelled; a missed one may end later"
    ),
    sa.Column("owed", sa.Boolean, nullable=False, server_default=sa.text("true"), comment="still awaited"),
    sa.UniqueConstraint("tenant_id", "key"),
    sa.Index(None, "tenant_id", "subject"),
    sa.Index("obligation_open_party", "tenant_id", "party", postgresql_where=sa.text("verdict IS NULL")),
    sa.Index(
        "obligation_owed_by",
        "tenant_id",
        sa.text("lower(party)"),
        postgresql_where=sa.text("owed AND ledger = 'person'"),
    ),
)

verdict_log = sa.Table(
    "verdict_log",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    _tenant(),
    sa.Column("obligation_key", sa.Text, nullable=False),
    sa.Column("verdict", sa.Text),
    sa.Column("at", INSTANT, comment="when it came true"),
    sa.Column("recorded_at", INSTANT, nullable=False, server_default=NOW),
    sa.Index(None, "tenant_id", "obligation_key"),
)

decision = sa.Table(
    "decision",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    _tenant(),
    sa.Column("subject", SUBJECT, nullable=False),
    sa.Column("made_at", INSTANT, nullable=False),
    sa.Column("record", JSONB, nullable=False),
    sa.Index(None, "tenant_id", "subject"),
)

clock = sa.Table(
    "clock",
    metadata,
    _tenant(primary_key=True),
    sa.Column("subject", SUBJECT, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("turn", sa.Text, nullable=False, server_default=""),
    sa.Column("projection", JSONB, nullable=False),
    sa.Column("updated_at", INSTANT, nullable=False),
)

outage = sa.Table(
    "outage",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("start_at", INSTANT, nullable=False),
    sa.Column("end_at", INSTANT, nullable=False),
    sa.CheckConstraint("start_at < end_at", name="span"),
    comment="when Usher was down, by the clock of promises",
)

rule_version = sa.Table(
    "rule_version",
    metadata,
    _tenant(primary_key=True),
    sa.Column("repository_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("branch", sa.Text, primary_key=True),
    sa.Column("since", INSTANT, primary_key=True, comment="clock of promises"),
    sa.Column("own", sa.LargeBinary, nullable=False),
    sa.Column("above", sa.LargeBinary, comment="the organisation's"),
)

# --- What ails a repository ---------------------------------------------------------------------------------

finding = sa.Table(
    "finding",
    metadata,
    _tenant(primary_key=True),
    sa.Column("repository_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("fingerprint", sa.String(64), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("fix", sa.Text, nullable=False),
    sa.Column("first_seen", INSTANT, nullable=False),
    sa.Column("last_seen", INSTANT, nullable=False),
    sa.Column("cleared_at", INSTANT),
    sa.CheckConstraint("severity IN ('info', 'low', 'medium', 'high')", name="severity"),
)

link = sa.Table(
    "link",
    metadata,
    _tenant(primary_key=True),
    sa.Column("repository_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("asked_at", INSTANT, comment="clock of promises"),
    sa.Column("failing_since", INSTANT, comment="since when it has not answered, as far as we asked"),
    sa.Column("reason", sa.Text),
    sa.Index(None, "asked_at"),
    comment="links of guidelines to other sites that the rules let us ask about",
)

# --- People ---------------------------------------------------------------------------------------------

away = sa.Table(
    "away",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    _tenant(),
    sa.Column("person", sa.Text, nullable=False, comment="login in lower case"),
    sa.Column("from_at", INSTANT, nullable=False),
    sa.Column("to_at", INSTANT, nullable=False),
    sa.Column("declared_at", INSTANT, nullable=False),
    sa.Column("source", sa.Text, nullable=False, comment="the command that said so"),
    sa.UniqueConstraint("tenant_id", "source"),
    sa.CheckConstraint("from_at < to_at", name="span"),
    sa.Index(None, "tenant_id", "to_at"),
)

person_link = sa.Table(
    "person_link",
    metadata,
    sa.Column("github", sa.Text, primary_key=True, comment="login in lower case"),
    sa.Column("gitlab", sa.Text, nullable=False, unique=True, comment="username in lower case"),
    sa.Column(
        "source",
        sa.Text,
        nullable=False,
        server_default="configuration",
        comment="configuration, address, person; or apart, where the person said that it is not so",
    ),
)
"""One person with an account on each forge. It belongs to no tenant: the settings, the forges or the person say it."""

# --- What was last read at the forge --------------------------------------------------------------------

kept = sa.Table(
    "kept",
    metadata,
    _tenant(primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True, comment="owners, rules, team, access or member"),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", JSONB),
    sa.Column("read_at", INSTANT, nullable=False, server_default=NOW),
)

# --- Who looks at the pages -------------------------------------------------------------------------------

viewer = sa.Table(
    "viewer",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("forge", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("forge_id", sa.BigInteger, nullable=False, comment="the forge's number of the account"),
    sa.Column("login", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False, server_default=""),
    sa.Column("teams", JSONB, nullable=False, server_default=sa.text("'[]'")),
    sa.Column("checked_at", INSTANT, nullable=False, server_default=NOW, comment="when access was read"),
    sa.UniqueConstraint("forge", "host", "forge_id"),
)

viewer_address = sa.Table(
    "viewer_address",
    metadata,
    sa.Column("viewer_id", sa.BigInteger, sa.ForeignKey("viewer.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("digest", sa.LargeBinary, primary_key=True, comment="HMAC of a verified e-mail address"),
    sa.Index(None, "digest"),
)

reach = sa.Table(
    "reach",
    metadata,
    sa.Column("viewer_id", sa.BigInteger, sa.ForeignKey("viewer.id", ondelete="CASCADE"), primary_key=True),
    _tenant(primary_key=True),
    sa.Column("repository_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("level", sa.Text, nullable=False),
    sa.CheckConstraint("level IN ('read', 'write', 'admin')", name="level"),
    comment="what a viewer may read on the forge, and whether they run it there",
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("hash", sa.LargeBinary, primary_key=True, comment="SHA-256 of what the cookie holds"),
    sa.Column("created_at", INSTANT, nullable=False, server_default=NOW),
    sa.Column("seen_at", INSTANT, nullable=False, server_default=NOW),
    sa.Index(None, "created_at"),
)

signed_in = sa.Table(
    "signed_in",
    metadata,
    sa.Column("session", sa.LargeBinary, sa.ForeignKey("session.hash", ondelete="CASCADE"), primary_key=True),
    sa.Column("viewer_id", sa.BigInteger, sa.ForeignKey("viewer.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("token", sa.LargeBinary, nullable=False, comment="the forge's token, sealed"),
    sa.Column("refresh", sa.LargeBinary, comment="what it takes for the next token, sealed; null: for none"),
    sa.Index(None, "viewer_id"),
    comment="a session may hold one account of each forge",
)

machine_token = sa.Table(
    "machine_token",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("hash", sa.LargeBinary, nullable=False, comment="SHA-256 of the token"),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("viewer_id", sa.BigInteger, sa.ForeignKey("viewer.id", ondelete="CASCADE"), nullable=False),
    sa.Column("created_at", INSTANT, nullable=False, server_default=NOW),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("used_at", INSTANT),
    sa.UniqueConstraint("hash"),
    sa.Index(None, "viewer_id"),
    sa.CheckConstraint("scope IN ('catalogue', 'insights', 'operations')", name="scope"),
    sa.CheckConstraint("expires_at <= created_at + interval '365 days'", name="life"),
)

# --- What /setup stored -----------------------------------------------------------------------------------

credential = sa.Table(
    "credential",
    metadata,
    sa.Column("forge", sa.Text, primary_key=True, comment="github or gitlab"),
    sa.Column("host", sa.Text, primary_key=True, comment="base URL of the forge's API"),
    sa.Column("sealed", sa.LargeBinary, nullable=False, comment="encrypted with a master key"),
    sa.Column("stored_at", INSTANT, nullable=False, server_default=NOW),
)

setup_pass = sa.Table(
    "setup_pass",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True, comment="SHA-256 of what the bearer holds"),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, comment="what the forge must send back"),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.CheckConstraint("kind IN ('link', 'visit')", name="kind"),
)

# --- The catalogue ----------------------------------------------------------------------------------------

entry = sa.Table(
    "entry",
    metadata,
    _tenant(primary_key=True),
    sa.Column("repository_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("forge", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("listed", sa.Boolean, nullable=False),
    sa.Column("anonymous", sa.Boolean, nullable=False, server_default=sa.text("false")),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False, server_default="", comment="what it is for, in a sentence"),
    sa.Column("language", sa.Text, nullable=False, server_default=""),
    sa.Column("owner", sa.Text, comment="the team that it belongs to"),
    sa.Column("topics", sa.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")),
    sa.Column("packages", sa.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")),
    sa.Column("requires", sa.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")),
    sa.Column("readiness", sa.Float, nullable=False, server_default=sa.text("0")),
    sa.Column("standing", sa.Float, nullable=False, server_default=sa.text("0")),
    sa.Column("score", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("pushed_at", INSTANT),
    sa.Column("portal", JSONB, nullable=False, comment="its object in repos.json"),
    sa.Column("backstage", JSONB, comment="its component; null where it has one of its own"),
    sa.Column("details", JSONB, nullable=False),
    # Nobody writes it: what an entry says is read from several commits. A later release drops it.
    sa.Column("head", sa.Text, nullable=False, server_default="", comment="the commit that was read"),
    sa.Column("search", TSVECTOR, nullable=False),
    sa.Column("checked_at", INSTANT, nullable=False),
    sa.Index("entry_search", "search", postgresql_using="gin"),
    sa.Index("entry_listed", sa.text("standing DESC"), "name", postgresql_where=sa.text("listed")),
    sa.Index("entry_name", "name"),
    sa.Index("entry_packages", "packages", postgresql_using="gin"),
    sa.Index("entry_requires", "requires", postgresql_using="gin"),
)

blob_seen = sa.Table(
    "blob_seen",
    metadata,
    _tenant(primary_key=True),
    sa.Column("sha", sa.LargeBinary, primary_key=True),
    sa.Column("repository_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Index(None, "tenant_id", "repository_id"),
    comment="files of a kilobyte or more, by which copies are found",
)

manifest_seen = sa.Table(
    "manifest_seen",
    metadata,
    _tenant(primary_key=True),
    sa.Column("sha", sa.LargeBinary, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("value", JSONB, nullable=False),
    sa.Column("seen_at", INSTANT, nullable=False, server_default=NOW),
    comment="what a manifest says, read once for each content",
)

requirement = sa.Table(
    "requirement",
    metadata,
    _tenant(primary_key=True),
    sa.Column("repository_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("package", sa.Text, primary_key=True),
    sa.Column("since", INSTANT, nullable=False, comment="clock of promises"),
    sa.Index(None, "tenant_id", "since"),
    comment="what a repository began to require after it was first read",
)

# --- What sharing brings ----------------------------------------------------------------------------------

outcome = sa.Table(
    "outcome",
    metadata,
    _tenant(primary_key=True),
    sa.Column("repository_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("repository", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False, server_default=""),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("teams", sa.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")),
    sa.Column("owners", sa.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")),
    sa.Column("opened_at", INSTANT, nullable=False),
    sa.Column("ready_at", INSTANT),
    sa.Column("waited", sa.Float, comment="working hours until the first answer, or until it was looked at"),
    sa.Column("answered", sa.Boolean, nullable=False, server_default=sa.text("false")),
    sa.Column("merged_at", INSTANT),
    sa.Column("kept", sa.SmallInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("missed", sa.SmallInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("pending", sa.SmallInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("reviewers", sa.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")),
    sa.Index("outcome_opened", "opened_at"),
    sa.Index("outcome_author", "tenant_id", sa.text("lower(author)")),
    sa.Index("outcome_merged", "merged_at", postgresql_where=sa.text("merged_at IS NOT NULL")),
    comment="derived from facts; may be built anew at any time",
)

promise_made = sa.Table(
    "promise_made",
    metadata,
    _tenant(primary_key=True),
    sa.Column("repository_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("valid_from", INSTANT, primary_key=True),
    sa.Column("valid_to", INSTANT),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("hours", sa.Float, comment="working hours; null where no number is promised"),
    # Nobody writes it. A later release drops it.
    sa.Column("commit", sa.Text, nullable=False, server_default=""),
)

snapshot = sa.Table(
    "snapshot",
    metadata,
    _tenant(primary_key=True),
    sa.Column("period", sa.Text, primary_key=True, comment="2026-Q4"),
    sa.Column("taken_at", INSTANT, nullable=False),
    sa.Column("measures", JSONB, nullable=False),
)

# --- Thanks, helpers, silence -----------------------------------------------------------------------------

thanks = sa.Table(
    "thanks",
    metadata,
    _tenant(primary_key=True),
    sa.Column("subject", SUBJECT, primary_key=True),
    sa.Column("author", sa.Text, nullable=False, comment="who is thanked"),
    sa.Column("owners", JSONB, nullable=False, comment="who may say it, in lower case"),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="open"),
    sa.Column("decided_by", sa.Text, nullable=False, server_default=""),
    sa.Column("made_at", INSTANT, nullable=False, comment="clock of promises"),
    sa.Column("expires_at", INSTANT, nullable=False, comment="clock of promises"),
    sa.CheckConstraint("state IN ('open', 'post', 'discarded')", name="state"),
)

champion = sa.Table(
    "champion",
    metadata,
    _tenant(primary_key=True),
    sa.Column("person", sa.Text, primary_key=True, comment="login in lower case"),
    sa.Column("login", sa.Text, nullable=False),
    sa.Column("at", INSTANT, nullable=False, comment="when they last said so"),
    sa.Column("offers", sa.Boolean, nullable=False),
    sa.Column("named_at", INSTANT, comment="for taking turns"),
)

silence = sa.Table(
    "silence",
    metadata,
    _tenant(primary_key=True),
    sa.Column("repository_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("until", INSTANT, comment="null: for good"),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", INSTANT, nullable=False, comment="clock of promises"),
    sa.Column("source", sa.Text, nullable=False, comment="the command that said so"),
)

# --- What is done at intervals, and what people did -----------------------------------------------------

chore = sa.Table(
    "chore",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("next_at", INSTANT, nullable=False, server_default=NOW, comment="database clock"),
    sa.Column("leased_until", INSTANT),
    sa.Column("succeeded_at", INSTANT),
    sa.Column("error", sa.String(2000)),
    sa.Column(
        "note", JSONB, nullable=False, server_default=sa.text("'{}'"), comment="what the next run needs"
    ),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False, comment="without gaps"),
    sa.Column("at", INSTANT, nullable=False),
    # No key to the tenant: what was done to it is known after it has left.
    sa.Column("tenant_id", sa.BigInteger),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("object", sa.Text, nullable=False),
    sa.Column("before", JSONB, nullable=False),
    sa.Column("after", JSONB, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False, comment="over the row and the hash before it"),
)

restoration = sa.Table(
    "restoration",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("at", INSTANT, nullable=False, server_default=NOW),
    comment="when the database was filled from a backup, which forgot what came after it",
)

schema_floor = sa.Table(
    "schema_floor",
    metadata,
    sa.Column("revision", sa.Text, nullable=False, comment="the oldest code that can run on this schema"),
)
