"""Who is away."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "away",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False, comment="login in lower case"),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="the command that said so"),
        sa.CheckConstraint("from_at < to_at", name=op.f("away_span_check")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("away_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("away_pkey")),
        sa.UniqueConstraint("tenant_id", "source", name=op.f("away_tenant_id_source_key")),
    )
    op.create_index(op.f("away_tenant_id_to_at_idx"), "away", ["tenant_id", "to_at"], unique=False)
