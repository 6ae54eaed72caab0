"""What the sandbox sends, Usher's own door understands: each thing that people do becomes the fact it is."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from app.forges.gitlab.events import read
from app.forges.sandbox import GitLabSandbox, Protection
from handlers.ports import Reading
from tests.sandbox.gitlab.conftest import Receiver

Act = Callable[[GitLabSandbox, SimpleNamespace, Any], object]

ACTS: dict[str, tuple[Act, set[str]]] = {
    "pushes": (lambda forge, shop, change: shop.ana.pushes(change, "docs/a.md"), {"ChangePushed"}),
    "retargets": (lambda forge, shop, change: shop.ana.retargets(change, "release"), {"ChangeRetargeted"}),
    "retitles": (lambda forge, shop, change: shop.ana.edits(change, title="New"), {"ChangeRetitled"}),
    "drafts": (lambda forge, shop, change: shop.ana.drafts(change), {"ChangeDrafted", "ChangeRetitled"}),
    "closes": (lambda forge, shop, change: shop.ana.closes(change), {"ChangeClosed"}),
    "merges": (lambda forge, shop, change: shop.ben.merges(change), {"ChangeMerged", "FilesPushed"}),
    "asks": (lambda forge, shop, change: shop.ben.asks(change, "carla"), {"ReviewAsked"}),
    "asks again": (lambda forge, shop, change: shop.ben.asks(change, "ben"), {"ReviewAsked"}),
    "unasks": (lambda forge, shop, change: shop.ben.unasks(change, "ben"), {"ReviewUnasked"}),
    "approves": (lambda forge, shop, change: shop.ben.reviews(change, "approve"), {"Reviewed"}),
    "objects": (lambda forge, shop, change: shop.ben.reviews(change, "request_changes"), {"Reviewed"}),
    "comments": (lambda forge, shop, change: shop.ben.comments(change, "Why?"), {"RemarkMade"}),
    "remarks on a line": (
        lambda forge, shop, change: shop.ben.remarks_on(change, "pay/a.py", "Why?"),
        {"Reviewed"},
    ),
    "labels": (lambda forge, shop, change: shop.ben.labels(change, "bug"), {"Labelled"}),
    "checks": (lambda forge, shop, change: forge.checks_finish(change), {"ChecksChanged"}),
    "reports": (lambda forge, shop, change: shop.ana.reports(shop.api, "Slow"), {"IssueOpened"}),
    "commits": (
        lambda forge, shop, change: shop.ben.commits(shop.api, {"CODEOWNERS": "* @ben\n"}),
        {"FilesPushed"},
    ),
    "joins": (lambda forge, shop, change: shop.ana.joins(shop.pay), {"PeopleChanged"}),
    "leaves": (lambda forge, shop, change: shop.ben.leaves(shop.pay), {"PeopleChanged"}),
    "expires": (lambda forge, shop, change: forge.token_expires(shop.group), {"TokenExpiring"}),
}


@pytest.mark.parametrize("name", ACTS)
async def test_each_act_is_read_as_what_it_is(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace, name: str
) -> None:
    shop.ben.branches(shop.api, "release")
    change = shop.ana.opens(shop.api, "pay/a.py")
    shop.ben.asks(change, "ben")
    shop.carla.reviews(change, "comment", "Hm.")
    await forge.idle()
    receiver.forget()
    act, expected = ACTS[name]
    act(forge, shop, change)
    await forge.idle()
    readings = [read(each.payload) for each in receiver.received]
    assert readings
    assert _facts(readings) == expected
    assert not [reading.ignored for reading in readings if reading.ignored]


def _facts(readings: list[Reading]) -> set[str]:
    told = [fact for reading in readings for touch in reading.touches for fact in touch.facts]
    told += [fact for reading in readings for fact in reading.by_commit]
    return {type(fact).__name__ for fact in told}


async def test_whatever_is_sent_wakes_the_subject_it_is_about(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    """Also what has no fact: a description, the last thread resolved, approvals that a push took."""
    shop.api.protections["main"] = Protection(dismiss_stale=True)
    change = shop.ana.opens(shop.api, "pay/a.py")
    remark = shop.ben.remarks_on(change, "pay/a.py", "Why?")
    shop.ben.reviews(change, "approve")
    shop.ana.edits(change, body="Because.")
    shop.ana.resolves(remark)
    shop.ana.pushes(change, "docs/a.md")
    await forge.idle()
    for each in receiver.received:
        touched = [touch.subject for touch in read(each.payload).touches]
        assert ("change", shop.api.id, change.number) in [
            (subject.kind, subject.repository_id, subject.number) for subject in touched
        ]
