"""A sign-in outlasts the forge's token: what is taken for the next one is kept beside it, sealed too."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

MEANING = "what it takes for the next token, sealed; null: for none"


def upgrade() -> None:
    op.add_column("signed_in", sa.Column("refresh", sa.LargeBinary(), nullable=True, comment=MEANING))
