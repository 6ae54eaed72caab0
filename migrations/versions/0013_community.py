"""Thanks that wait to be said, people who offer to help, and repositories that want silence."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "thanks",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(collation="C"), nullable=False),
        sa.Column("author", sa.Text(), nullable=False, comment="who is thanked"),
        sa.Column(
            "owners",
            postgresql.JSONB(),
            nullable=False,
            comment="who may say it, in lower case",
        ),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("decided_by", sa.Text(), server_default="", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, comment="clock of promises"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, comment="clock of promises"),
        sa.CheckConstraint("state IN ('open', 'post', 'discarded')", name=op.f("thanks_state_check")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("thanks_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "subject", name=op.f("thanks_pkey")),
    )
    op.create_table(
        "champion",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False, comment="login in lower case"),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="when they last said so"),
        sa.Column("offers", sa.Boolean(), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=True, comment="for taking turns"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("champion_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "person", name=op.f("champion_pkey")),
    )
    op.create_table(
        "silence",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True, comment="null: for good"),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="clock of promises"),
        sa.Column("source", sa.Text(), nullable=False, comment="the command that said so"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("silence_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "repository_id", name=op.f("silence_pkey")),
    )
