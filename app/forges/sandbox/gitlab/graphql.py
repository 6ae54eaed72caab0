"""The queries of GraphQL without a counterpart in REST.

What ails a CODEOWNERS file, who is below a group, and whose account wrote a commit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.forges.sandbox import git, membership, rules
from app.forges.sandbox.gitlab.answers import Problem
from app.forges.sandbox.gitlab.calls import group_path, groups, projects_in
from app.forges.sandbox.gitlab.tokens import Caller, Token
from app.forges.sandbox.http import Answer
from app.forges.sandbox.membership import Group
from app.forges.sandbox.world import Account, Repository, World

PLACES = ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")  # Code Owners: the first one counts

_PAGE = 100
_OWNER = re.compile(r"@@?[\w.-]+(/[\w.-]+)*|[^\s@]+@[^\s@]+")


def answer_query(world: World, caller: Caller, body: Mapping[str, Any]) -> Answer:
    """`project.repository.validateCodeownerFile`, `project.mergeRequest.commitsWithoutMergeCommits` and
    `group.groupMembers`, with or without variables.
    """
    query, variables = body.get("query"), body.get("variables") or {}
    if not isinstance(query, str):
        raise Problem(400, error="query is missing")
    if "groupMembers" in query:
        return Answer(200, {"data": {"group": _group_members(world, caller, query, variables)}})
    if "commitsWithoutMergeCommits" in query:
        return Answer(200, {"data": {"project": _commits(world, caller, query, variables)}})
    if "validateCodeownerFile" not in query:
        return Answer(200, {"errors": [{"message": "This query is not answered here"}]})
    wanted = {name: _argument(query, variables, name) for name in ("fullPath", "ref", "path")}
    project = world.repository(wanted["fullPath"] or "")
    if project is None or not _sees(project, caller):
        return Answer(200, {"data": {"project": None}})
    if not world.edition.reads_owners:
        return Answer(
            200, {"errors": [{"message": "Field 'validateCodeownerFile' doesn't exist on type 'Repository'"}]}
        )
    found = _validation(world, project, wanted["ref"], wanted["path"])
    return Answer(200, {"data": {"project": {"repository": {"validateCodeownerFile": found}}}})


def _argument(query: str, variables: Mapping[str, Any], name: str) -> str | None:
    found = re.search(rf'\b{name}\s*:\s*(?:"([^"]*)"|\$(\w+))', query)
    if found is None:
        return None
    return found[1] if found[1] is not None else variables.get(found[2])


def _sees(project: Repository, caller: Caller) -> bool:
    if not isinstance(caller, Token):
        return project.visibility == "public"
    return rules.access(project, caller.account) != "none"


def _commits(world: World, caller: Caller, query: str, variables: Mapping[str, Any]) -> dict[str, Any] | None:
    """The newest commits of a merge request, without merges; the author is null where the address is nobody's."""
    project = world.repository(_argument(query, variables, "fullPath") or "")
    if project is None or not _sees(project, caller):
        return None
    iid = str(_argument(query, variables, "iid"))
    change = next((each for each in project.changes if str(each.number) == iid), None)
    if change is None:
        return {"mergeRequest": None}
    written = git.between(project.history.commits, change.merge_base, change.head)[::-1]
    nodes = []
    for each in (each for each in written if len(each.parents) < 2):
        who = world.account(each.author)
        nodes.append({"sha": each.sha, "author": {"username": who.login} if who else None})
    return {"mergeRequest": {"commitsWithoutMergeCommits": {"nodes": nodes[:_PAGE]}}}


def _group_members(
    world: World, caller: Caller, query: str, variables: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Members by their relation to the group, those whose name has the searched text; None for a hidden group."""
    path, search = (_argument(query, variables, name) or "" for name in ("fullPath", "search"))
    group = next((each for each in groups(world) if group_path(each).casefold() == path.casefold()), None)
    if group is None or not isinstance(caller, Token) or not _sees_group(world, group, caller.account):
        return None
    relations = re.search(r"relations\s*:\s*\[([^\]]*)\]", query)
    wanted = set(re.findall(r"\w+", relations[1])) if relations else {"DIRECT", "INHERITED"}
    found: set[str] = set()
    if "DIRECT" in wanted:
        found |= _logins(group)
    if "INHERITED" in wanted:
        found |= {login for each in membership.above(group) for login in _logins(each)}
    if "DESCENDANTS" in wanted:
        below = (each for each in groups(world) if group in membership.above(each))
        found |= {login for each in below for login in _logins(each)}
    matching = sorted(login for login in found if search.casefold() in login.casefold())
    nodes = [{"user": {"username": login}} for login in matching[:_PAGE]]
    return {"groupMembers": {"nodes": nodes, "pageInfo": {"hasNextPage": len(matching) > _PAGE}}}


def _logins(group: Group) -> set[str]:
    return {who.login for who, _ in membership.direct(group).values()}


def _sees_group(world: World, group: Group, who: Account) -> bool:
    """As over REST: its own members, and whoever has a project below it."""
    if who.id in membership.everyone(group):
        return True
    return any(rules.access(each, who) != "none" for each in projects_in(world, group, below=True))


def _validation(
    world: World, project: Repository, ref: str | None, path: str | None
) -> dict[str, Any] | None:
    """`total` and the lines of each kind of error; None where there is no such file."""
    commit = project.at(ref or project.default_branch)
    tree = commit.tree if commit else {}
    place = path or next((each for each in PLACES if each in tree), None)
    if place is None or place not in tree:
        return None
    lines = tree[place].content.decode(errors="replace").split("\n")
    problems: dict[str, list[int]] = {}
    for number, line in enumerate(lines, start=1):
        for code in _syntax(line):
            problems.setdefault(code, []).append(number)
    if not problems:
        for number, line in enumerate(lines, start=1):
            for code in _reach(world, project, line):
                problems.setdefault(code, []).append(number)
    errors = [{"code": code, "lines": found} for code, found in problems.items()]
    return {"total": sum(len(found) for found in problems.values()), "validationErrors": errors}


def _syntax(line: str) -> Iterator[str]:
    text = line.strip()
    if not text or text.startswith("#"):
        return
    if re.match(r"\^?\[", text):
        yield from _header(text)
        return
    owners = re.split(r"(?<!\\)\s+", text)[1:]
    if not owners:
        yield "missing_entry_owner"
    elif any(not _OWNER.fullmatch(each) for each in owners):
        yield "malformed_entry_owner"


def _header(text: str) -> Iterator[str]:
    if "]" not in text:
        yield "invalid_section_format"
    elif re.match(r"\^?\[\s*\]", text):
        yield "missing_section_name"
    elif re.match(r"\^\[[^\]]*\]\[\s*[1-9]", text) or re.match(r"\^?\[[^\]]*\]\[\s*\]", text):
        yield "invalid_approval_requirement"


def _reach(world: World, project: Repository, line: str) -> Iterator[str]:
    """Owners that nobody can see, and those who may not approve here."""
    text = line.strip()
    if not text or text.startswith(("#", "[", "^[", "!")):
        return
    for name in re.findall(r"(?<!\S)@([\w.-]+)(?!\S)", text):
        who = world.account(name)
        if who is None:
            yield "inaccessible_owner"
        elif who.kind != "organisation" and not rules.at_least(rules.access(project, who), "write"):
            yield "owner_without_permission"
