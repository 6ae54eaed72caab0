"""What Usher reads of GitLab's answers and webhooks, and of which type it is. Written by hand; see `gitlab.py`."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}
FLAG: Json = {"type": "boolean"}
MOMENT: Json = {"type": "string", "format": "date-time"}
TOLD: Json = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$"}  # a time in a webhook
ADDRESS: Json = {"type": "string", "pattern": "^https?://"}
SHA: Json = {"type": "string", "pattern": "^[0-9a-f]{40}$"}
STANCE: Json = {
    "enum": ["unreviewed", "review_started", "reviewed", "requested_changes", "approved", "unapproved"]
}
# GitLab's access levels, of which some are between the usual ones.
LEVEL: Json = {"enum": [0, 5, 10, 15, 20, 25, 30, 40, 50]}


def thing(**fields: Json) -> Json:
    """An object that has all of these, and may have more."""
    return {"type": "object", "properties": fields, "required": list(fields)}


def maybe(kind: Json) -> Json:
    return {"anyOf": [kind, {"type": "null"}]}


def many(kind: Json) -> Json:
    return {"type": "array", "items": kind}


def a(name: str) -> Json:
    return {"$ref": f"#/schemas/{name}"}


SCHEMAS: dict[str, Json] = {
    "anything": {},
    # Either a sentence, a list of them, or one list for each field; Grape's own checks say "error".
    "problem": {
        "type": "object",
        "anyOf": [{"required": ["message"]}, {"required": ["error"]}],
        "properties": {"error": TEXT},
    },
    "token": thing(
        id=NUMBER,
        name=TEXT,
        revoked=FLAG,
        active=FLAG,
        scopes=many(TEXT),
        user_id=NUMBER,
        expires_at=maybe(TEXT),
    ),
    "access_token": thing(access_token=TEXT, token_type={"const": "Bearer"}, expires_in=NUMBER, scope=TEXT),
    "new_token": thing(id=NUMBER, token=TEXT, expires_at=TEXT, scopes=many(TEXT)),
    "version": thing(version=TEXT, revision=TEXT),
    "user": thing(
        id=NUMBER, username=TEXT, name=TEXT, state={"enum": ["active", "blocked"]}, web_url=ADDRESS
    ),
    "status": thing(emoji=maybe(TEXT), message=maybe(TEXT), availability=maybe({"enum": ["busy"]})),
    "member": thing(id=NUMBER, username=TEXT, state=TEXT, access_level=LEVEL, expires_at=maybe(TEXT)),
    "group": thing(id=NUMBER, name=TEXT, path=TEXT, full_path=TEXT, parent_id=maybe(NUMBER), web_url=ADDRESS),
    "project": thing(
        id=NUMBER,
        name=TEXT,
        path_with_namespace=TEXT,
        default_branch=maybe(TEXT),
        web_url=ADDRESS,
        visibility={"enum": ["private", "internal", "public"]},
        namespace=thing(id=NUMBER, kind={"enum": ["group", "user"]}, full_path=TEXT),
        topics=many(TEXT),
        created_at=MOMENT,
        last_activity_at=MOMENT,
    ),
    "label": thing(id=NUMBER, name=TEXT, color=TEXT),
    "branch": thing(name=TEXT, default=FLAG, protected=FLAG, commit=a("commit")),
    "protected_branch": thing(
        name=TEXT,
        push_access_levels=many(thing(access_level=LEVEL)),
        merge_access_levels=many(thing(access_level=LEVEL)),
        code_owner_approval_required=FLAG,
    ),
    "merge_request": thing(
        id=NUMBER,
        iid=NUMBER,
        project_id=NUMBER,
        title=TEXT,
        description=maybe(TEXT),
        state={"enum": ["opened", "closed", "locked", "merged"]},
        draft=FLAG,
        work_in_progress=FLAG,
        author=a("user"),
        assignees=many(a("user")),
        reviewers=many(a("user")),
        labels=many(TEXT),
        sha=SHA,
        source_branch=TEXT,
        target_branch=TEXT,
        source_project_id=maybe(NUMBER),
        target_project_id=NUMBER,
        created_at=MOMENT,
        updated_at=MOMENT,
        merged_at=maybe(MOMENT),
        closed_at=maybe(MOMENT),
        detailed_merge_status=TEXT,
        blocking_discussions_resolved=FLAG,
        web_url=ADDRESS,
    ),
    "merge_request_full": {
        "allOf": [
            a("merge_request"),
            thing(
                changes_count=maybe({"type": "string", "pattern": r"^\d+\+?$"}),
                prepared_at=maybe(MOMENT),
                diff_refs=maybe(thing(base_sha=maybe(SHA), head_sha=maybe(SHA), start_sha=maybe(SHA))),
                head_pipeline=maybe(a("pipeline")),
                user=thing(can_merge=FLAG),
            ),
        ]
    },
    "changes": {"allOf": [a("merge_request_full"), thing(changes=many(a("diff")), overflow=FLAG)]},
    "pipeline": thing(id=NUMBER, sha=SHA, ref=TEXT, status=TEXT, web_url=ADDRESS),
    "diff": thing(
        old_path=TEXT,
        new_path=TEXT,
        diff=TEXT,
        new_file=FLAG,
        renamed_file=FLAG,
        deleted_file=FLAG,
        collapsed=FLAG,
        too_large=FLAG,
    ),
    "commit": thing(
        id=SHA,
        short_id=TEXT,
        title=TEXT,
        message=TEXT,
        author_name=TEXT,
        created_at=MOMENT,
        parent_ids=many(SHA),
    ),
    "reviewer": thing(user=a("user"), state=STANCE, created_at=MOMENT),
    "approvals": thing(
        approved=FLAG,
        user_has_approved=FLAG,
        user_can_approve=FLAG,
        approved_by=many(thing(user=a("user"), approved_at=MOMENT)),
    ),
    "note": thing(
        id=NUMBER,
        type=maybe({"enum": ["DiffNote", "DiscussionNote"]}),
        body=TEXT,
        author=a("user"),
        created_at=MOMENT,
        updated_at=MOMENT,
        system=FLAG,
        internal=FLAG,
        resolvable=FLAG,
        noteable_type={"enum": ["MergeRequest", "Issue"]},
        noteable_iid=NUMBER,
    ),
    "commands": thing(commands_changes={"type": "object"}, summary=many(TEXT)),
    "discussion": thing(id=SHA, individual_note=FLAG, notes=many(a("note"))),
    "award": thing(id=NUMBER, name=TEXT, user=a("user")),
    "issue": thing(
        id=NUMBER,
        iid=NUMBER,
        project_id=NUMBER,
        title=TEXT,
        description=maybe(TEXT),
        state={"enum": ["opened", "closed"]},
        author=a("user"),
        assignees=many(a("user")),
        labels=many(TEXT),
        confidential=FLAG,
        issue_type=TEXT,
        severity={"enum": ["UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL"]},
        created_at=MOMENT,
        updated_at=MOMENT,
        closed_at=maybe(MOMENT),
        web_url=ADDRESS,
    ),
    "entry": thing(id=SHA, name=TEXT, type={"enum": ["tree", "blob", "commit"]}, path=TEXT, mode=TEXT),
    "file": thing(
        file_path=TEXT, size=NUMBER, encoding={"const": "base64"}, content=TEXT, blob_id=SHA, ref=TEXT
    ),
    "written": thing(file_path=TEXT, branch=TEXT),
    "commit_status": thing(
        id=NUMBER, sha=SHA, status=TEXT, name=TEXT, description=maybe(TEXT), author=a("user")
    ),
    "hook": thing(
        id=NUMBER,
        url=ADDRESS,
        alert_status={"enum": ["executable", "temporarily_disabled", "disabled"]},
        disabled_until=maybe(MOMENT),
        push_events=FLAG,
        merge_requests_events=FLAG,
        note_events=FLAG,
        issues_events=FLAG,
        enable_ssl_verification=FLAG,
    ),
    "hook_event": thing(
        id=NUMBER,
        trigger=TEXT,
        request_headers={"type": "object"},
        request_data={"type": "object"},
        response_status=TEXT,
        execution_duration={"type": "number"},
    ),
    "resent": thing(response_status=NUMBER),
    "tested": thing(message=TEXT),
}
# A list of each, except of what is none.
SCHEMAS |= {f"{name}s": many(a(name)) for name in tuple(SCHEMAS)}

# --- Webhooks -----------------------------------------------------------------------------------------

_PERSON = thing(id=NUMBER, name=TEXT, username=TEXT)
_PROJECT = thing(id=NUMBER, name=TEXT, path_with_namespace=TEXT, default_branch=TEXT, web_url=ADDRESS)
_LABEL = thing(id=NUMBER, title=TEXT)
_CHANGED = {"anyOf": [thing(previous={}, current={}), {"type": "array", "minItems": 2, "maxItems": 2}]}
_CHANGES: Json = {"type": "object", "additionalProperties": _CHANGED}
_MERGE_REQUEST = thing(
    id=NUMBER,
    iid=NUMBER,
    title=TEXT,
    state={"enum": ["opened", "closed", "locked", "merged"]},
    draft=FLAG,
    work_in_progress=FLAG,
    author_id=NUMBER,
    source_branch=TEXT,
    target_branch=TEXT,
    source_project_id=maybe(NUMBER),
    target_project_id=NUMBER,
    blocking_discussions_resolved=FLAG,
    last_commit=thing(id=SHA, message=TEXT),
    created_at=TOLD,
    updated_at=TOLD,
    url=ADDRESS,
)
_ISSUE = thing(
    id=NUMBER,
    iid=NUMBER,
    title=TEXT,
    state={"enum": ["opened", "closed"]},
    author_id=NUMBER,
    project_id=NUMBER,
    confidential=FLAG,
    severity={"enum": ["unknown", "low", "medium", "high", "critical"]},
    type=TEXT,
    updated_at=TOLD,
)
_REVIEWER = thing(id=NUMBER, username=TEXT, state=STANCE, re_requested=FLAG)


def _with(shape: Json, **fields: Json) -> Json:
    return {"allOf": [shape, thing(**fields)]}


_ON_MERGE_REQUEST = {
    **thing(
        object_kind={"const": "merge_request"},
        event_type={"const": "merge_request"},
        user=_PERSON,
        project=_PROJECT,
        object_attributes=_with(
            _MERGE_REQUEST,
            action={
                "enum": [
                    "open",
                    "close",
                    "reopen",
                    "update",
                    "approved",
                    "unapproved",
                    "approval",
                    "unapproval",
                    "merge",
                ]
            },
        ),
        labels=many(_LABEL),
        changes=_CHANGES,
    ),
}
_ON_MERGE_REQUEST["properties"] |= {"reviewers": many(_REVIEWER), "assignees": many(_PERSON)}

_ON_ISSUE = thing(
    object_kind={"enum": ["issue", "work_item"]},
    event_type=TEXT,
    user=_PERSON,
    project=_PROJECT,
    object_attributes=_with(_ISSUE, action={"enum": ["open", "close", "reopen", "update"]}),
    labels=many(_LABEL),
    changes=_CHANGES,
)
_ON_NOTE = {
    **thing(
        object_kind={"const": "note"},
        event_type={"enum": ["note", "confidential_note"]},
        user=_PERSON,
        project=_PROJECT,
        object_attributes=thing(
            id=NUMBER,
            note=TEXT,
            noteable_type={"enum": ["MergeRequest", "Issue"]},
            author_id=NUMBER,
            system={"const": False},
            internal=FLAG,
            action={"enum": ["create", "update"]},
            created_at=TOLD,
            updated_at=TOLD,
            url=ADDRESS,
        ),
    ),
    "oneOf": [{"required": ["merge_request"]}, {"required": ["issue"]}],
}
_ON_NOTE["properties"] |= {"merge_request": _MERGE_REQUEST, "issue": _ISSUE}

_ON_PUSH = thing(
    object_kind={"const": "push"},
    event_name={"const": "push"},
    ref={"type": "string", "pattern": "^refs/heads/"},
    before=SHA,
    after=SHA,
    checkout_sha=maybe(SHA),
    user_id=NUMBER,
    user_username=TEXT,
    project_id=NUMBER,
    project=_PROJECT,
    commits=many(thing(id=SHA, message=TEXT, added=many(TEXT), modified=many(TEXT), removed=many(TEXT))),
    total_commits_count=NUMBER,
)
_ON_PIPELINE = thing(
    object_kind={"const": "pipeline"},
    object_attributes=thing(id=NUMBER, sha=SHA, ref=TEXT, status=TEXT),
    merge_request=maybe(thing(iid=NUMBER, target_project_id=NUMBER)),
    user=_PERSON,
    project=_PROJECT,
)
_ON_MEMBER = thing(
    event_name={"enum": ["user_add_to_group", "user_remove_from_group", "user_update_for_group"]},
    group_id=NUMBER,
    group_path=TEXT,
    user_id=NUMBER,
    user_username=TEXT,
    group_access=TEXT,
)
_ON_PROJECT = thing(
    event_name={"enum": ["project_create", "project_destroy"]}, project_id=NUMBER, path_with_namespace=TEXT
)
_ON_SUBGROUP = thing(
    event_name={"enum": ["subgroup_create", "subgroup_destroy"]},
    group_id=NUMBER,
    full_path=TEXT,
    parent_group_id=NUMBER,
)
_ON_TOKEN = thing(
    object_kind={"const": "access_token"},
    event_name={"const": "expiring_access_token"},
    object_attributes=thing(user_id=NUMBER, name=TEXT, expires_at=TEXT),
)

WEBHOOKS: dict[str, list[Json]] = {
    "merge_request": [_ON_MERGE_REQUEST],
    "issue": [_ON_ISSUE],
    "work_item": [_ON_ISSUE],
    "note": [_ON_NOTE],
    "push": [_ON_PUSH],
    "pipeline": [_ON_PIPELINE],
    "access_token": [_ON_TOKEN],
    **{key: [_ON_MEMBER] for key in ("user_add_to_group", "user_remove_from_group", "user_update_for_group")},
    **{key: [_ON_PROJECT] for key in ("project_create", "project_destroy")},
    **{key: [_ON_SUBGROUP] for key in ("subgroup_create", "subgroup_destroy")},
}
