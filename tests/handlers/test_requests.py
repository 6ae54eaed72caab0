"""Usher asks the forge for little: every request costs the organisation's budget."""

from __future__ import annotations

from tests.stories import Bot, Shop


def calls(bot: Bot) -> list[str]:
    """What was called, without the minting of tokens and the look at who we are."""
    return [
        f"{each.method} {each.path}"
        for each in bot.forge.ledger.exchanges
        if not each.path.endswith("/access_tokens") and each.path != "/app"
    ]


MOST = {"github": 4, "gitlab": 9}
"""GitLab tells of a merge request, its reviewers, its approvals, its commits and the tip of its base with a request
each, and replaces the whole list of reviewers, which therefore is read right before."""


async def test_a_change_costs_few_requests_once_the_repository_is_known(bot: Bot, world: Shop) -> None:
    world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    cold = len(calls(bot))
    change = world.ana.opens(world.api, touching={"docs/other.md": "new\n"})
    await bot.settled()
    warm = calls(bot)[cold:]
    assert change.asked == {"erin"}
    assert len(warm) <= MOST[bot.forge.kind], warm
    print(f"\nrequests for an opened change: {cold} cold, {len(warm)} warm")
