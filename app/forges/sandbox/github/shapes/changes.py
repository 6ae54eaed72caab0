"""Pull requests, issues, reviews and comments in GitHub's JSON."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import quote

from app.forges.sandbox import git, rules
from app.forges.sandbox.acts.changes import merge_tree
from app.forges.sandbox.github.shapes.people import app, association, team, user
from app.forges.sandbox.github.shapes.repositories import repository
from app.forges.sandbox.github.site import Site, instant, node_id
from app.forges.sandbox.world import (
    Change,
    Comment,
    Issue,
    Label,
    LineRemark,
    Reaction,
    Repository,
    Review,
)

# Counts and merge state: only in a pull request that is asked for by itself, and in its own events.
_DETAILS = (
    "merged",
    "mergeable",
    "rebaseable",
    "mergeable_state",
    "merged_by",
    "comments",
    "review_comments",
    "maintainer_can_modify",
    "commits",
    "additions",
    "deletions",
    "changed_files",
)


def pull_simple(site: Site, known: Change) -> dict[str, Any]:
    """`pull-request-simple`: in lists, and in answers to requests for review."""
    place = known.repository
    url = site.api(f"/repos/{place.full_name}/pulls/{known.number}")
    issue_url = site.api(f"/repos/{place.full_name}/issues/{known.number}")
    page = site.web(f"/{place.full_name}/pull/{known.number}")
    statuses = site.api(f"/repos/{place.full_name}/statuses/{known.head}")
    comment_url = site.api(f"/repos/{place.full_name}/pulls/comments{{/number}}")
    return {
        "url": url,
        "id": known.id,
        "node_id": node_id("PullRequest", known.id),
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue_url,
        "number": known.number,
        "state": "open" if known.open else "closed",
        "locked": known.locked,
        "title": known.title,
        "user": user(site, known.by),
        "body": known.body,
        "created_at": instant(known.opened_at),
        "updated_at": instant(known.updated_at),
        "closed_at": instant(known.closed_at),
        "merged_at": instant(known.merged_at),
        "merge_commit_sha": known.merge_commit,
        "assignee": user(site, known.assignees[0]) if known.assignees else None,
        "assignees": [user(site, person) for person in known.assignees],
        "requested_reviewers": [user(site, person) for person in known.requested],
        "requested_teams": [team(site, each) for each in known.requested_teams],
        "labels": [label(site, place, each) for each in known.labels],
        "milestone": None,
        "draft": known.draft,
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": comment_url,
        "comments_url": f"{issue_url}/comments",
        "statuses_url": statuses,
        "head": _end(site, known.head_repository, known.head_branch, known.head, known),
        "base": _end(site, place, known.base, place.branches.get(known.base, known.merge_base), known),
        "_links": {
            "self": {"href": url},
            "html": {"href": page},
            "issue": {"href": issue_url},
            "comments": {"href": f"{issue_url}/comments"},
            "review_comments": {"href": f"{url}/comments"},
            "review_comment": {"href": comment_url},
            "commits": {"href": f"{url}/commits"},
            "statuses": {"href": statuses},
        },
        "author_association": association(place, known.by),
        "auto_merge": None,
        "active_lock_reason": None,
    }


def pull(site: Site, known: Change, *, mergeable: bool | None) -> dict[str, Any]:
    """`pull-request`. `mergeable` is None while GitHub is still computing it."""
    files = known.files
    details = (
        known.merged,
        None if known.merged else mergeable,
        None if known.merged else mergeable,
        _merge_state(known, mergeable),
        user(site, known.merged_by) if known.merged_by else None,
        len(known.comments),
        sum(len(thread.remarks) for thread in known.threads),
        known.from_fork,
        len(commits(known)),
        sum(file.additions for file in files),
        sum(file.deletions for file in files),
        len(files),
    )
    return {**pull_simple(site, known), **dict(zip(_DETAILS, details, strict=True))}


def pull_reduced(site: Site, known: Change) -> dict[str, Any]:
    """The pull request inside review events: no counts, no merge state."""
    return pull_simple(site, known)


def commits(known: Change) -> list[git.Commit]:
    """The commits that the change adds, oldest first."""
    return git.between(known.repository.history.commits, known.merge_base, known.head)


def can_merge(known: Change) -> bool:
    return merge_tree(known) is not None


def _merge_state(known: Change, mergeable: bool | None) -> str:
    if known.draft and mergeable:
        return "draft"
    if mergeable is None or known.merged:
        return "unknown"
    if not mergeable:
        return "dirty"
    protection = known.repository.protections.get(known.base)
    waiting = protection is not None and len(rules.approvers(known)) < protection.approvals
    return "blocked" if waiting else "clean"


def _end(site: Site, place: Repository | None, branch: str, sha: str, known: Change) -> dict[str, Any]:
    """`head` or `base`; the head's repository and user are null once the fork is deleted."""
    owner = place.owner if place else None
    return {
        "label": f"{owner.login if owner else 'unknown repository'}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": user(site, owner) if owner else user(site, known.by),
        "repo": repository(site, place) if place else None,
    }


def issue(site: Site, known: Issue) -> dict[str, Any]:
    """`issue`; a change is one too, told apart by `pull_request`."""
    place = known.repository
    url = site.api(f"/repos/{place.full_name}/issues/{known.number}")
    kind = "pull" if isinstance(known, Change) else "issues"
    page = site.web(f"/{place.full_name}/{kind}/{known.number}")
    shape: dict[str, Any] = {
        "url": url,
        "repository_url": site.api(f"/repos/{place.full_name}"),
        "labels_url": url + "/labels{/name}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": page,
        "id": known.id,
        "node_id": node_id("Issue", known.id),
        "number": known.number,
        "title": known.title,
        "user": user(site, known.by),
        "labels": [label(site, place, each) for each in known.labels],
        "state": "open" if known.open else "closed",
        "locked": known.locked,
        "assignee": user(site, known.assignees[0]) if known.assignees else None,
        "assignees": [user(site, person) for person in known.assignees],
        "milestone": None,
        "comments": len(known.comments),
        "created_at": instant(known.opened_at),
        "updated_at": instant(known.updated_at),
        "closed_at": instant(known.closed_at),
        "author_association": association(place, known.by),
        "active_lock_reason": None,
        "body": known.body,
        "closed_by": user(site, known.closed_by) if known.closed_by else None,
        "reactions": _reactions(f"{url}/reactions", []),
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": app(site) if known.by.kind == "bot" else None,
        "state_reason": known.state_reason,
    }
    if isinstance(known, Change):
        pulls = site.api(f"/repos/{place.full_name}/pulls/{known.number}")
        links = {"url": pulls, "html_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch"}
        shape["draft"] = known.draft
        shape["pull_request"] = {**links, "merged_at": instant(known.merged_at)}
    return shape


def comment(site: Site, known: Comment) -> dict[str, Any]:
    """`issue-comment`. One that an App wrote says so."""
    place = known.subject.repository
    url = site.api(f"/repos/{place.full_name}/issues/comments/{known.id}")
    kind = "pull" if isinstance(known.subject, Change) else "issues"
    page = site.web(f"/{place.full_name}/{kind}/{known.subject.number}")
    return {
        "url": url,
        "html_url": f"{page}#issuecomment-{known.id}",
        "issue_url": site.api(f"/repos/{place.full_name}/issues/{known.subject.number}"),
        "id": known.id,
        "node_id": node_id("IssueComment", known.id),
        "user": user(site, known.by),
        "created_at": instant(known.at),
        "updated_at": instant(known.edited_at),
        "author_association": association(place, known.by),
        "body": known.body,
        "reactions": _reactions(f"{url}/reactions", known.reactions),
        "performed_via_github_app": app(site) if known.by.kind == "bot" else None,
    }


def review(site: Site, known: Review) -> dict[str, Any]:
    """`pull-request-review`, with its state in capitals as REST writes it."""
    place, number = known.change.repository, known.change.number
    page = site.web(f"/{place.full_name}/pull/{number}#pullrequestreview-{known.id}")
    url = site.api(f"/repos/{place.full_name}/pulls/{number}")
    return {
        "id": known.id,
        "node_id": node_id("PullRequestReview", known.id),
        "user": user(site, known.by),
        "body": known.body,
        "state": known.state.upper(),
        "html_url": page,
        "pull_request_url": url,
        "author_association": association(place, known.by),
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "submitted_at": instant(known.at),
        "commit_id": known.commit,
    }


def line_remark(site: Site, known: LineRemark) -> dict[str, Any]:
    """`pull-request-review-comment`."""
    thread, change = known.thread, known.thread.change
    pull_url = site.api(f"/repos/{change.repository.full_name}/pulls/{change.number}")
    url = site.api(f"/repos/{change.repository.full_name}/pulls/comments/{known.id}")
    page = site.web(f"/{change.repository.full_name}/pull/{change.number}#discussion_r{known.id}")
    patch = next((each.patch for each in change.files if each.path == thread.path), None)
    shape: dict[str, Any] = {
        "url": url,
        "pull_request_review_id": known.review.id if known.review else None,
        "id": known.id,
        "node_id": node_id("PullRequestReviewComment", known.id),
        "diff_hunk": patch or "",
        "path": thread.path,
        "commit_id": known.commit,
        "original_commit_id": known.commit,
        "user": user(site, known.by),
        "body": known.body,
        "created_at": instant(known.at),
        "updated_at": instant(known.at),
        "html_url": page,
        "pull_request_url": pull_url,
        "author_association": association(change.repository, known.by),
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": pull_url}},
        "reactions": _reactions(f"{url}/reactions", []),
        "start_line": None,
        "original_start_line": None,
        "start_side": None,
        "line": thread.line,
        "original_line": thread.line,
        "side": "RIGHT",
        "position": thread.line,
        "original_position": thread.line,
        "subject_type": "line",
    }
    if known is not thread.remarks[0]:
        shape["in_reply_to_id"] = thread.remarks[0].id
    return shape


def file(site: Site, known: Change, touched: git.Touched) -> dict[str, Any]:
    """`diff-entry`: one file of a change."""
    place = known.head_repository or known.repository
    where = quote(touched.path)
    page = f"/{place.full_name}/{{}}/{known.head}/{quote(touched.path, safe='')}"
    contents = site.api(f"/repos/{place.full_name}/contents/{where}?ref={known.head}")
    shape: dict[str, Any] = {
        "sha": touched.blob.sha,
        "filename": touched.path,
        "status": touched.status,
        "additions": touched.additions,
        "deletions": touched.deletions,
        "changes": touched.additions + touched.deletions,
        "blob_url": site.web(page.format("blob")),
        "raw_url": site.web(page.format("raw")),
        "contents_url": contents,
    }
    if touched.patch is not None:
        shape["patch"] = touched.patch
    if touched.old_path is not None:
        shape["previous_filename"] = touched.old_path
    return shape


def label(site: Site, place: Repository, known: Label) -> dict[str, Any]:
    return {
        "id": known.id,
        "node_id": node_id("Label", known.id),
        "url": site.api(f"/repos/{place.full_name}/labels/{quote(known.name)}"),
        "name": known.name,
        "color": known.color,
        "default": False,
        "description": known.description,
    }


def reaction(site: Site, known: Reaction) -> dict[str, Any]:
    return {
        "id": known.id,
        "node_id": node_id("Reaction", known.id),
        "user": user(site, known.by),
        "content": known.content,
        "created_at": instant(known.at),
    }


def _reactions(url: str, given: list[Reaction]) -> dict[str, Any]:
    count = Counter(each.content for each in given)
    return {
        "url": url,
        "total_count": len(given),
        **{content: count[content] for content in rules.REACTIONS},
    }
