"""The catalogue, what became of changes, and what was promised."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blob_seen",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("sha", sa.LargeBinary(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("blob_seen_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "sha", "repository_id", name=op.f("blob_seen_pkey")),
        comment="files of a kilobyte or more, by which copies are found",
    )
    op.create_index(
        op.f("blob_seen_tenant_id_repository_id_idx"),
        "blob_seen",
        ["tenant_id", "repository_id"],
        unique=False,
    )
    op.create_table(
        "entry",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("forge", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column(
            "summary", sa.Text(), server_default="", nullable=False, comment="what it is for, in a sentence"
        ),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("owner", sa.Text(), nullable=True, comment="the team that it belongs to"),
        sa.Column("topics", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("packages", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("requires", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("readiness", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("standing", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("score", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "portal",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="its object in repos.json",
        ),
        sa.Column(
            "backstage",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="its component; null where it has one of its own",
        ),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("head", sa.Text(), server_default="", nullable=False, comment="the commit that was read"),
        sa.Column("search", postgresql.TSVECTOR(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("entry_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "repository_id", name=op.f("entry_pkey")),
    )
    op.create_index(
        "entry_listed",
        "entry",
        [sa.literal_column("standing DESC"), "name"],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_index("entry_name", "entry", ["name"], unique=False)
    op.create_index("entry_search", "entry", ["search"], unique=False, postgresql_using="gin")
    op.create_table(
        "manifest_seen",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("sha", sa.LargeBinary(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("manifest_seen_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "sha", "path", name=op.f("manifest_seen_pkey")),
        comment="what a manifest says, read once for each content",
    )
    op.create_table(
        "outcome",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("repository", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("teams", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("owners", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "waited",
            sa.Float(),
            nullable=True,
            comment="working hours until the first answer, or until it was looked at",
        ),
        sa.Column("answered", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("missed", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("pending", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("reviewers", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("outcome_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "repository_id", "number", name=op.f("outcome_pkey")),
        comment="derived from facts; may be built anew at any time",
    )
    op.create_index(
        "outcome_merged",
        "outcome",
        ["merged_at"],
        unique=False,
        postgresql_where=sa.text("merged_at IS NOT NULL"),
    )
    op.create_index("outcome_opened", "outcome", ["opened_at"], unique=False)
    op.create_table(
        "promise_made",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "hours", sa.Float(), nullable=True, comment="working hours; null where no number is promised"
        ),
        sa.Column("commit", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("promise_made_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "repository_id", "valid_from", name=op.f("promise_made_pkey")),
    )
    op.create_table(
        "snapshot",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False, comment="2026-Q4"),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("measures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("snapshot_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "period", name=op.f("snapshot_pkey")),
    )
