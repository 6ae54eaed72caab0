"""The queue: procrastinate's own migrations, from its first to 3.4 (the schema of procrastinate 3.10)."""

from pathlib import Path

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# A later procrastinate brings later files; they become a later revision, never part of this one.
LAST = "03.04.00_50_post_add_retry_failed_job_procedure.sql"


def upgrade() -> None:
    folder = Path(SchemaManager.get_migrations_path())
    names = sorted(path.name for path in folder.glob("*.sql"))
    if LAST not in names:
        raise RuntimeError(f"procrastinate no longer ships {LAST}; install the locked version")
    cursor = op.get_bind().connection.cursor()
    for name in names[: names.index(LAST) + 1]:
        cursor.execute((folder / name).read_text(encoding="utf-8"))
