"""The stories that are not played on GitLab, and why. All others are played on both forges.

`docs/parity.md` is made from this file (`make docs`), so what is missing is never a secret.
"""

from __future__ import annotations

REASONS: dict[str, str] = {
    "app": "suspending, uninstalling and permitting an App is GitHub's",
    "clicks": "on GitLab only maintainers can tick a box in another's comment, so others are shown commands",
    "groups": "GitLab asks people only, never groups",
    "redelivery": "GitLab keeps a list for each hook, not for an App; another round sends again what was lost",
    "reviews": "a review on GitLab has no words of its own: whoever submits one has answered, whatever they wrote",
    "rules_read": "everybody who reads a project reads these rules",
    "short": "Usher hears no command without its prefix on GitLab, where such lines are quick actions",
    "trains": "the sandbox GitLab has no merge trains",
}

GITHUB_ONLY: dict[str, dict[str, tuple[str, ...]]] = {
    "test_boxes": {
        "reviews": ("test_a_review_that_only_gives_a_command_answers_nobody",),
        "clicks": (
            "test_the_author_gives_the_turn_back_by_a_click",
            "test_who_may_not_is_told_so_and_the_box_is_empty_again",
            "test_whoever_is_asked_says_not_me_by_a_click",
        ),
    },
    "test_commands": {
        "short": ("test_the_short_form_is_heard_too",),
    },
    "test_gate": {
        "rules_read": ("test_where_the_branchs_rules_cannot_be_read_no_check_pauses",),
    },
    "test_goodbye": {
        "app": (
            "test_of_who_uninstalled_it_nothing_is_kept_a_day_later",
            "test_who_comes_back_in_time_loses_nothing",
        ),
    },
    "test_guidelines": {
        "app": ("test_without_the_permission_the_draft_stands_where_it_was_asked_for",),
    },
    "test_measures": {
        "app": ("test_operations_name_the_permission_that_an_account_has_not_accepted",),
    },
    "test_missed": {
        "redelivery": (
            "test_a_delivery_that_found_no_connection_is_asked_for_and_does_its_work",
            "test_a_delivery_that_was_answered_and_is_not_here_is_a_loss_too",
            "test_what_came_or_waits_on_disk_is_not_asked_for",
        ),
    },
    "test_turns": {
        "groups": ("test_a_team_gives_way_to_its_people_unless_owners_must_approve",),
        "trains": ("test_a_change_in_the_merge_queue_waits_for_nobody",),
    },
}


def why_not(module: str, story: str) -> str:
    """Why a story is not played on GitLab; empty where it is."""
    for reason, stories in GITHUB_ONLY.get(module, {}).items():
        if story in stories:
            return REASONS[reason]
    return ""
