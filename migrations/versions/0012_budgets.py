"""What each tenant may still call; each tenant's share of what is due; runs that never ended."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budget",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "shut_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="database clock: nothing is called before",
        ),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "state",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="see app/forges/budget.py",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("budget_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("budget_pkey")),
    )
    op.add_column(
        "due",
        sa.Column(
            "crashes", sa.SmallInteger(), server_default="0", nullable=False, comment="runs that never ended"
        ),
    )
    op.create_index(
        "due_promised",
        "due",
        ["tenant_id", "due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL AND dead_at IS NULL"),
    )
    op.create_index(
        "due_touched",
        "due",
        ["tenant_id", "not_before"],
        postgresql_where=sa.text("generation > settled_generation AND dead_at IS NULL"),
    )
    op.drop_index("due_wake", "due")
    op.drop_index("due_behind", "due")
