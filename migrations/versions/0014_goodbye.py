"""When an installation left, so that everything of it is erased a day later."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "tenant",
        sa.Column(
            "left_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="database clock; a day later everything of it is erased",
        ),
    )
    op.execute("UPDATE tenant SET left_at = now() WHERE state = 'left'")
