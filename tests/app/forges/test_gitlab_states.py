"""What GitLab's JSON means where one could mistake it."""

from __future__ import annotations

import pytest

from app.forges.gitlab import states


@pytest.mark.parametrize(
    ("login", "is_bot"),
    [
        ("GitLabDuo", True),  # reviews like a person, and is none
        ("GitLab-Security-Bot", True),
        ("support-bot1", True),
        ("project_7_bot_0a1b2c", True),
        ("group_12_bot3", True),
        ("service_account_ci", True),
        ("Shop-Helper", True),
        ("gitlabduo-fan", False),
        ("project_manager", False),
        ("talbot", False),
        ("", False),
    ],
)
def test_who_is_no_person(login: str, is_bot: bool) -> None:
    assert states.is_bot(login, "shop-helper") is is_bot
