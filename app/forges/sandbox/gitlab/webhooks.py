"""What GitLab tells its hooks: happenings in the world become letters, one for each hook that listens."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from fnmatch import fnmatchcase

from app.forges.sandbox.courier import Letter
from app.forges.sandbox.gitlab.calls import projects_in
from app.forges.sandbox.gitlab.hooks import TRIGGERS, Hook, Hooks
from app.forges.sandbox.gitlab.news import code, groups, issues, merge_requests
from app.forges.sandbox.gitlab.news.telling import News
from app.forges.sandbox.gitlab.site import Site
from app.forges.sandbox.membership import Group
from app.forges.sandbox.world import Account, Happening, Repository, Team


def letters(site: Site, hooks: Hooks, happening: Happening) -> list[Letter]:
    """One letter for each hook that hears of this; a group hook and a project hook both do."""
    write = _NEWS.get(happening.kind)
    news = write(site, happening) if write is not None else None
    if news is None:
        return []
    group = _group(happening)
    heard = hooks.listening(news.flag, happening.repository, group)
    return [_letter(site, hook, news) for hook in heard if _lets_through(hook, happening)]


def _letter(site: Site, hook: Hook, news: News) -> Letter:
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"GitLab/{site.edition}",
        "X-Gitlab-Event": news.event,
        "X-Gitlab-Webhook-UUID": hook.uuid,
        "X-Gitlab-Instance": site.url,
        "X-Gitlab-Event-UUID": site.recursion or str(uuid.uuid4()),
    }
    payload = news.payload
    kind = payload.get("object_kind") or payload.get("event_name") or news.event
    action = payload.get("object_attributes", {}).get("action")
    trigger = TRIGGERS.get(news.flag, news.flag)
    return Letter(kind, action, payload, headers, hook=hook.id, url=hook.url, trigger=trigger)


def _group(happening: Happening) -> Group | None:
    """The group in which something happened that is not a project's matter."""
    if isinstance(happening.subject, Team):
        if happening.kind == "team":
            return happening.subject.parent or happening.subject.organisation
        return happening.subject
    return happening.organisation


def _lets_through(hook: Hook, happening: Happening) -> bool:
    if happening.kind != "push" or not hook.push_events_branch_filter:
        return True
    return fnmatchcase(happening.more["branch"], hook.push_events_branch_filter)


def sample(site: Site, hook: Hook, flag: str, by: Account) -> Letter | None:
    """A test delivery: the newest thing of its kind, told again. None where there is none."""
    places = (
        [hook.place]
        if isinstance(hook.place, Repository)
        else projects_in(site.world, hook.place, below=True)
    )
    for place in places:
        happening = _newest(place, flag, by)
        if happening is not None:
            news = _NEWS[happening.kind](site, happening)
            return _letter(site, hook, news) if news is not None else None
    return None


def _newest(place: Repository, flag: str, by: Account) -> Happening | None:
    if flag == "push_events":
        more = {"branch": place.default_branch, "before": code.NOWHERE, "after": place.head.sha}
        return Happening("push", None, by, place, more=more)
    if flag == "merge_requests_events" and place.changes:
        return Happening("merge_request", "open", by, place, subject=place.changes[-1])
    if flag == "issues_events" and place.issues:
        return Happening("issue", "open", by, place, subject=list(place.issues.values())[-1])
    if flag == "note_events":
        said = [
            (issue, note) for issue in (*place.changes, *place.issues.values()) for note in issue.comments
        ]
        if said:
            return Happening("note", "create", by, place, subject=said[-1][0], more={"comment": said[-1][1]})
    if flag == "pipeline_events" and place.pipelines:
        return Happening("pipeline", None, by, place, subject=place.pipelines[-1])
    return None


_NEWS: dict[str, Callable[[Site, Happening], News | None]] = {
    "issue": issues.issue,
    "membership": groups.member,
    "merge_request": merge_requests.merge_request,
    "note": issues.note,
    "organization": groups.member,
    "pipeline": code.pipeline,
    "pull_request": merge_requests.merge_request,
    "push": code.push,
    "repository": groups.project,
    "team": groups.subgroup,
    "token": groups.token,
}
