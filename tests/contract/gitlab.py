"""What GitLab's REST API takes and answers, as far as Usher and the sandbox speak it: a table written by hand.

`GitLabContract()` is asked like `Contract()`: each check returns sentences, none where all is well. Paths
begin with `/api/v4`. GitLab's own description may not be copied here (CC BY-SA), so each entry was written
after reading its page of the REST documentation, 18.9. Requests are held strictly: an operation, parameter
or field that is not in the table is a problem. Answers are held to what Usher reads of them.
"""

from __future__ import annotations

from typing import Any

from tests.contract.checker import Contract, Match
from tests.contract.gitlab_shapes import SCHEMAS, WEBHOOKS

Json = dict[str, Any]
Fields = dict[str, Json]

# --- Types of parameters and fields -------------------------------------------------------------------

TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}
FLAG: Json = {"type": "boolean"}
NUMBERS: Json = {"type": "array", "items": NUMBER}
NAMES: Json = {"type": ["string", "array"], "items": TEXT}  # a list, or one text with commas
MOMENT: Json = {"type": "string", "format": "date-time"}
DAY: Json = {"type": "string", "format": "date"}


def one_of(*values: str) -> Json:
    return {"type": "string", "enum": list(values)}


PAGES: Fields = {"page": NUMBER, "per_page": {"type": "integer", "minimum": 1, "maximum": 100}}
SORTED: Fields = {"order_by": one_of("created_at", "updated_at"), "sort": one_of("asc", "desc")}
KEYSET: Fields = {"pagination": one_of("keyset")}

# --- Statuses ------------------------------------------------------------------------------------------

OFTEN = {401: "problem", 403: "problem", 404: "problem", 429: "problem"}
READ = {200: None, 301: "problem", 304: None, **OFTEN}
WRITE = {400: "problem", 405: "problem", 409: "problem", 422: "problem", **OFTEN}


def operation(
    answers: dict[int, str | None], query: Fields | None = None, body: Fields | None = None, needs: str = ""
) -> Json:
    """One entry: statuses with the schema of their body, query parameters, fields and which must be there."""
    entry: Json = {
        "parameters": {
            name: {"in": "query", "schema": schema, "required": False}
            for name, schema in (query or {}).items()
        },
        "responses": {
            str(status): schema and {"$ref": f"#/schemas/{schema}"} for status, schema in answers.items()
        },
        "body_required": bool(needs),
    }
    if body is not None:
        entry["body"] = {"type": "object", "properties": body, "required": needs.split()}
    return entry


def reads(schema: str | None, **query: Json) -> Json:
    return operation(READ | {200: schema, 400: "problem"}, query)


def lists(schema: str, **query: Json) -> Json:
    return operation(READ | {200: f"{schema}s", 400: "problem"}, query | PAGES)


def makes(schema: str | None, needs: str = "", status: int = 201, **body: Json) -> Json:
    return operation(WRITE | {status: schema}, body=body, needs=needs)


def edits(schema: str | None, needs: str = "", **body: Json) -> Json:
    return operation(WRITE | {200: schema}, body=body, needs=needs)


def removes(needs: str = "", **body: Json) -> Json:
    return operation(WRITE | {204: None}, body=body or None, needs=needs)


def numbered(entry: Json, *names: str) -> Json:
    """The braces of these names stand for numbers."""
    paths = {name: {"in": "path", "schema": NUMBER, "required": True} for name in names}
    return entry | {"parameters": entry["parameters"] | paths}


# --- The table -----------------------------------------------------------------------------------------

_CHANGES: Fields = {
    "state": one_of("opened", "closed", "locked", "merged", "all"),
    "scope": one_of("created_by_me", "assigned_to_me", "reviews_for_me", "all"),
    "labels": TEXT,
    "author_id": NUMBER,
    "reviewer_id": NUMBER,
    "source_branch": TEXT,
    "target_branch": TEXT,
    "updated_after": MOMENT,
    "created_after": MOMENT,
    "wip": one_of("yes", "no"),
    "iids[]": NUMBER,
    "non_archived": FLAG,
    **SORTED,
}
_CHANGE: Fields = {
    "title": TEXT,
    "description": TEXT,
    "target_branch": TEXT,
    "state_event": one_of("close", "reopen"),
    "labels": NAMES,
    "add_labels": NAMES,
    "remove_labels": NAMES,
    "assignee_id": NUMBER,
    "assignee_ids": NUMBERS,
    "reviewer_ids": NUMBERS,
    "discussion_locked": FLAG,
    "remove_source_branch": FLAG,
    "squash": FLAG,
}
_ISSUE: Fields = {
    "title": TEXT,
    "description": TEXT,
    "state_event": one_of("close", "reopen"),
    "labels": NAMES,
    "add_labels": NAMES,
    "remove_labels": NAMES,
    "assignee_ids": NUMBERS,
    "confidential": FLAG,
    "severity": TEXT,
    "issue_type": one_of("issue", "incident", "test_case", "task"),
}
_FILE: Fields = {
    "branch": TEXT,
    "start_branch": TEXT,
    "commit_message": TEXT,
    "content": TEXT,
    "encoding": one_of("text", "base64"),
    "execute_filemode": FLAG,
    "last_commit_id": TEXT,
}
_HOOK: Fields = {
    "url": TEXT,
    "name": TEXT,
    "description": TEXT,
    "token": TEXT,
    "signing_token": TEXT,
    "enable_ssl_verification": FLAG,
    "push_events_branch_filter": TEXT,
    **dict.fromkeys(
        (
            "push_events",
            "tag_push_events",
            "merge_requests_events",
            "issues_events",
            "confidential_issues_events",
            "note_events",
            "confidential_note_events",
            "job_events",
            "pipeline_events",
            "wiki_page_events",
            "deployment_events",
            "feature_flag_events",
            "releases_events",
            "milestone_events",
            "emoji_events",
            "resource_access_token_events",
        ),
        FLAG,
    ),
}
_GROUP_HOOK = _HOOK | dict.fromkeys(("member_events", "project_events", "subgroup_events"), FLAG)

P, G = "/projects/{id}", "/groups/{id}"
M, I = f"{P}/merge_requests/{{iid}}", f"{P}/issues/{{iid}}"  # noqa: E741 - as in the table of forges.md

OPERATIONS: dict[str, Json] = {
    # Personal access tokens, Users, Version
    "GET /personal_access_tokens/self": reads("token"),
    "POST /personal_access_tokens/self/rotate": makes("new_token", status=200, expires_at=DAY),
    "DELETE /personal_access_tokens/self": removes(),
    "GET /version": reads("version"),
    "GET /metadata": reads("version"),
    "GET /user": reads("user"),
    "PUT /user/status": edits("status", emoji=TEXT, message=TEXT, availability=one_of("busy", "not_set")),
    "GET /users": lists("user", username=TEXT, search=TEXT, active=FLAG),
    "GET /users/{user}": reads("user"),
    "GET /users/{user}/status": reads("status"),
    # Groups
    "GET /groups": lists("group", search=TEXT, min_access_level=NUMBER, all_available=FLAG, **KEYSET),
    f"GET {G}": reads("group", with_projects=FLAG),
    f"GET {G}/subgroups": lists("group"),
    f"GET {G}/descendant_groups": lists("group"),
    f"GET {G}/projects": lists(
        "project",
        include_subgroups=FLAG,
        min_access_level=NUMBER,
        archived=FLAG,
        with_shared=FLAG,
        simple=FLAG,
        order_by=one_of("id", "name", "path", "created_at", "updated_at", "last_activity_at"),
        sort=one_of("asc", "desc"),
        id_after=NUMBER,
        **KEYSET,
    ),
    f"GET {G}/merge_requests": lists("merge_request", **_CHANGES),
    f"POST {G}/members": makes("member", "user_id access_level", user_id=NUMBER, access_level=NUMBER),
    f"PUT {G}/members/{{user_id}}": edits("member", "access_level", access_level=NUMBER),
    f"DELETE {G}/members/{{user_id}}": removes(),
    # Projects
    "GET /projects": lists(
        "project",
        membership=FLAG,
        search=TEXT,
        simple=FLAG,
        order_by=TEXT,
        sort=one_of("asc", "desc"),
        id_after=NUMBER,
        **KEYSET,
    ),
    f"GET {P}": reads("project", statistics=FLAG, license=FLAG),
    f"PUT {P}": edits("project", description=TEXT, topics=NAMES),
    f"POST {P}/fork": makes("project", namespace_path=TEXT, path=TEXT, name=TEXT),
    f"GET {P}/labels": lists("label"),
    f"POST {P}/labels": makes("label", "name color", name=TEXT, color=TEXT, description=TEXT),
    f"GET {P}/repository/branches": lists("branch", search=TEXT),
    f"GET {P}/repository/branches/{{branch_name}}": reads("branch"),
    f"GET {P}/protected_branches": lists("protected_branch", search=TEXT),
    f"GET {P}/protected_branches/{{branch_name}}": reads("protected_branch"),
    f"GET {P}/pipelines": lists(
        "pipeline",
        sha=TEXT,
        ref=TEXT,
        status=TEXT,
        source=TEXT,
        updated_after=MOMENT,
        order_by=one_of("id", "status", "ref", "updated_at", "user_id"),
        sort=one_of("asc", "desc"),
    ),
    f"POST {P}/repository/branches": operation(
        WRITE | {201: "branch"}, {"branch": TEXT, "ref": TEXT}, {"branch": TEXT, "ref": TEXT}
    ),
    f"DELETE {P}/repository/branches/{{branch_name}}": removes(),
    # Merge requests
    "GET /merge_requests": lists("merge_request", **_CHANGES),
    f"GET {P}/merge_requests": lists("merge_request", **_CHANGES),
    f"POST {P}/merge_requests": makes(
        "merge_request_full",
        "title source_branch target_branch",
        source_branch=TEXT,
        target_project_id=NUMBER,
        **{name: kind for name, kind in _CHANGE.items() if not name.startswith(("add_", "state_"))},
    ),
    f"GET {M}": reads(
        "merge_request_full", include_diverged_commits_count=FLAG, include_rebase_in_progress=FLAG
    ),
    f"PUT {M}": edits("merge_request_full", **_CHANGE),
    f"PUT {M}/merge": edits(
        "merge_request_full",
        sha=TEXT,
        merge_commit_message=TEXT,
        should_remove_source_branch=FLAG,
        squash=FLAG,
    ),
    f"GET {M}/diffs": lists("diff", unidiff=FLAG),
    f"GET {M}/changes": reads("changes", access_raw_diffs=FLAG),
    f"GET {M}/commits": lists("commit"),
    f"GET {M}/participants": lists("user"),
    f"GET {M}/pipelines": lists("pipeline"),
    f"GET {M}/blocks": lists("anything"),
    f"GET {M}/reviewers": lists("reviewer"),
    f"GET {M}/approvals": reads("approvals"),
    f"GET {M}/approval_state": reads(None),
    f"POST {M}/approve": makes("approvals", sha=TEXT),
    f"POST {M}/unapprove": makes("approvals"),
    f"PUT {M}/reset_approvals": operation(WRITE | {202: None}),
    f"GET {M}/discussions": lists("discussion"),
    f"GET {M}/discussions/{{discussion_id}}": reads("discussion"),
    f"POST {M}/discussions": makes(
        "discussion", "body", body=TEXT, position={"type": "object"}, commit_id=TEXT
    ),
    f"POST {M}/discussions/{{discussion_id}}/notes": makes("note", "body", body=TEXT),
    f"PUT {M}/discussions/{{discussion_id}}": operation(
        WRITE | {200: "discussion"}, {"resolved": FLAG}, {"resolved": FLAG}
    ),
    # Issues
    f"GET {P}/issues": lists(
        "issue",
        state=one_of("opened", "closed", "all"),
        labels=TEXT,
        search=TEXT,
        issue_type=TEXT,
        author_id=NUMBER,
        updated_after=MOMENT,
        scope=one_of("created_by_me", "assigned_to_me", "all"),
        **SORTED,
    ),
    f"GET {I}": reads("issue"),
    f"POST {P}/issues": makes(
        "issue",
        "title",
        **{name: kind for name, kind in _ISSUE.items() if not name.startswith(("add_", "remove_", "state_"))},
    ),
    f"PUT {I}": edits("issue", **_ISSUE),
    # Repositories, files, commits
    f"GET {P}/repository/tree": lists(
        "entry", ref=TEXT, path=TEXT, recursive=FLAG, page_token=TEXT, pagination=one_of("keyset", "none")
    ),
    f"GET {P}/repository/blobs/{{sha}}": reads(None),
    f"GET {P}/repository/blobs/{{sha}}/raw": reads(None),
    f"GET {P}/repository/files/{{file_path}}": reads("file", ref=TEXT),
    f"GET {P}/repository/files/{{file_path}}/raw": reads(None, ref=TEXT, lfs=FLAG),
    f"POST {P}/repository/files/{{file_path}}": makes("written", "branch commit_message", **_FILE),
    f"PUT {P}/repository/files/{{file_path}}": edits("written", "branch commit_message", **_FILE),
    f"DELETE {P}/repository/files/{{file_path}}": removes("branch commit_message", **_FILE),
    f"HEAD {P}/repository/files/{{file_path}}": reads(None, ref=TEXT),
    f"GET {P}/repository/commits": lists(
        "commit", ref_name=TEXT, since=MOMENT, until=MOMENT, path=TEXT, author=TEXT, all=FLAG, with_stats=FLAG
    ),
    f"GET {P}/repository/commits/{{sha}}": reads("commit", stats=FLAG),
    f"POST {P}/repository/commits": makes(
        "commit",
        "branch commit_message actions",
        branch=TEXT,
        commit_message=TEXT,
        start_branch=TEXT,
        start_sha=TEXT,
        force=FLAG,
        author_name=TEXT,
        author_email=TEXT,
        actions={
            "type": "array",
            "items": {
                "type": "object",
                "required": ["action", "file_path"],
                "properties": {
                    "action": one_of("create", "update", "delete", "move", "chmod"),
                    "file_path": TEXT,
                    "previous_path": TEXT,
                    "content": TEXT,
                    "encoding": one_of("text", "base64"),
                    "last_commit_id": TEXT,
                    "execute_filemode": FLAG,
                },
            },
        },
    ),
    f"GET {P}/repository/commits/{{sha}}/statuses": lists(
        "commit_status", ref=TEXT, name=TEXT, stage=TEXT, all=FLAG, pipeline_id=NUMBER, **SORTED
    ),
    f"POST {P}/statuses/{{sha}}": makes(
        "commit_status",
        "state",
        state=one_of("pending", "running", "success", "failed", "canceled", "skipped"),
        name={"type": "string", "maxLength": 255},
        context=TEXT,
        ref=TEXT,
        target_url=TEXT,
        description={"type": "string", "maxLength": 255},
        coverage={"type": "number"},
        pipeline_id=NUMBER,
    ),
    # OAuth 2.0 identity provider
    "GET /oauth/authorize": operation(
        READ | {200: None, 302: None, 400: "problem"},
        dict.fromkeys(
            (
                "client_id",
                "redirect_uri",
                "response_type",
                "state",
                "scope",
                "code_challenge",
                "code_challenge_method",
                "login_hint",
            ),
            TEXT,
        ),
    ),
    "POST /oauth/token": makes(
        "access_token",
        "client_id client_secret grant_type",
        status=200,
        **dict.fromkeys(
            (
                "client_id",
                "client_secret",
                "grant_type",
                "code",
                "redirect_uri",
                "code_verifier",
                "refresh_token",
            ),
            TEXT,
        ),
    ),
    # GraphQL: for what REST does not have
    "POST /graphql": makes(
        None, "query", status=200, query=TEXT, variables={"type": "object"}, operationName=TEXT
    ),
}

for _place in (P, G):
    OPERATIONS |= {
        f"GET {_place}/members": lists("member", query=TEXT, **{"user_ids[]": NUMBER}),
        f"GET {_place}/members/all": lists("member", query=TEXT, **{"user_ids[]": NUMBER}),
        f"GET {_place}/members/{{user_id}}": numbered(reads("member"), "user_id"),
        f"GET {_place}/members/all/{{user_id}}": numbered(reads("member"), "user_id"),
        f"GET {_place}/hooks": lists("hook"),
        f"POST {_place}/hooks": makes("hook", "url", **(_HOOK if _place == P else _GROUP_HOOK)),
        f"GET {_place}/hooks/{{hook_id}}": numbered(reads("hook"), "hook_id"),
        f"PUT {_place}/hooks/{{hook_id}}": edits("hook", "url", **(_HOOK if _place == P else _GROUP_HOOK)),
        f"DELETE {_place}/hooks/{{hook_id}}": removes(),
        f"GET {_place}/hooks/{{hook_id}}/events": lists("hook_event", status=TEXT),
        f"POST {_place}/hooks/{{hook_id}}/events/{{event_id}}/resend": makes("resent"),
        f"POST {_place}/hooks/{{hook_id}}/test/{{trigger}}": makes("tested"),
    }
for _subject in (M, I):
    OPERATIONS |= {
        f"GET {_subject}/notes": lists(
            "note", activity_filter=one_of("all_notes", "only_comments", "only_activity"), **SORTED
        ),
        f"POST {_subject}/notes": operation(
            WRITE | {201: "note", 202: "commands"}, body={"body": TEXT, "internal": FLAG}, needs="body"
        ),
        f"GET {_subject}/notes/{{note_id}}": numbered(reads("note"), "note_id"),
        f"PUT {_subject}/notes/{{note_id}}": edits("note", "body", body=TEXT),
        f"DELETE {_subject}/notes/{{note_id}}": removes(),
        f"GET {_subject}/notes/{{note_id}}/award_emoji": lists("award"),
        f"POST {_subject}/notes/{{note_id}}/award_emoji": operation(
            WRITE | {201: "award"}, {"name": TEXT}, {"name": TEXT}
        ),
        f"DELETE {_subject}/notes/{{note_id}}/award_emoji/{{award_id}}": removes(),
    }


class GitLabContract(Contract):
    """The table above, asked with whole paths."""

    def __init__(self) -> None:
        super().__init__({"operations": OPERATIONS, "schemas": SCHEMAS, "webhooks": WEBHOOKS})

    def match(self, method: str, path: str) -> Match | None:
        if path.startswith("/oauth/"):
            return super().match(method, path)
        below = path.removeprefix("/api")
        return super().match(method, below.removeprefix("/v4")) if below != path else None

    def _is_of(self, schema: Json, action: str | None) -> bool:
        """GitLab's payloads of one kind have one form, whatever their action."""
        return True
