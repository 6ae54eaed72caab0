"""When a promise ended: a missed one is owed until it is answered, or until its person is released."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

MEANING = "when it was answered, released or cancelled; a missed one may end later"


def upgrade() -> None:
    op.add_column(
        "obligation", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True, comment=MEANING)
    )
