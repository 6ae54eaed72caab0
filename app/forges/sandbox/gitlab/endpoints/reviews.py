"""REST: who reviews a merge request and what they did, and Merge request approvals."""

from __future__ import annotations

from app.forges.sandbox import rules
from app.forges.sandbox.acts import merge_requests as acts
from app.forges.sandbox.gitlab.answers import Problem, not_found
from app.forges.sandbox.gitlab.calls import Call
from app.forges.sandbox.gitlab.routing import endpoint
from app.forges.sandbox.gitlab.shapes import changes as shapes
from app.forges.sandbox.http import Answer


@endpoint("GET /projects/{id}/merge_requests/{iid}/reviewers", anonymous=True, is_list=True)
def list_reviewers(call: Call) -> Answer:
    change = call.change()
    return call.page(change.requested, lambda each: shapes.reviewer(call.site, change, each))


@endpoint("GET /projects/{id}/merge_requests/{iid}/approvals")
def get_approvals(call: Call) -> Answer:
    return Answer(200, shapes.approvals(call.site, call.change(), call.actor))


@endpoint("GET /projects/{id}/merge_requests/{iid}/approval_state")
def get_approval_state(call: Call) -> Answer:
    """Premium."""
    change = call.change()
    if not call.site.edition.paid:
        raise not_found()
    needed = change.repository.protections.get(change.base)
    rule = {
        "id": 1,
        "name": "All Members",
        "rule_type": "any_approver",
        "approvals_required": needed.approvals if needed else 0,
        "approved_by": [
            shape["user"] for shape in shapes.approvals(call.site, change, call.actor)["approved_by"]
        ],
        "eligible_approvers": [],
        "approved": shapes.approvals(call.site, change, call.actor)["approved"],
        "code_owner": False,
    }
    return Answer(200, {"approval_rules_overwritten": False, "rules": [rule]})


@endpoint("POST /projects/{id}/merge_requests/{iid}/approve")
def approve(call: Call) -> Answer:
    """409 where `sha` is not the head any more."""
    change, sha = call.change(), call.maybe("sha", str)
    if sha is not None and sha != change.head:
        raise Problem(409, f"SHA does not match HEAD of source branch: {change.head}")
    acts.approve(call.world, change, call.actor)
    return Answer(201, shapes.approvals(call.site, change, call.actor))


@endpoint("POST /projects/{id}/merge_requests/{iid}/unapprove")
def unapprove(call: Call) -> Answer:
    change = call.change()
    acts.unapprove(call.world, change, call.actor)
    return Answer(201, shapes.approvals(call.site, change, call.actor))


@endpoint("PUT /projects/{id}/merge_requests/{iid}/reset_approvals")
def reset_approvals(call: Call) -> Answer:
    """For bots alone, with a project or group access token."""
    change = call.change()
    if call.actor.kind != "bot":
        raise Problem(401, "401 Unauthorized")
    rules.needs(change.repository, call.actor, "write")
    for number in change.approvals:
        if number in change.stances:
            change.stances[number] = "unapproved"
    change.approvals.clear()
    return Answer(202, {})
