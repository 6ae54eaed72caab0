"""The schema says which code can still run on it, so that a new schema does not stop old processes."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    floor = op.create_table(
        "schema_floor",
        sa.Column(
            "revision", sa.Text(), nullable=False, comment="the oldest code that can run on this schema"
        ),
    )
    op.bulk_insert(floor, [{"revision": "0011"}])
