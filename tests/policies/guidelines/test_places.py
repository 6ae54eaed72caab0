"""Which file counts, as each forge decides it, and whose it is."""

from __future__ import annotations

import pytest

from policies.facts import Tree
from policies.guidelines import places
from policies.guidelines.places import Defaults, Kind
from policies.owners import Dialect

ORGANISATION = Defaults("shop/.github", Tree((".github/CONTRIBUTING.md", "CONTRIBUTING.md", "SECURITY.md",
                                              "LICENSE", "README.md", ".github/ISSUE_TEMPLATE/bug.yml")))  # fmt: skip
NAMED = Defaults(
    "shop/defaults", Tree(("docs/CONTRIBUTING.md", "contributing.txt", "SUPPORT.md")), by_usher=True
)


@pytest.mark.parametrize(
    ("kind", "dialect", "files", "found"),
    [
        ("contributing", "github", "docs/CONTRIBUTING.md CONTRIBUTING.md .github/CONTRIBUTING.md",
         ".github/CONTRIBUTING.md"),
        ("contributing", "github", "docs/CONTRIBUTING.md CONTRIBUTING.md", "CONTRIBUTING.md"),
        ("contributing", "github", "docs/contributing.rst", "docs/contributing.rst"),
        ("contributing", "github", "Contributing.txt CONTRIBUTING.rst contributing.MD", "contributing.MD"),
        ("contributing", "github", "CONTRIBUTING.txt CONTRIBUTING.rst CONTRIBUTING", "CONTRIBUTING"),
        ("contributing", "github", "CONTRIBUTING-de.md contributing.de.md src/CONTRIBUTING.md", ""),
        ("contributing", "gitlab", "docs/CONTRIBUTING.md .gitlab/CONTRIBUTING.md", ""),
        ("contributing", "gitlab", "contributing-guide.adoc CONTRIBUTING.md", "CONTRIBUTING.md"),
        ("contributing", "gitlab", "contributing-guide.adoc", "contributing-guide.adoc"),
        ("support", "gitlab", ".gitlab/SUPPORT.md docs/SUPPORT.md", "docs/SUPPORT.md"),
        ("readme", "gitlab", "docs/README.md", ""),
        ("readme", "github", "docs/README.md README.md .github/README.md", ".github/README.md"),
        ("agents", "github", "AGENTS.md", "AGENTS.md"),
        ("license", "github", "docs/LICENSE LICENSE.txt COPYING", "COPYING"),
        ("license", "gitlab", "licence.md", "licence.md"),
        ("codeowners", "github", "docs/CODEOWNERS CODEOWNERS", "CODEOWNERS"),
        ("codeowners", "gitlab", ".gitlab/CODEOWNERS docs/CODEOWNERS", "docs/CODEOWNERS"),
        ("codeowners", "github", "codeowners .gitlab/CODEOWNERS", ""),
    ],
)  # fmt: skip
def test_the_file_that_counts(kind: Kind, dialect: Dialect, files: str, found: str) -> None:
    assert places.find(kind, dialect, Tree(tuple(files.split()))).path == found


@pytest.mark.parametrize(
    ("kind", "dialect", "files", "found"),
    [
        ("issue_templates", "github", ".github/ISSUE_TEMPLATE/b.yml .github/ISSUE_TEMPLATE/a.md "
         ".github/ISSUE_TEMPLATE/config.yml .github/ISSUE_TEMPLATE/c.txt",
         ".github/ISSUE_TEMPLATE/a.md .github/ISSUE_TEMPLATE/b.yml"),
        ("issue_templates", "github", "docs/issue_template.md", "docs/issue_template.md"),
        ("issue_templates", "gitlab", ".gitlab/issue_templates/Bug.md .github/ISSUE_TEMPLATE/a.md",
         ".gitlab/issue_templates/Bug.md"),
        ("change_templates", "github", "pull_request_template.txt docs/PULL_REQUEST_TEMPLATE/a.md "
         ".github/PULL_REQUEST_TEMPLATE.md",
         "pull_request_template.txt docs/PULL_REQUEST_TEMPLATE/a.md .github/PULL_REQUEST_TEMPLATE.md"),
        ("change_templates", "gitlab", ".gitlab/merge_request_templates/Default.md PULL_REQUEST_TEMPLATE.md",
         ".gitlab/merge_request_templates/Default.md"),
    ],
)  # fmt: skip
def test_templates(kind: Kind, dialect: Dialect, files: str, found: str) -> None:
    assert places.find(kind, dialect, Tree(tuple(files.split()))).paths == tuple(found.split())


@pytest.mark.parametrize(
    ("kind", "dialect", "files", "provenance", "repository", "path"),
    [
        ("contributing", "github", "README.md", "inherited", "shop/.github", ".github/CONTRIBUTING.md"),
        ("support", "github", "README.md", "inherited", "shop/defaults", "SUPPORT.md"),
        ("license", "github", "README.md", "absent", "", ""),
        ("readme", "github", "x", "absent", "", ""),
        ("issue_templates", "github", "x", "inherited", "shop/.github", ".github/ISSUE_TEMPLATE/bug.yml"),
        ("issue_templates", "github", ".github/ISSUE_TEMPLATE/config.yml", "absent", "", ""),
        ("contributing", "gitlab", "x", "inherited", "shop/defaults", "contributing.txt"),
        ("security", "gitlab", "x", "absent", "", ""),
    ],
)
def test_what_is_inherited(
    kind: Kind, dialect: Dialect, files: str, provenance: str, repository: str, path: str
) -> None:
    """GitLab itself inherits nothing; what Usher's own rules name is inherited on both."""
    found = places.find(kind, dialect, Tree(tuple(files.split())), [ORGANISATION, NAMED])
    assert (found.provenance, found.repository, found.path) == (provenance, repository, path)
    assert found.by_usher == (repository == "shop/defaults")


@pytest.mark.parametrize(
    ("path", "concerns"),
    [
        ("CONTRIBUTING.md", True),
        (".github/ISSUE_TEMPLATE/a.md", True),
        ("src/a.py", False),
        ("LICENSE", True),
    ],
)
def test_which_paths_are_worth_a_look(path: str, concerns: bool) -> None:
    assert places.concerns(path, "github") == concerns
