"""Accounts of two forges that are linked by the same verified address, or by their person."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

SOURCES = "configuration, address, person; or apart, where the person said that it is not so"


def upgrade() -> None:
    op.create_table(
        "viewer_address",
        sa.Column("viewer_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="HMAC of a verified e-mail address"),
        sa.ForeignKeyConstraint(
            ["viewer_id"], ["viewer.id"], name=op.f("viewer_address_viewer_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("viewer_id", "digest", name=op.f("viewer_address_pkey")),
    )
    op.create_index(op.f("viewer_address_digest_idx"), "viewer_address", ["digest"])
    op.alter_column("person_link", "source", comment=SOURCES, existing_comment=None)
