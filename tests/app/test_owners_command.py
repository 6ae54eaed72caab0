"""`usher owners` on real checkouts: what it prints, and with which code it exits."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest
import typer
from typer.testing import CliRunner

from app.commands.owners import Exit, owners

ROOT = Path(__file__).parents[2]
SCHEMA = jsonschema_rs.validator_for(json.loads((ROOT / "docs/schemas/owners.schema.json").read_text()))

app = typer.Typer()
app.command("owners")(owners)


class Repository:
    """A git checkout, and the command run on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        return subprocess.run(
            ["git", "-C", self.root, *identity, *words], check=True, capture_output=True, text=True
        ).stdout

    def write(self, path: str, content: str | bytes = "") -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-qm", "x")
        return self.git("rev-parse", "HEAD").strip()

    def usher(self, *words: str, stdin: bytes = b""):
        return CliRunner().invoke(app, ["-C", str(self.root), *words], input=stdin)

    def told(self, *words: str, stdin: bytes = b"", code: int = 0) -> dict:
        result = self.usher(*words, "--json", stdin=stdin)
        assert result.exit_code == code, result.output
        told = json.loads(result.stdout)
        SCHEMA.validate(told)
        return told


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    found = Repository(tmp_path)
    found.write(".github/CODEOWNERS", "* @all\n/docs/ @d\n/free/\n")
    found.write("README.md")
    found.write("docs/a.md")
    found.write("free/x")
    return found


# --- JSON -----------------------------------------------------------------------------------------------


def test_a_path_is_told_with_its_owners_and_the_line_that_decides(repository):
    """The JSON has the published shape; GitHub has no sections and no approvals."""
    told = repository.told("docs/a.md", "--dialect", "github")
    assert told == {
        "schema": 1,
        "dialect": "github",
        "file": ".github/CODEOWNERS",
        "ref": None,
        "blob": repository.git("hash-object", ".github/CODEOWNERS").strip(),
        "status": "ok",
        "truncated": False,
        "paths": [
            {
                "path": "docs/a.md",
                "role": "new",
                "matched": True,
                "owners": ["@d"],
                "line": 2,
                "text": "/docs/ @d",
                "optional": False,
                "approvals": None,
                "sections": [],
            }
        ],
        "errors": [],
    }


def test_gitlab_has_an_answer_for_each_section(repository):
    """Owners are the union in section order; the line stands in the sections."""
    repository.write(
        ".gitlab/CODEOWNERS", "* @all\n[Go][2] @g @all\n*.go\n!/free/\n^[Docs] @d\n*.md\n[q\n*.py nobody\n"
    )
    told = repository.told("a.go", "free/a.go", "a.md", "--dialect", "gitlab")
    both, excluded, optional = told["paths"]
    assert (told["file"], both["owners"], both["line"], both["text"]) == (
        ".gitlab/CODEOWNERS",
        ["@all", "@g"],
        None,
        None,
    )
    assert (both["approvals"], both["optional"]) == (2, False)
    assert both["sections"][1] == {
        "name": "Go",
        "owners": ["@g", "@all"],
        "line": 3,
        "text": "*.go",
        "pattern": "*.go",
        "optional": False,
        "declared": 2,
        "approvals": 2,
        "effective": None,
        "excluded": False,
    }
    assert (excluded["owners"], excluded["line"], excluded["approvals"]) == (["@all"], 1, 1)
    assert [section["excluded"] for section in excluded["sections"]] == [False, True]
    assert optional["sections"][1]["optional"] is True
    assert optional["sections"][1]["approvals"] == 0
    assert [(error["line"], error["kind"]) for error in told["errors"]] == [
        (7, "invalid_section_format"),
        (8, "malformed_entry_owner"),
    ]


def test_without_paths_every_file_is_told(repository):
    """Tracked files and new ones, not what git ignores."""
    repository.write(".gitignore", "built/\n")
    repository.write("built/x")
    repository.commit()
    repository.write("new")
    told = repository.told("--dialect", "github")
    assert sorted(path["path"] for path in told["paths"]) == [
        ".github/CODEOWNERS",
        ".gitignore",
        "README.md",
        "docs/a.md",
        "free/x",
        "new",
    ]


def test_a_directory_stands_for_all_files_below_it(repository):
    """A slash at the end asks for the directory."""
    repository.write("docs/deep/b.md")
    told = repository.told("docs/", "./README.md", "--dialect", "github")
    assert sorted(path["path"] for path in told["paths"]) == ["README.md", "docs/a.md", "docs/deep/b.md"]


def test_a_revision_has_its_own_file_and_tree(repository):
    """--ref reads file and tree of a commit, whatever lies in the working tree."""
    first = repository.commit()
    repository.write(".github/CODEOWNERS", "* @new\n")
    repository.write("later")
    second = repository.commit()
    repository.write(".github/CODEOWNERS", "* @uncommitted\n")
    old, new = (repository.told("--ref", ref, "--dialect", "github") for ref in (first, "main"))
    assert (old["ref"], new["ref"]) == (first, second)
    assert "later" not in {path["path"] for path in old["paths"]}
    assert {path["path"]: path["owners"] for path in old["paths"]}["docs/a.md"] == ["@d"]
    assert {path["path"]: path["owners"] for path in new["paths"]}["later"] == ["@new"]
    assert repository.told("x", "--dialect", "github")["paths"][0]["owners"] == ["@uncommitted"]


def test_paths_come_from_standard_input_with_nul_between(repository):
    """A path may have any byte but NUL; what is no UTF-8 is told in base64 too."""
    repository.write(".github/CODEOWNERS", b"* @all\n/\xff/ @odd\n")
    told = repository.told("--stdin0", "--dialect", "github", stdin=b"a b\0\xff/x\0line\nfeed\0a b\0")
    assert [path["path"] for path in told["paths"]] == ["a b", "\ufffd/x", "line\nfeed"]
    odd = told["paths"][1]
    assert base64.b64decode(odd["path_bytes"]) == b"\xff/x"
    assert (odd["owners"], odd["text"]) == (["@odd"], "/\ufffd/ @odd")
    assert "path_bytes" not in told["paths"][0]
    assert [error["kind"] for error in told["errors"]] == ["encoding"]


def test_a_directory_that_is_no_checkout_can_be_asked(tmp_path):
    """No git is needed."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/CODEOWNERS").write_text("/docs/ @d\n")
    result = CliRunner().invoke(app, ["-C", str(tmp_path), "--dialect", "gitlab", "--json"])
    told = json.loads(result.stdout)
    assert [(path["path"], path["owners"]) for path in told["paths"]] == [("docs/CODEOWNERS", ["@d"])]


@pytest.mark.parametrize(
    ("dialect", "present", "used"),
    [
        ("github", [".github", "", "docs"], ".github/CODEOWNERS"),
        ("github", ["", "docs", ".gitlab"], "CODEOWNERS"),
        ("github", ["docs", ".gitlab"], "docs/CODEOWNERS"),
        ("gitlab", [".gitlab", "", "docs", ".github"], "CODEOWNERS"),
        ("gitlab", [".gitlab", "docs"], "docs/CODEOWNERS"),
        ("gitlab", [".gitlab", ".github"], ".gitlab/CODEOWNERS"),
    ],
)
def test_the_first_file_in_the_forges_order_is_the_one(tmp_path, dialect, present, used):
    """GitHub: .github, root, docs. GitLab: root, docs, .gitlab."""
    repository = Repository(tmp_path)
    for folder in present:
        repository.write(f"{folder}/CODEOWNERS".lstrip("/"), "* @a\n")
    repository.commit()
    assert repository.told("x", "--dialect", dialect)["file"] == used
    assert repository.told("x", "--dialect", dialect, "--ref", "HEAD")["file"] == used


@pytest.mark.parametrize(
    ("remote", "dialect"),
    [
        ("https://github.com/o/r.git", "github"),
        ("git@github.example.com:gitlab/r.git", "github"),
        ("https://user:secret@gitlab.example.com/github/r", "gitlab"),
        ("ssh://git@gitlab.com/g/r.git", "gitlab"),
    ],
)
def test_the_dialect_is_that_of_the_origins_host(tmp_path, remote, dialect):
    """Without --dialect the checkout says which forge it is of."""
    repository = Repository(tmp_path)
    repository.git("remote", "add", "origin", remote)
    repository.write("CODEOWNERS", "* @a\n")
    assert repository.told("x")["dialect"] == dialect


def test_the_dialect_is_never_guessed_from_what_the_file_says(tmp_path):
    """A file in .gitlab is GitLab's; one in the root could be anybody's, and then the command asks."""
    repository = Repository(tmp_path)
    repository.write("CODEOWNERS", "[S] @a\n*\n")
    result = repository.usher("x")
    assert result.exit_code == 2
    assert "--dialect" in result.stderr
    repository.write(".gitlab/CODEOWNERS", "* @a\n")
    assert repository.told("x")["dialect"] == "gitlab"


# --- Exit codes -----------------------------------------------------------------------------------------


def test_errors_are_listed_and_do_not_fail_unless_they_are_checked_for(repository):
    """0: answered; 1: --check found errors."""
    repository.write(".github/CODEOWNERS", "* @all\n*.py @ok dev\n")
    told = repository.told("x.py", "--dialect", "github")
    assert [
        (error["line"], error["column"], error["kind"], error["suggestion"]) for error in told["errors"]
    ] == [(2, 10, "Invalid owner", "@dev")]
    assert repository.told("x.py", "--dialect", "github", "--check", code=1)["paths"] == told["paths"]


def test_a_doubtful_line_is_told_and_is_no_error(repository):
    """--check tells lines that never decide, match nothing, or differ between forges; none fails."""
    repository.write(".github/CODEOWNERS", "/docs @d\n/gone/ @g\n* @all\n")
    told = repository.told("--check", "--dialect", "github")
    assert [(error["line"], error["kind"]) for error in told["errors"]] == [
        (1, "shadowed"),
        (1, "differs"),
        (2, "shadowed"),
        (2, "matches_nothing"),
    ]


def test_a_path_without_an_owner_fails_where_owners_are_required(repository):
    """1: --require-owner; un-owned on purpose is without an owner too."""
    repository.told("docs/a.md", "--require-owner", "--dialect", "github")
    told = repository.told("docs/a.md", "free/x", "--require-owner", "--dialect", "github", code=1)
    assert (told["paths"][1]["matched"], told["paths"][1]["owners"]) == (True, [])
    repository.told("free/x", "--require-owner", "--stats", "--dialect", "github", code=1)


@pytest.mark.parametrize(
    "words", [["--nonsense"], ["--ref", "nowhere"], ["--dialect", "other"], ["--ref", "-x"]]
)
def test_what_cannot_be_asked_is_a_usage_error(repository, words):
    """2, with a sentence on standard error and nothing on standard output."""
    result = repository.usher("x", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


def test_no_directory_is_a_usage_error(tmp_path):
    """2."""
    assert CliRunner().invoke(app, ["-C", str(tmp_path / "gone"), "--dialect", "github"]).exit_code == 2


def test_a_missing_file_is_told_with_everything_unowned(tmp_path):
    """3: the JSON is printed all the same."""
    repository = Repository(tmp_path)
    repository.write("a")
    told = repository.told("--dialect", "gitlab", code=3)
    assert (told["status"], told["file"], told["blob"]) == ("missing", None, None)
    assert [(path["path"], path["matched"], path["owners"]) for path in told["paths"]] == [("a", False, [])]
    assert repository.told("a", "--dialect", "github", "--file", "gone", "--require-owner", code=3)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(b"#" * 3_145_728, "too_large", id="3 MiB"),
        pytest.param(b"* @a\0", "binary", id="a NUL"),
        pytest.param(b"/a @a\n" * 20_001, "refused", id="20,001 rules"),
    ],
)
def test_a_file_that_is_not_used_asks_nobody(repository, content, status):
    """4: too large, binary or refused; its problem is told."""
    repository.write(".github/CODEOWNERS", content)
    told = repository.told("a", "--dialect", "github", code=4)
    assert (told["status"], told["paths"][0]["owners"]) == (status, [])
    assert len(told["errors"]) == 1


def test_a_lookup_that_costs_too_much_asks_nobody(repository):
    """4: refused, with the problem `too_costly`; not one of the paths has an owner."""
    repository.write(".github/CODEOWNERS", "* @all\n" + "/d/*?a*b @x\n" * 50)
    told = repository.told("x", "d/aaaa", "--steps", "60", "--dialect", "github", code=4)
    assert (told["status"], [error["kind"] for error in told["errors"]]) == ("refused", ["too_costly"])
    assert [path["owners"] for path in told["paths"]] == [[], []]
    assert repository.told("x", "d/aaaa", "--dialect", "github")["status"] == "ok"


# --- For people -----------------------------------------------------------------------------------------


def test_people_read_one_line_a_path(repository):
    """The path and its owners; who is nobody is said."""
    result = repository.usher("docs/a.md", "free/x", "--dialect", "github")
    assert result.stdout == "docs/a.md: @d\nfree/x: nobody, on purpose\n"


def test_an_explanation_tells_each_line_that_matches(repository):
    """--explain: won, overridden, and what nearly matched."""
    result = repository.usher("Docs/a.md", "docs/a.md", "--explain", "--dialect", "github")
    assert result.stdout.splitlines() == [
        "Docs/a.md: @all",
        "  line 1: * @all – won",
        "  line 2: /docs/ @d – not matched. It is written in other upper and lower case; paths count it.",
        "docs/a.md: @d",
        "  line 1: * @all – overridden by line 2",
        "  line 2: /docs/ @d – won",
    ]
    told = repository.told("docs/a.md", "--explain", "--dialect", "github")
    assert [line["outcome"] for line in told["paths"][0]["explanation"]["considered"]] == [
        "overridden",
        "won",
    ]


def test_gitlab_sections_are_told_with_what_they_need(repository):
    """Each section with its owners and approvals, an excluded one as such."""
    repository.write("CODEOWNERS", "* @a\n[Go][2] @g\n*.go\n^[Docs] @d\n/x/\n!/x/\n")
    result = repository.usher("x/a.go", "--dialect", "gitlab")
    assert "x/a.go: [codeowners] @a (1 to approve); [Go] @g (2 to approve); [Docs] excluded" in result.stdout
    assert "CODEOWNERS:6:1: warning: repeated_key:" in result.stdout


def test_files_without_an_owner_can_be_listed_alone(repository):
    """--unowned."""
    assert repository.usher("--unowned", "--dialect", "github").stdout == "free/x: nobody, on purpose\n"
    assert [path["path"] for path in repository.told("--unowned", "--dialect", "github")["paths"]] == [
        "free/x"
    ]


def test_the_share_of_each_owner_can_be_counted(repository):
    """--stats: files with an owner, and files of each owner."""
    result = repository.usher("--stats", "--dialect", "github")
    assert result.stdout.splitlines() == [
        "3 of 4 files have an owner (75.0%).",
        "2   50.0%  @all",
        "1   25.0%  @d",
    ]
    assert repository.told("--stats", "--dialect", "github")["stats"] == {
        "files": 4,
        "owned": 3,
        "share": 0.75,
        "owners": {"@all": 2, "@d": 1},
    }


def test_a_big_tree_is_answered_path_by_path(repository):
    """Twenty-five thousand paths come back in their order, with nothing but the answer on standard output."""
    paths = [f"docs/{number}" if number % 2 else str(number) for number in range(25_000)]
    told = repository.told("--stdin0", "--dialect", "github", stdin="\0".join(paths).encode())
    assert [path["path"] for path in told["paths"]] == paths
    assert {path["owners"][0] for path in told["paths"][1::2]} == {"@d"}


def test_the_command_runs_by_itself(repository):
    """As a process, with the exit code as its result."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "app.commands.owners",
            "-C",
            repository.root,
            "--dialect",
            "github",
            "docs/a.md",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "docs/a.md: @d\n", "")


def test_every_option_and_exit_code_is_documented():
    """docs/owners.md names each option of the command, each exit code, and each status."""
    text = (ROOT / "docs/owners.md").read_text()
    command = typer.main.get_command(app)
    options = {name for parameter in command.params for name in parameter.opts if name.startswith("-")}
    options -= {"--install-completion", "--show-completion"}  # of this test's own program
    missing = {name for name in options if f"`{name}" not in text}
    assert not missing
    assert all(f"| {code.value} |" in text for code in Exit)
