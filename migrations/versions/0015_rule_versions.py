"""The rules of a branch as they were, so that what runs keeps the budget and the hours that it began with."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_version",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False, comment="clock of promises"),
        sa.Column("own", sa.LargeBinary(), nullable=False),
        sa.Column("above", sa.LargeBinary(), nullable=True, comment="the organisation's"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("rule_version_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "repository_id", "branch", "since", name=op.f("rule_version_pkey")
        ),
    )
