"""Who is signed in, what they may read on the forge, and tokens of machines."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session",
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of what the cookie holds"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("session_pkey")),
    )
    op.create_index(op.f("session_created_at_idx"), "session", ["created_at"], unique=False)
    op.create_table(
        "viewer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("forge", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("forge_id", sa.BigInteger(), nullable=False, comment="the forge's number of the account"),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "teams", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column(
            "checked_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="when access was read",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("viewer_pkey")),
        sa.UniqueConstraint("forge", "host", "forge_id", name=op.f("viewer_forge_host_forge_id_key")),
    )
    op.create_table(
        "machine_token",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the token"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("viewer_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "expires_at <= created_at + interval '365 days'", name=op.f("machine_token_life_check")
        ),
        sa.CheckConstraint(
            "scope IN ('catalogue', 'insights', 'operations')", name=op.f("machine_token_scope_check")
        ),
        sa.ForeignKeyConstraint(
            ["viewer_id"], ["viewer.id"], name=op.f("machine_token_viewer_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("machine_token_pkey")),
        sa.UniqueConstraint("hash", name=op.f("machine_token_hash_key")),
    )
    op.create_index(op.f("machine_token_viewer_id_idx"), "machine_token", ["viewer_id"], unique=False)
    op.create_table(
        "reach",
        sa.Column("viewer_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.CheckConstraint("level IN ('read', 'write', 'admin')", name=op.f("reach_level_check")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("reach_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["viewer_id"], ["viewer.id"], name=op.f("reach_viewer_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("viewer_id", "tenant_id", "repository_id", name=op.f("reach_pkey")),
        comment="what a viewer may read on the forge, and whether they run it there",
    )
    op.create_table(
        "signed_in",
        sa.Column("session", sa.LargeBinary(), nullable=False),
        sa.Column("viewer_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False, comment="the forge's token, sealed"),
        sa.ForeignKeyConstraint(
            ["session"], ["session.hash"], name=op.f("signed_in_session_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["viewer_id"], ["viewer.id"], name=op.f("signed_in_viewer_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session", "viewer_id", name=op.f("signed_in_pkey")),
        comment="a session may hold one account of each forge",
    )
    op.create_index(op.f("signed_in_viewer_id_idx"), "signed_in", ["viewer_id"], unique=False)
