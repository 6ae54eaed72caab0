"""The inbox, the facts, what is due, the effects, and whose turn it is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tenant",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("forge", sa.Text(), nullable=False, comment="github or gitlab"),
        sa.Column("host", sa.Text(), nullable=False, comment="base URL of the forge's API"),
        sa.Column(
            "installation", sa.BigInteger(), nullable=False, comment="GitHub installation or GitLab hook"
        ),
        sa.Column(
            "account", sa.Text(), server_default="", nullable=False, comment="login of the organisation"
        ),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("mode", sa.Text(), server_default="preview", nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("mode IN ('preview', 'live')", name=op.f("tenant_mode_check")),
        sa.CheckConstraint("state IN ('active', 'suspended', 'left')", name=op.f("tenant_state_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("tenant_pkey")),
        sa.UniqueConstraint("forge", "host", "installation", name=op.f("tenant_forge_host_installation_key")),
    )
    op.create_table(
        "clock",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(collation="C"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("turn", sa.Text(), server_default="", nullable=False),
        sa.Column("projection", JSONB(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("clock_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "subject", name=op.f("clock_pkey")),
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(collation="C"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("decision_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("decision_pkey")),
    )
    op.create_index(
        op.f("decision_tenant_id_subject_idx"), "decision", ["tenant_id", "subject"], unique=False
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("forge", sa.Text(), nullable=False),
        sa.Column("hook", sa.Text(), server_default="", nullable=False),
        sa.Column("delivery_id", sa.String(length=128), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("headers", JSONB(), nullable=False, comment="an allow-list; no credentials"),
        sa.Column("body_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("body_bytes", sa.Integer(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False, comment="how it was authenticated"),
        sa.Column("via", sa.Text(), server_default="http", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "subject", sa.Text(), nullable=True, comment="the subject it touched first, for people who search"
        ),
        sa.Column("state", sa.Text(), server_default="new", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=2000), nullable=True),
        sa.CheckConstraint("state IN ('new', 'done', 'ignored', 'dead')", name=op.f("delivery_state_check")),
        sa.CheckConstraint("via IN ('http', 'spool', 'replay')", name=op.f("delivery_via_check")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("delivery_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("delivery_pkey")),
        sa.UniqueConstraint("forge", "hook", "delivery_id", name=op.f("delivery_forge_hook_delivery_id_key")),
    )
    op.create_index(
        "delivery_new", "delivery", ["next_at", "id"], unique=False, postgresql_where=sa.text("state = 'new'")
    )
    op.create_table(
        "due",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(collation="C"), nullable=False),
        sa.Column("generation", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("settled_generation", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "waiting_since",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="first touch that is not settled yet",
        ),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="clock of promises: when any derived value changes next",
        ),
        sa.Column(
            "not_before",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="database clock",
        ),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=True),
        sa.Column("fence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "dead_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="given up after the last attempt; a new event revives it",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("due_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "subject", name=op.f("due_pkey")),
    )
    op.create_index(
        "due_behind",
        "due",
        ["not_before"],
        unique=False,
        postgresql_where=sa.text("generation > settled_generation"),
    )
    op.create_index(
        "due_leased",
        "due",
        ["leased_until"],
        unique=False,
        postgresql_where=sa.text("leased_until IS NOT NULL"),
    )
    op.create_index(
        "due_wake", "due", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_table(
        "effect",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(collation="C"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column("payload", JSONB(), nullable=False),
        sa.Column("marker", sa.Text(), nullable=True),
        sa.Column("remote_id", sa.BigInteger(), nullable=True),
        sa.Column("recipient", sa.Text(), nullable=True, comment="whom a reminder names, in lower case"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True, comment="clock of promises"),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=2000), nullable=True),
        sa.CheckConstraint(
            "state IN ('planned', 'sending', 'uncertain', 'done', 'skipped', 'dead')",
            name=op.f("effect_state_check"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("effect_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("effect_pkey")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("effect_tenant_id_key_key")),
    )
    op.create_index(op.f("effect_tenant_id_subject_idx"), "effect", ["tenant_id", "subject"], unique=False)
    op.create_index(
        "effect_recipient",
        "effect",
        ["tenant_id", "recipient", "at"],
        unique=False,
        postgresql_where=sa.text("recipient IS NOT NULL"),
    )
    op.create_table(
        "fact",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(collation="C"), nullable=False),
        sa.Column("natural_key", sa.Text(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("forge_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "known_from", sa.DateTime(timezone=True), nullable=True, comment="lower bound of a polled fact"
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), server_default="", nullable=False),
        sa.Column("actor_is_bot", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="delivery, poll or usher"),
        sa.Column("payload", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fact_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("fact_pkey")),
        sa.UniqueConstraint(
            "tenant_id", "subject", "natural_key", name=op.f("fact_tenant_id_subject_natural_key_key")
        ),
    )
    op.create_table(
        "kept",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="owners, rules, team or access"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", JSONB(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("kept_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "name", name=op.f("kept_pkey")),
    )
    op.create_table(
        "obligation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(collation="C"), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ledger", sa.Text(), nullable=False, comment="slot or person"),
        sa.Column("party", sa.Text(), server_default="", nullable=False),
        sa.Column("cycle", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("calendar", sa.Text(), server_default="", nullable=False),
        sa.Column("budget_s", sa.Integer(), nullable=False),
        sa.Column("t0", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accrued_s", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("verdict_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("obligation_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("obligation_pkey")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("obligation_tenant_id_key_key")),
    )
    op.create_index(
        "obligation_open_party",
        "obligation",
        ["tenant_id", "party"],
        unique=False,
        postgresql_where=sa.text("verdict IS NULL"),
    )
    op.create_index(
        op.f("obligation_tenant_id_subject_idx"), "obligation", ["tenant_id", "subject"], unique=False
    )
    op.create_table(
        "repository",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False, comment="the forge's number"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("default_branch", sa.Text(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("repository_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("repository_pkey")),
    )
    op.create_index(op.f("repository_id_idx"), "repository", ["id"], unique=False)
    op.create_table(
        "verdict_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("obligation_key", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True, comment="when it came true"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("verdict_log_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("verdict_log_pkey")),
    )
    op.create_index(
        op.f("verdict_log_tenant_id_obligation_key_idx"),
        "verdict_log",
        ["tenant_id", "obligation_key"],
        unique=False,
    )
    op.create_table(
        "delivery_body",
        sa.Column("delivery", sa.BigInteger(), nullable=False),
        sa.Column("codec", sa.Text(), nullable=False, comment="raw or zlib"),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("codec IN ('raw', 'zlib')", name=op.f("delivery_body_codec_check")),
        sa.ForeignKeyConstraint(
            ["delivery"], ["delivery.id"], name=op.f("delivery_body_delivery_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery", name=op.f("delivery_body_pkey")),
    )
