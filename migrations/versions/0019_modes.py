"""A repository may be in the dry run, or live, on its own."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("repository", sa.Column("mode", sa.Text(), nullable=True, comment="NULL: as its tenant"))
    op.create_check_constraint(op.f("repository_mode_check"), "repository", "mode IN ('preview', 'live')")
