"""People who have an account on each forge."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person_link",
        sa.Column("github", sa.Text(), nullable=False, comment="login in lower case"),
        sa.Column("gitlab", sa.Text(), nullable=False, comment="username in lower case"),
        sa.Column("source", sa.Text(), server_default="configuration", nullable=False),
        sa.PrimaryKeyConstraint("github", name=op.f("person_link_pkey")),
        sa.UniqueConstraint("gitlab", name=op.f("person_link_gitlab_key")),
    )
