"""REST: Pull request reviews."""

from __future__ import annotations

from app.forges.sandbox.acts import remarks
from app.forges.sandbox.acts import reviews as acts
from app.forges.sandbox.github.answers import Problem
from app.forges.sandbox.github.calls import Call
from app.forges.sandbox.github.routing import endpoint
from app.forges.sandbox.github.shapes import changes as shapes
from app.forges.sandbox.http import Answer
from app.forges.sandbox.world import Review

_EVENTS: dict[str, acts.Verdict] = {
    "APPROVE": "approve",
    "REQUEST_CHANGES": "request_changes",
    "COMMENT": "comment",
}


@endpoint("GET /repos/{owner}/{repo}/pulls/{number}/reviews", "pull_requests:read", is_list=True)
def list_reviews(call: Call) -> Answer:
    """Oldest first."""
    return call.page(call.change().reviews, lambda each: shapes.review(call.site, each))


@endpoint("GET /repos/{owner}/{repo}/pulls/{number}/reviews/{review_id}", "pull_requests:read")
def get_review(call: Call) -> Answer:
    return Answer(200, shapes.review(call.site, _find(call)))


@endpoint("POST /repos/{owner}/{repo}/pulls/{number}/reviews", "pull_requests:write", content=True)
def create_review(call: Call) -> Answer:
    verdict = _EVENTS.get(call.maybe("event", str) or "COMMENT")
    if verdict is None:
        raise Problem(422, "Unprocessable Entity", ("Event is invalid",))
    made = acts.review(call.world, call.change(), call.actor, verdict, call.maybe("body", str) or "")
    return Answer(200, shapes.review(call.site, made))


@endpoint("PUT /repos/{owner}/{repo}/pulls/{number}/reviews/{review_id}/dismissals", "pull_requests:write")
def dismiss_review(call: Call) -> Answer:
    given = _find(call)
    acts.dismiss(call.world, given, call.actor, call.given("message", str))
    return Answer(200, shapes.review(call.site, given))


@endpoint("GET /repos/{owner}/{repo}/pulls/{number}/comments", "pull_requests:read", is_list=True)
def list_line_remarks(call: Call) -> Answer:
    """Remarks on lines, oldest first. Whether their threads are settled is told by webhooks alone."""
    found = [remark for thread in call.change().threads for remark in thread.remarks]
    found.sort(key=lambda each: each.id)
    return call.page(found, lambda each: shapes.line_remark(call.site, each))


@endpoint("POST /repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions", "pull_requests:write")
def react_to_line_remark(call: Call) -> Answer:
    """201 the first time, 200 when it is already there."""
    number = call.number("comment_id")
    threads = (thread for change in call.repository.changes for thread in change.threads)
    found = next((each for thread in threads for each in thread.remarks if each.id == number), None)
    if found is None:
        raise Problem(404, "Not Found")
    place, content = call.repository, call.given("content", str)
    made, new = remarks.react_in(call.world, place, found.reactions, call.actor, content)
    return Answer(201 if new else 200, shapes.reaction(call.site, made))


def _find(call: Call) -> Review:
    number = call.number("review_id")
    found = next((each for each in call.change().reviews if each.id == number), None)
    if found is None:
        raise Problem(404, "Not Found")
    return found
