"""Every reason that GitLab has to refuse has a story in which it is given, a source, and an answer over HTTP."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from types import ModuleType, SimpleNamespace

import pytest

from app.forges.sandbox import GitLabSandbox, Refused, merge_rules, rules
from app.forges.sandbox.acts import checks, files, merge_requests, notes, people
from app.forges.sandbox.acts import merge_requests as acts
from app.forges.sandbox.gitlab import story
from app.forges.sandbox.gitlab.answers import KNOWN
from app.forges.sandbox.rules import Reason

REASONS = {
    name: value
    for module in (merge_rules, notes)
    for name, value in vars(module).items()
    if isinstance(value, Reason)
}

Story = Callable[[GitLabSandbox, SimpleNamespace], object]


def _opened(forge: GitLabSandbox, shop: SimpleNamespace, **given: str) -> object:
    if "words" not in shop.api.branches:
        shop.ben.branches(shop.api, "words")
    whole = {"title": "Words", "target_branch": "main", "source_branch": "words"} | given
    return acts.open_merge_request(forge.world, shop.api, shop.ben.account, source=shop.api, **whole)  # type: ignore[arg-type]


def _moved(forge: GitLabSandbox, shop: SimpleNamespace) -> object:
    change = shop.ana.opens(shop.api, "a")
    return acts.merge(forge.world, change, shop.ben.account, expected_head="0" * 40)


def _conflict(forge: GitLabSandbox, shop: SimpleNamespace) -> object:
    change = shop.ana.opens(shop.api, {"docs/a.md": "mine"})
    shop.ben.commits(shop.api, {"docs/a.md": "theirs"})
    return shop.ben.merges(change)


def _twice_pending(forge: GitLabSandbox, shop: SimpleNamespace) -> None:
    change = shop.ben.opens(shop.api, "a")
    for _ in range(2):
        shop.ben.sets_status(change, "pending")


def _reacted(forge: GitLabSandbox, shop: SimpleNamespace, *names: str) -> None:
    note = shop.ben.comments(shop.ana.opens(shop.api, "a"), "Hm.")
    for name in names:
        notes.react(forge.world, note, shop.ben.account, name)


STORIES: dict[str, list[Story]] = {
    "TITLE_MISSING": [
        lambda forge, shop: _opened(forge, shop, title=" "),
        lambda forge, shop: shop.ana.edits(shop.ana.opens(shop.api, "a"), title=" "),
    ],
    "SOURCE_MISSING": [lambda forge, shop: _opened(forge, shop, source_branch="nowhere")],
    "TARGET_MISSING": [
        lambda forge, shop: _opened(forge, shop, target_branch="nowhere"),
        lambda forge, shop: shop.ana.retargets(shop.ana.opens(shop.api, "a"), "nowhere"),
    ],
    "SAME_BRANCH": [lambda forge, shop: _opened(forge, shop, source_branch="main")],
    "EXISTS": [lambda forge, shop: [_opened(forge, shop), _opened(forge, shop)]],
    "CANNOT_MERGE": [lambda forge, shop: shop.ana.merges(shop.ben.opens(shop.api, "a"))],
    "NOT_MERGEABLE": [
        lambda forge, shop: shop.ben.merges(shop.ana.opens(shop.api, "a", draft=True)),
        lambda forge, shop: [
            shop.ben.merges(change := shop.ben.opens(shop.api, "a")),
            shop.ben.reopens(change),
        ],
    ],
    "CONFLICTS": [_conflict],
    "HEAD_MOVED": [_moved],
    "CANNOT_APPROVE": [
        lambda forge, shop: shop.ana.reviews(shop.ben.opens(shop.api, "a"), "approve"),
        lambda forge, shop: shop.ben.reviews(shop.ben.opens(shop.api, "a"), "approve"),
        lambda forge, shop: [
            shop.ben.closes(change := shop.ben.opens(shop.api, "a")),
            shop.carla.reviews(change, "approve"),
        ],
    ],
    "APPROVED_ALREADY": [
        lambda forge, shop: [
            shop.ben.reviews(change := shop.ana.opens(shop.api, "a"), "approve"),
            shop.ben.reviews(change, "approve"),
        ]
    ],
    "NOT_APPROVED": [lambda forge, shop: shop.ben.unapproves(shop.ana.opens(shop.api, "a"))],
    "SAME_STATE": [_twice_pending],
    "NO_REVIEWER": [
        lambda forge, shop: shop.ben.asks(shop.ana.opens(shop.api, "a"), "nobody"),
        lambda forge, shop: acts.ask_again(
            forge.world, shop.ana.opens(shop.api, "a"), shop.ben.account, shop.carla.account
        ),
    ],
    "NOT_ON_GITLAB": [lambda forge, shop: shop.ben.enqueues(shop.ana.opens(shop.api, "a"))],
    "AWARD_TAKEN": [lambda forge, shop: _reacted(forge, shop, "eyes", "eyes")],
    "NO_AWARD": [lambda forge, shop: _reacted(forge, shop, "shruggy")],
}


@pytest.mark.parametrize(
    ("name", "number"), [(name, number) for name, told in STORIES.items() for number in range(len(told))]
)
async def test_a_story_is_refused_for_this_reason_and_no_other(
    forge: GitLabSandbox, shop: SimpleNamespace, name: str, number: int
) -> None:
    with pytest.raises(Refused) as refused:
        STORIES[name][number](forge, shop)
    assert refused.value.reason is REASONS[name]


def test_every_reason_has_a_story_and_a_source() -> None:
    """All but what GitHub lacks, which is told in `test_both_faces.py`."""
    assert set(STORIES) == set(REASONS) - {"NOT_ON_GITHUB"}
    assert all(each.source for each in REASONS.values())


def test_every_reason_that_can_be_given_on_gitlab_has_an_answer() -> None:
    """Those of `rules.py` that the acts of GitLab name, or that a check which they call raises."""
    named: set[str] = set()
    for module in (checks, files, merge_requests, notes, people, story):
        named |= _reasons_in(module)
    for check in ("may_see", "needs", "not_archived", "may_comment", "readable", "not_too_long", "may_move"):
        named |= _reasons_of(check)
    told = {name for name in named if isinstance(getattr(rules, name, None), Reason)}
    # Raised by acts that GitLab never performs: check runs, and moving a branch by force.
    elsewhere = {"FOREIGN_CHECK", "MANY_ANNOTATIONS", "CONCLUSION_MISSING", "PUSH_REJECTED"}
    assert {name for name in told if getattr(rules, name) not in KNOWN} <= elsewhere


def _reasons_in(module: ModuleType) -> set[str]:
    """What it names as `rules.SOMETHING`."""
    attributes = [
        each for each in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(each, ast.Attribute)
    ]
    return {each.attr for each in attributes if isinstance(each.value, ast.Name) and each.value.id == "rules"}


def _reasons_of(check: str) -> set[str]:
    """What one function of `rules.py` names."""
    tree = ast.parse(inspect.getsource(getattr(rules, check)))
    return {each.id for each in ast.walk(tree) if isinstance(each, ast.Name)}
