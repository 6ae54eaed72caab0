"""The human in this story works with python-gitlab, a client that knows nothing of our sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import gitlab
import pytest
from gitlab.exceptions import (
    GitlabAuthenticationError,
    GitlabCreateError,
    GitlabGetError,
    GitlabMRClosedError,
)

from app.forges.sandbox import GitLabSandbox, Person
from tests.contract.gitlab import GitLabContract


@pytest.fixture
async def forge() -> AsyncIterator[GitLabSandbox]:
    """A self-managed GitLab below a path. Its answers are held to the contract."""
    problems: list[str] = []
    contract = GitLabContract()
    async with GitLabSandbox(prefix="/gitlab") as sandbox:
        sandbox.on_exchange.append(
            lambda each: problems.extend(
                contract.check_response(each.method, each.path, each.status, each.answer)
            )
        )
        yield sandbox
    assert problems == []


def client(forge: GitLabSandbox, who: Person) -> gitlab.Gitlab:
    """Somebody's python-gitlab, signed in."""
    made = gitlab.Gitlab(
        forge.url, private_token=forge.access_token(who.account).value, retry_transient_errors=False
    )
    made.auth()
    return made


async def test_a_merge_request_is_worked_on_from_branch_to_merge(forge: GitLabSandbox) -> None:
    forge.organisation("shop")
    ben, carla = (forge.person(name, member_of="shop") for name in ("ben", "carla"))
    forge.team("shop/pay", members=[ben, carla])
    api = forge.repository("shop/api", files={"pay/a.py": "one\n"}, teams={"shop/pay": "write"})

    def story() -> None:
        mine, theirs = client(forge, ben), client(forge, carla)
        assert mine.user is not None
        assert mine.user.username == "ben"
        assert mine.version()[0] == "19.2.0-ee"
        project = mine.projects.get("shop/api")
        assert project.id == api.id

        project.branches.create({"branch": "faster", "ref": "main"})
        project.commits.create(
            {
                "branch": "faster",
                "commit_message": "Be faster",
                "actions": [{"action": "update", "file_path": "pay/a.py", "content": "two\n"}],
            }
        )
        change = project.mergerequests.create(
            {"source_branch": "faster", "target_branch": "main", "title": "Draft: Be faster"}
        )
        assert (change.iid, change.draft) == (1, True)
        with pytest.raises(GitlabCreateError, match="Another open merge request"):
            project.mergerequests.create(
                {"source_branch": "faster", "target_branch": "main", "title": "Again"}
            )
        diffs = mine.http_list(f"/projects/{api.id}/merge_requests/1/diffs", get_all=True)
        assert [each["new_path"] for each in diffs] == ["pay/a.py"]
        assert change.changes()["changes"][0]["diff"] == "@@ -1 +1 @@\n-one\n+two\n"
        assert [each.title for each in change.commits()] == ["Be faster"]

        change.title = "Be faster"
        change.reviewer_ids = [carla.account.id]
        change.labels = ["speed", "pay"]
        change.save()
        assert [each["username"] for each in change.reviewers] == ["carla"]
        with pytest.raises(GitlabAuthenticationError):  # GitLab says 401 for one's own
            change.approve()

        review = theirs.projects.get(api.id).mergerequests.get(1)
        thread = review.discussions.create(
            {
                "body": "Why?",
                "position": {
                    "position_type": "text",
                    "new_path": "pay/a.py",
                    "new_line": 1,
                    **review.diff_refs,
                },
            }
        )
        note = change.notes.create({"body": "Because it is slow."})
        note.awardemojis.create({"name": "thumbsup"})
        change.discussions.get(thread.id).notes.create({"body": "See above."})
        settled = change.discussions.get(thread.id)
        settled.resolved = True
        settled.save()
        review.approve()
        assert [each["user"]["username"] for each in review.approvals.get().approved_by] == ["carla"]
        assert [each.state for each in change.reviewer_details.list(get_all=True)] == ["approved"]

        project.commits.get("faster").statuses.create({"state": "success", "name": "ci/build"})
        change = project.mergerequests.get(1)
        assert change.head_pipeline["status"] == "success"
        change.merge()
        assert project.mergerequests.get(1).state == "merged"
        assert project.files.get("pay/a.py", ref="main").decode() == b"two\n"
        assert project.files.raw("pay/a.py", ref="main") == b"two\n"
        with pytest.raises(GitlabMRClosedError):
            change.merge()

    await asyncio.to_thread(story)


async def test_a_guest_forks_and_what_is_hidden_is_not_there(forge: GitLabSandbox) -> None:
    forge.organisation("shop")
    ana = forge.person("ana", member_of="shop")
    stranger = forge.person("stranger")
    api = forge.repository("shop/api", files={"a.md": "one\n"})

    def story() -> None:
        mine = client(forge, ana)
        fork = mine.projects.get(mine.projects.get("shop/api").forks.create({}).id)
        assert fork.path_with_namespace == "ana/api"
        fork.branches.create({"branch": "words", "ref": "main"})
        fork.files.create(
            {"file_path": "b.md", "branch": "words", "content": "two\n", "commit_message": "Two"}
        )
        change = fork.mergerequests.create(
            {"source_branch": "words", "target_branch": "main", "title": "Two", "target_project_id": api.id}
        )
        assert (change.source_project_id, change.target_project_id) == (fork.id, api.id)
        with pytest.raises(GitlabGetError, match="404 Project Not Found"):
            client(forge, stranger).projects.get("shop/api")
        with pytest.raises(GitlabAuthenticationError):
            gitlab.Gitlab(forge.url, private_token="nonsense").auth()

    await asyncio.to_thread(story)


async def test_an_owner_manages_groups_hooks_issues_and_the_own_token(forge: GitLabSandbox) -> None:
    forge.organisation("shop", hooked=False)
    boss = forge.person("boss", member_of="shop", owner=True)
    dora = forge.person("dora")
    forge.team("shop/pay")
    for number in range(30):
        forge.repository(f"shop/p{number}")

    def story() -> None:
        mine = client(forge, boss)
        group = mine.groups.get("shop")
        subgroup = mine.groups.get(group.subgroups.list(get_all=True)[0].id)
        member = subgroup.members.create({"user_id": dora.account.id, "access_level": 30})
        assert [each.username for each in subgroup.members_all.list(get_all=True)][:1] == ["root"]
        member.access_level = 40
        member.save()
        member.delete()
        assert len(list(group.projects.list(iterator=True))) == 30
        keyset = mine.projects.list(iterator=True, pagination="keyset", order_by="id", per_page=7)
        assert len(list(keyset)) == 30

        hook = group.hooks.create({"url": "https://usher.example/hook", "merge_requests_events": True})
        hook.note_events = True
        hook.save()
        assert [each.alert_status for each in group.hooks.list(get_all=True)] == ["executable"]
        hook.delete()

        project = mine.projects.get("shop/p1")
        issue = project.issues.create({"title": "Slow", "labels": ["bug"]})
        issue.notes.create({"body": "Very."})
        issue.state_event = "close"
        issue.save()
        assert [each.title for each in project.issues.list(state="closed", get_all=True)] == ["Slow"]
        assert [each["name"] for each in project.repository_tree(get_all=True)] == ["README.md"]

        token = mine.personal_access_tokens.get("self")
        assert token.scopes == ["api"]

    await asyncio.to_thread(story)
