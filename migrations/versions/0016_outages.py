"""When Usher as a whole was down: what fell due meanwhile is excused."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outage",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("start_at < end_at", name=op.f("outage_span_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("outage_pkey")),
        comment="when Usher was down, by the clock of promises",
    )
