"""Which obligations are still awaited, by person: for the load of reviewers, and for everybody's own page."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "obligation",
        sa.Column(
            "owed", sa.Boolean(), server_default=sa.text("true"), nullable=False, comment="still awaited"
        ),
    )
    # What was answered or released before is not awaited; the rest is set right when next it is looked at.
    op.execute("UPDATE obligation SET owed = false WHERE verdict IS NOT NULL")
    op.create_index(
        "obligation_owed_by",
        "obligation",
        ["tenant_id", sa.text("lower(party)")],
        postgresql_where=sa.text("owed AND ledger = 'person'"),
    )
