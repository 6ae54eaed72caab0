"""The history of an issue or change in GitHub's JSON, and a repository's commits by week."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.forges.sandbox import git
from app.forges.sandbox.github.shapes import changes, people, repositories
from app.forges.sandbox.github.site import Site, instant, node_id
from app.forges.sandbox.world import Change, Comment, Event, Issue, Repository, Review, World

Line = Event | Comment | git.Commit


def lines(issue: Issue) -> list[Line]:
    """Events, comments and commits, oldest first."""
    found: list[Line] = [*issue.history, *issue.comments]
    if isinstance(issue, Change):
        found += changes.commits(issue)
    return sorted(found, key=lambda each: each.at)


def line(site: Site, world: World, issue: Issue, known: Line) -> dict[str, Any]:
    """One of the shapes of `timeline-issue-events`."""
    if isinstance(known, Comment):
        shape = changes.comment(site, known)
        return {**shape, "event": "commented", "actor": shape["user"]}
    if isinstance(known, git.Commit):
        return _committed(site, world, issue.repository, known)
    if known.kind == "reviewed":
        return {"event": "reviewed", **_reviewed(site, known.more["review"])}
    return {**_event(site, issue, known), **_more(site, issue, known)}


def _event(site: Site, issue: Issue, known: Event) -> dict[str, Any]:
    url = site.api(f"/repos/{issue.repository.full_name}/issues/events/{known.id}")
    return {
        "id": known.id,
        "node_id": node_id("Event", known.id),
        "url": url,
        "actor": people.user(site, known.by),
        "event": known.kind,
        "commit_id": known.more.get("commit"),
        "commit_url": None,
        "created_at": instant(known.at),
        "performed_via_github_app": people.app(site) if known.by.kind == "bot" else None,
    }


def _more(site: Site, issue: Issue, known: Event) -> dict[str, Any]:
    """What only this kind of event carries."""
    more = known.more
    match known.kind:
        case "labeled" | "unlabeled":
            return {"label": {"name": more["label"].name, "color": more["label"].color}}
        case "renamed":
            return {"rename": {"from": more["before"], "to": more["after"]}}
        case "review_requested" | "review_request_removed":
            asked: dict[str, Any] = {"review_requester": people.user(site, known.by)}
            if "reviewer" in more:
                return {**asked, "requested_reviewer": people.user(site, more["reviewer"])}
            return {**asked, "requested_team": people.team(site, more["team"])}
        case "review_dismissed":
            review: Review = more["review"]
            given = {"state": review.state, "review_id": review.id, "dismissal_message": more.get("message")}
            return {"dismissed_review": given}
        case "closed" | "reopened":
            return {"state_reason": issue.state_reason}
        case _:
            return {}


def _reviewed(site: Site, review: Review) -> dict[str, Any]:
    return {**changes.review(site, review), "state": review.state}


def _committed(site: Site, world: World, place: Repository, made: git.Commit) -> dict[str, Any]:
    shape = repositories.commit(site, world, place, made)
    inner = {
        name: shape["commit"][name] for name in ("author", "committer", "message", "tree", "verification")
    }
    outer = {name: shape[name] for name in ("sha", "node_id", "html_url", "parents")}
    return {"event": "committed", **outer, **inner, "url": shape["commit"]["url"]}


def weeks(place: Repository, now: datetime) -> list[int]:
    """Commits of the default branch in each of the last 52 weeks, oldest first."""
    counts = [0] * 52
    for sha in git.ancestors(place.history.commits, place.head.sha):
        age = (now - place.history.commits[sha].at) // timedelta(weeks=1)
        if 0 <= age < 52:
            counts[51 - age] += 1
    return counts
