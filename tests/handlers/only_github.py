"""The stories that are not played on GitLab, and why. All others are played on both forges.

`docs/parity.md` is made from this file (`make docs`), so what is missing is never a secret.
"""

from __future__ import annotations

REASONS: dict[str, str] = {
    "app": "suspending, uninstalling and permitting an App is GitHub's",
    "clicks": "on GitLab only maintainers can tick a box in another's comment, so these people use the command",
    "ailments": "its lines are in GitHub's dialect; what ails GitLab's is in `tests/policies/owners/test_lint.py`",
    "defaults": "on GitLab the operator names the project of defaults; the story's is GitHub's `.github`",
    "group": "the story's project lives in the topmost group: on GitLab it has no owning team, which is a finding",
    "groups": "GitLab asks people only, never groups",
    "pipeline": "GitLab demands its pipeline as a whole, or nothing",
    "redelivery": "Usher asks GitLab for no lost deliveries; it compares the open changes instead",
    "requests": "it counts GitHub's requests",
    "reviews": "a review on GitLab has no words of its own: whoever submits one has answered, whatever they wrote",
    "rules_read": "everybody who reads a project reads these rules",
    "short": "Usher hears no command without its prefix on GitLab, where such lines are quick actions",
    "sign_in": "signs in at GitHub; signing in at GitLab has tests of its own",
    "trains": "the sandbox GitLab has no merge trains",
    "writers": "GitLab tells the addresses of who wrote commits, not their accounts, so nobody is left out for them",
    "verdict": "looks at a check run with its notes; GitLab has a commit status of one line",
}

GITHUB_ONLY: dict[str, dict[str, tuple[str, ...]]] = {
    "test_assign": {
        "writers": ("test_who_wrote_part_of_it_does_not_review_it",),
    },
    "test_boxes": {
        "clicks": (
            "test_the_author_gives_the_turn_back_by_a_click",
            "test_who_may_not_is_told_so_and_the_box_is_empty_again",
            "test_whoever_is_asked_says_not_me_by_a_click",
        ),
        "reviews": ("test_commands_are_heard_in_reviews_and_in_comments_on_lines",),
    },
    "test_catalogue": {
        "defaults": ("test_a_guide_of_the_organisation_is_shown_as_inherited",),
    },
    "test_commands": {
        "short": ("test_the_short_form_is_heard_too",),
    },
    "test_dry_run": {
        "sign_in": (
            "test_operators_see_every_repository_and_switch_the_organisation",
            "test_the_owner_of_a_repository_makes_it_live_with_a_button",
        ),
        "verdict": ("test_the_check_shows_every_comment_and_says_when_it_is_over",),
    },
    "test_found": {
        "sign_in": (
            "test_every_page_answers_with_nothing_and_with_something",
            "test_machines_read_what_their_person_may_and_nobody_else_anything",
            "test_operations_are_for_operators",
            "test_searching",
            "test_the_page_of_a_repository_says_who_owns_what_and_who_uses_it",
            "test_whoever_wants_to_be_forgotten_is",
        ),
    },
    "test_gate": {
        "pipeline": ("test_a_check_that_nobody_demands_pauses_nothing",),
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
        "defaults": ("test_a_guide_of_the_organisation_passes_as_inherited",),
    },
    "test_measures": {
        "app": ("test_operations_name_the_permission_that_an_account_has_not_accepted",),
        "sign_in": (
            "test_nobody_is_recognised_by_the_number_of_a_team_of_two",
            "test_a_team_of_two_is_shown_by_itself",
            "test_a_repository_that_begins_to_use_shared_code_is_a_win",
        ),
    },
    "test_missed": {
        "redelivery": (
            "test_a_delivery_that_found_no_connection_is_asked_for_and_does_its_work",
            "test_a_delivery_that_was_answered_and_is_not_here_is_a_loss_too",
            "test_what_came_or_waits_on_disk_is_not_asked_for",
        ),
    },
    "test_owner_doctor": {
        "ailments": ("test_each_ailment_is_found_on_its_line",),
        "verdict": (
            "test_a_lost_answer_doubles_no_annotation",
            "test_more_than_fifty_annotations_all_arrive",
            "test_only_new_problems_fail_and_what_is_mended_is_said",
        ),
    },
    "test_pages": {
        "sign_in": (
            "test_health_and_metrics",
            "test_the_pages_tell_whose_turn_it_is_and_why",
        ),
    },
    "test_requests": {
        "requests": ("test_a_change_costs_four_requests_once_the_repository_is_known",),
    },
    "test_sign_in": {
        "sign_in": (
            "test_a_code_is_worth_nothing_without_the_verifier",
            "test_a_machine_token_is_hashed_scoped_and_ends",
            "test_a_session_ends_when_idle_and_after_a_working_day",
            "test_a_session_is_kept_by_its_hash_and_its_token_sealed",
            "test_access_that_was_lost_is_noticed_within_ten_minutes",
            "test_coming_back_leads_to_our_own_pages_only",
            "test_forged_requests_change_nothing",
            "test_what_the_forge_hides_is_missing_here_too",
            "test_whoever_has_not_signed_in_is_sent_to_do_so_and_comes_back",
            "test_whose_token_the_forge_revoked_is_signed_out",
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
