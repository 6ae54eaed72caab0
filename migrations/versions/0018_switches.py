"""Switches, and looking again for what was in doubt."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "switch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=True, comment="NULL: every tenant"),
        sa.Column("feature", sa.Text(), server_default="", nullable=False, comment="empty: every feature"),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("switch_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("switch_pkey")),
        sa.UniqueConstraint(
            "tenant_id",
            "feature",
            name=op.f("switch_tenant_id_feature_key"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.add_column(
        "effect",
        sa.Column("heals", sa.SmallInteger(), server_default="0", nullable=False, comment="looked for again"),
    )
    op.add_column(
        "effect",
        sa.Column(
            "heal_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="database clock: it was in doubt, look for a twin",
        ),
    )
    op.create_index("effect_to_heal", "effect", ["heal_at"], postgresql_where=sa.text("heal_at IS NOT NULL"))
    op.create_index("effect_sent", "effect", ["tenant_id", "sent_at"])
    op.create_index(
        "effect_held", "effect", ["tenant_id", "subject"], postgresql_where=sa.text("error LIKE 'held: %'")
    )
