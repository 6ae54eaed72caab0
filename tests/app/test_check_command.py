"""`usher check`: what a newcomer would miss, told offline, for people and for CI."""

from __future__ import annotations

import json
import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema_rs
import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.commands.check import examine
from app.commands.check_report import Report
from app.commands.owners_source import source

ROOT = Path(__file__).parents[2]
REPOSITORIES = sorted((Path(__file__).parent / "repositories").glob("*.txt"))
GOLDEN = ROOT / "tests" / "golden" / "check.md"
HEAD = """\
| Repository | Dialect | Guideline | Quality | Result | What is said |
| :-- | :-- | :-- | --: | :-- | :-- |"""
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def unpacked(text: str, into: Path) -> Path:
    """The repository that the text describes; its defaults lie in `defaults` beside it."""
    _, *parts = re.split(r"^-- (.+) --\n", text, flags=re.MULTILINE)
    for path, content in zip(parts[::2], parts[1::2], strict=True):
        folder, rest = ("defaults", path.removeprefix("@defaults/")) if path[0] == "@" else ("here", path)
        file = into / folder / rest
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return into / "here"


def looked_at(path: Path, tmp_path: Path) -> Report:
    here = unpacked(path.read_text(encoding="utf-8"), tmp_path)
    defaults = tmp_path / "defaults"
    return examine(here, None, defaults=defaults if defaults.exists() else None, now=NOW)


def row(name: str, report: Report) -> str:
    """The table's row for one repository."""
    guide = report.inspection.guide
    found = [
        f"{each.kind} {each.severity} {each.path}:{each.line} {each.subject}".strip()
        for each in report.findings
    ]
    found += [f"accepted: {each.finding.kind}" for each in report.exempted]
    where = f"{guide.provenance} {guide.path}".strip()
    result = "fails" if report.failing else "passes"
    said = "<br>".join(each.replace("|", "\\|") for each in [*found, *report.notes])
    return f"| {name} | {report.dialect} | {where} | {report.inspection.quality:.0%} | {result} | {said} |"


def test_twenty_five_repositories_come_out_as_the_table_says(tmp_path: Path) -> None:
    rows = [row(path.stem, looked_at(path, tmp_path / path.stem)) for path in REPOSITORIES]
    table = "\n".join([HEAD, *rows]) + "\n"
    if not GOLDEN.exists():
        GOLDEN.write_text(table, encoding="utf-8")
        pytest.fail(f"{GOLDEN.name} was written; read it, then run again")
    assert table == GOLDEN.read_text(encoding="utf-8")


def test_ushers_own_repository_passes_its_own_check() -> None:
    report = examine(ROOT, "github", now=NOW)
    assert [f"{each.path}:{each.line}: {each.message}" for each in report.findings] == []
    assert report.inspection.quality == 1


# --- The command ----------------------------------------------------------------------------------------


def run(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, ["check", *map(str, words)])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def wanting(tmp_path: Path) -> Path:
    """A repository to which something is lacking, grave and not."""
    return unpacked((REPOSITORIES[6]).read_text(encoding="utf-8"), tmp_path)


@pytest.fixture
def healthy(tmp_path: Path) -> Path:
    return unpacked((REPOSITORIES[0]).read_text(encoding="utf-8"), tmp_path)


def test_each_problem_is_told_with_its_line_and_how_to_mend_it(wanting: Path) -> None:
    code, out, _ = run(wanting)
    assert code == 1
    lines = out.splitlines()
    assert lines[0].startswith(
        "CODE_OF_CONDUCT.md:3: medium: '[INSERT CONTACT METHOD]' was left from a template."
    )
    assert lines[1] == "    Fill it in, or take it out."
    assert lines[-1] == "8 things to mend, 7 of them to be mended."


def test_a_healthy_repository_passes(healthy: Path) -> None:
    code, out, _ = run(healthy)
    assert code == 0
    assert out.splitlines()[-1] == "All is well."


@pytest.mark.parametrize(("limit", "code"), [("low", 1), ("medium", 1), ("high", 0), ("never", 0)])
def test_the_limit_decides_what_fails(wanting: Path, limit: str, code: int) -> None:
    assert run(wanting, "--fail-on", limit)[0] == code


def test_json_follows_its_published_schema(wanting: Path, healthy: Path) -> None:
    schema = json.loads((ROOT / "docs/schemas/check.schema.json").read_text(encoding="utf-8"))
    for directory in (wanting, healthy):
        _, out, _ = run(directory, "--json")
        jsonschema_rs.validator_for(schema).validate(json.loads(out))
    assert json.loads(run(wanting, "--json")[1])["failed"] is True


def test_annotations_are_workflow_commands(wanting: Path) -> None:
    code, out, _ = run(wanting, "--format", "annotations")
    assert code == 1
    first = out.splitlines()[0]
    assert first.startswith("::error file=CODE_OF_CONDUCT.md,line=3,title=marker ")
    assert all(re.fullmatch(r"::(error|warning|notice) file=[^,]+,line=\d+,title=[^:,]+::.+", each)
               for each in out.splitlines())  # fmt: skip


def test_gitlab_gets_a_code_quality_report(wanting: Path) -> None:
    said = json.loads(run(wanting, "--format", "codequality")[1])
    assert {frozenset(each) for each in said} == {
        frozenset({"description", "check_name", "fingerprint", "severity", "location"})
    }
    assert len({each["fingerprint"] for each in said}) == len(said) == 8


def test_code_scanning_gets_sarif(wanting: Path) -> None:
    said = json.loads(run(wanting, "--format", "sarif")[1])
    [scan] = said["runs"]
    rules = {each["id"] for each in scan["tool"]["driver"]["rules"]}
    assert {each["ruleId"] for each in scan["results"]} == rules == {"marker", "section_weak"}


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    assert run(tmp_path / "nowhere") == (2, "", f"{tmp_path / 'nowhere'} is no directory.\n")
    file = tmp_path / "file"
    file.write_text("x")
    assert run(file) == (2, "", f"{file} is a file; name the directory of the checkout.\n")


def test_an_empty_directory_lacks_a_guide(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path)
    assert code == 1
    assert "Add 'CONTRIBUTING.md'" in out


# --- In a checkout --------------------------------------------------------------------------------------


def git(directory: Path, *words: str, at: datetime = NOW) -> None:
    who = {
        "GIT_AUTHOR_NAME": "ana",
        "GIT_AUTHOR_EMAIL": "ana@shop.example",
        "GIT_AUTHOR_DATE": at.isoformat(),
    }
    who |= {"GIT_COMMITTER_NAME": "ana", "GIT_COMMITTER_EMAIL": "ana@shop.example"}
    who |= {"GIT_COMMITTER_DATE": at.isoformat()}
    subprocess.run(
        ["git", "-C", directory, *words], check=True, capture_output=True, env={**os.environ, **who}
    )


@pytest.mark.parametrize(("builds", "stale"), [(4, False), (5, True)])
def test_a_guide_that_the_build_left_behind_is_stale(healthy: Path, builds: int, stale: bool) -> None:
    git(healthy, "init", "--initial-branch=main")
    git(healthy, "add", ".")
    git(healthy, "commit", "-m", "first", at=NOW - timedelta(days=400))
    for number in range(builds):
        (healthy / ".github" / "workflows").mkdir(exist_ok=True)
        (healthy / ".github" / "workflows" / "ci.yml").write_text(f"on: push # {number}\n")
        git(healthy, "add", ".")
        git(healthy, "commit", "-m", "build", at=NOW - timedelta(days=100 - number))
    report = examine(healthy, None, now=NOW)
    assert [each.kind for each in report.findings] == (["guide_stale"] if stale else [])


def test_links_that_name_the_repository_itself_are_followed(healthy: Path) -> None:
    guide = healthy / "CONTRIBUTING.md"
    gone, there = (f"https://forge.example/shop/pay/blob/main/{path}" for path in ("gone.md", "README.md"))
    guide.write_text(f"{guide.read_text()}\n[a]({gone}) and [b]({there})\n")
    git(healthy, "init", "--initial-branch=main")
    git(healthy, "remote", "add", "origin", "https://ana:secret@forge.example/shop/pay.git")
    git(healthy, "add", ".")
    git(healthy, "commit", "-m", "first")
    git(healthy, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(healthy, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    report = examine(healthy, None, now=NOW)
    assert [(each.kind, each.subject) for each in report.findings] == [("link_broken", gone)]
    assert "secret" not in json.dumps(report.notes)


def test_a_commit_can_be_looked_at_instead_of_the_files_as_they_lie(healthy: Path) -> None:
    git(healthy, "init", "--initial-branch=main")
    git(healthy, "add", ".")
    git(healthy, "commit", "-m", "first")
    (healthy / "CONTRIBUTING.md").unlink()
    assert run(healthy, "--ref", "main")[0] == 0
    assert run(healthy)[0] == 1
    assert run(healthy, "--ref", "nowhere")[0] == 2


@pytest.mark.parametrize("in_git", [True, False])
def test_a_link_shows_nothing_that_is_not_the_repositorys(tmp_path: Path, in_git: bool) -> None:
    """In CI the checkout is a stranger's, and the machine around it is not."""
    here = tmp_path / "here"
    (here / "docs").mkdir(parents=True)
    if in_git:
        subprocess.run(["git", "init", "-q", here], check=True)
    (here / ".git").mkdir(exist_ok=True)
    (tmp_path / "secret").write_text("a-secret-of-the-machine @nobody\n")
    config = here / ".git" / "config"
    config.write_text((config.read_text() if in_git else "") + "# a-secret-of-git\n")
    (here / "CODEOWNERS").symlink_to(tmp_path / "secret")
    (here / "CONTRIBUTING.md").symlink_to(".git/config")
    (here / "README.md").symlink_to("README.md")
    (here / "elsewhere").symlink_to(tmp_path)
    (here / "docs" / "CODE_OF_CONDUCT.md").write_text("# Be kind\n")
    (here / "CODE_OF_CONDUCT.md").symlink_to("docs/CODE_OF_CONDUCT.md")
    seen = source(here, None)
    assert seen.read("CODE_OF_CONDUCT.md") == b"# Be kind\n"  # as forges follow it
    for path in (
        "CODEOWNERS",
        "CONTRIBUTING.md",
        "README.md",
        "elsewhere/secret",
        "../secret",
        ".git/config",
    ):
        assert seen.read(path) is None, path
    told = CliRunner().invoke(cli, ["check", str(here)])
    assert told.exit_code == 1
    assert "a-secret" not in told.output
