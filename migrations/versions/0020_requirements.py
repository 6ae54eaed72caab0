"""Since when repositories require what they began to require; indices for what pages ask."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "requirement",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("package", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False, comment="clock of promises"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("requirement_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "repository_id", "package", name=op.f("requirement_pkey")),
        comment="what a repository began to require after it was first read",
    )
    op.create_index(op.f("requirement_tenant_id_since_idx"), "requirement", ["tenant_id", "since"])
    op.create_index("entry_packages", "entry", ["packages"], postgresql_using="gin")
    op.create_index("entry_requires", "entry", ["requires"], postgresql_using="gin")
    op.create_index("outcome_author", "outcome", ["tenant_id", sa.text("lower(author)")])
