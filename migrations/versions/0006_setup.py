"""What /setup stores: a forge's credentials, sealed, and who may set Usher up."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "credential",
        sa.Column("forge", sa.Text(), nullable=False, comment="github or gitlab"),
        sa.Column("host", sa.Text(), nullable=False, comment="base URL of the forge's API"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="encrypted with a master key"),
        sa.Column("stored_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("forge", "host", name=op.f("credential_pkey")),
    )
    op.create_table(
        "setup_pass",
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of what the bearer holds"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=True, comment="what the forge must send back"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('link', 'visit')", name=op.f("setup_pass_kind_check")),
        sa.PrimaryKeyConstraint("digest", name=op.f("setup_pass_pkey")),
    )
