"""Old code on the new schema: what runs while processes are replaced one by one, and after a step back."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from app.forges.sandbox import Sandbox
from app.store import schema
from tests.app.test_processes import running, until_asked
from tests.stories import Shop, said

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NEWEST = ROOT / "migrations" / "versions"


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code as it was before the newest migration came: what an operator upgrades from.

    It needs the repository's history; a shallow clone says so here.
    """
    newest = next(NEWEST.glob(f"{schema.newest()}_*.py"))
    came = git("log", "--diff-filter=A", "--format=%H", "-1", "--", str(newest.relative_to(ROOT))).strip()
    since = f"{came}^" if came else "HEAD"  # not committed yet: the code before it is what is committed
    folder = tmp_path_factory.mktemp("before")
    packed = subprocess.run(
        ["git", "archive", since, "app", "handlers", "policies", "migrations"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed, check=True)
    return folder


async def test_old_and_new_processes_work_side_by_side_on_the_new_schema(
    forge: Sandbox, world: Shop, address: str, before: Path, tmp_path: Path
) -> None:
    """Web of the old version and worker of the new one; then the other way round, as after a step back."""
    async with (
        running(forge, address, tmp_path, "serve", "--no-worker", code=before),
        running(forge, address, tmp_path, "work"),
    ):
        change = world.ana.opens(world.api, touching=["docs/guide.md"])
        await until_asked(change)
    async with (
        running(forge, address, tmp_path, "serve", "--no-worker"),
        running(forge, address, tmp_path, "work", code=before),
    ):
        other = world.ana.opens(world.api, touching=["pay/refund.py"])
        await until_asked(other)
    assert (len(said(change)), len(said(other))) == (1, 1)
    assert change.asked == {"erin"}
    assert len(other.asked) == 1


def test_no_migration_takes_away_without_raising_the_floor() -> None:
    """Dropping and renaming are told by their words; whoever contracts says which code can do without it."""
    takes = ("drop_table", "drop_column", "rename_table", "new_column_name", "DROP ", "RENAME ")
    for path in sorted(NEWEST.glob("0*.py")):
        text = path.read_text(encoding="utf-8")
        if any(word in text.partition("def upgrade")[2] for word in takes):
            assert "UPDATE schema_floor" in text, path.name
