"""The stories that are not played on GitLab, and why. All others are played on both forges.

`docs/parity.md` is made from this file (`make docs`), so what is missing is never a secret.
"""

from __future__ import annotations

REASONS: dict[str, str] = {
    "sign_in": "signs in at GitHub; signing in at GitLab has tests of its own",
    "unseen": "fails on the sandbox GitLab and has not been looked at yet",
}

CLICKS = "on GitLab only maintainers can tick a box in another's comment, so these people use the command"

KNOWN: dict[str, str] = {
    "test_whoever_is_asked_says_not_me_by_a_click": CLICKS,
    "test_the_author_gives_the_turn_back_by_a_click": CLICKS,
    "test_who_may_not_is_told_so_and_the_box_is_empty_again": CLICKS,
    "test_commands_are_heard_in_reviews_and_in_comments_on_lines": (
        "a review on GitLab has no words of its own: whoever submits one has answered, whatever they wrote beside it"
    ),
    "test_the_short_form_is_heard_too": "commands without the prefix could be GitLab's own quick actions",
    "test_a_check_that_nobody_demands_pauses_nothing": "GitLab demands its pipeline as a whole, or nothing",
    "test_where_the_branchs_rules_cannot_be_read_no_check_pauses": "everybody who reads a project reads these rules",
    "test_a_change_in_the_merge_queue_waits_for_nobody": "the sandbox GitLab has no merge trains",
    "test_a_team_gives_way_to_its_people_unless_owners_must_approve": "GitLab asks people only, never groups",
    "test_a_change_costs_four_requests_once_the_repository_is_known": "it counts GitHub's requests",
}

GITHUB_ONLY: dict[str, tuple[str, tuple[str, ...]]] = {
    "test_boxes": (
        "unseen",
        (
            "test_commands_are_heard_in_reviews_and_in_comments_on_lines",
            "test_the_author_gives_the_turn_back_by_a_click",
            "test_who_may_not_is_told_so_and_the_box_is_empty_again",
            "test_whoever_is_asked_says_not_me_by_a_click",
        ),
    ),
    "test_catalogue": (
        "unseen",
        (
            "test_manifests_say_what_is_provided_and_required",
            "test_what_became_of_a_change_is_noted",
        ),
    ),
    "test_commands": (
        "unseen",
        ("test_the_short_form_is_heard_too",),
    ),
    "test_community": (
        "unseen",
        (
            "test_a_bug_that_comes_from_two_changes_is_told_of_one_a_day",
            "test_a_command_names_the_change_once_and_only_a_guests_counts",
            "test_a_page_can_decide_as_well",
            "test_a_snooze_ends_by_itself",
            "test_an_owner_says_them_by_a_command_and_nobody_else_can",
            "test_off_can_be_taken_back",
            "test_off_ends_all_comments_and_on_brings_them_back",
            "test_on_day_29_both_teams_hear_of_the_bug_and_on_day_30_the_owner_alone",
            "test_only_who_offered_help_is_named_two_at_a_time_in_turns",
            "test_thanks_are_drafted_for_the_owners_and_nothing_is_said_without_them",
            "test_they_can_be_said_in_own_words_or_dropped",
        ),
    ),
    "test_gate": (
        "unseen",
        (
            "test_a_check_that_nobody_demands_pauses_nothing",
            "test_a_conflict_with_the_base_is_the_authors_until_it_is_mended",
            "test_where_the_branchs_rules_cannot_be_read_no_check_pauses",
        ),
    ),
    "test_guests": (
        "unseen",
        (
            "test_a_comment_that_a_person_deleted_is_not_said_again",
            "test_a_draft_is_welcomed_once_it_is_ready",
            "test_a_guest_is_met_by_a_trusted_committer_within_the_time_for_guests",
            "test_a_guest_reads_one_comment_five_minutes_after_the_change_is_ready",
            "test_a_push_to_other_files_makes_it_mixed_and_the_promise_stays",
            "test_a_repository_that_nobody_is_named_for_is_a_finding",
            "test_more_guests_than_hours_are_one_finding",
            "test_the_second_time_the_comment_is_short",
            "test_where_more_wait_than_there_are_hours_it_is_said_and_the_date_stays",
            "test_who_changes_teams_later_stays_what_they_were_at_the_opening",
            "test_whoever_is_in_a_team_within_the_owning_team_is_no_guest",
        ),
    ),
    "test_missed": (
        "unseen",
        (
            "test_a_delivery_that_found_no_connection_is_asked_for_and_does_its_work",
            "test_a_delivery_that_was_answered_and_is_not_here_is_a_loss_too",
            "test_what_came_or_waits_on_disk_is_not_asked_for",
        ),
    ),
    "test_new_repositories": (
        "unseen",
        (
            "test_a_day_later_one_issue_asks_and_a_yes_says_how",
            "test_a_draft_is_to_be_had_on_the_question",
            "test_a_no_closes_it_for_ever",
            "test_later_is_asked_once_more_after_ninety_days_and_not_a_third_time",
            "test_the_answers_mean_nothing_elsewhere",
        ),
    ),
    "test_once": (
        "unseen",
        ("test_while_the_forge_is_down_nothing_is_lost",),
    ),
    "test_organisation": (
        "unseen",
        (
            "test_a_line_that_cannot_be_used_fails_where_it_stands",
            "test_a_mended_line_succeeds",
            "test_a_push_to_them_is_felt_everywhere",
            "test_an_edit_of_the_rules_is_told_value_by_value",
            "test_the_organisations_rules_hold_in_every_repository",
            "test_what_is_the_organisations_alone_changes_nothing_elsewhere",
        ),
    ),
    "test_owner_doctor": (
        "unseen",
        (
            "test_a_change_that_brings_nothing_bad_succeeds",
            "test_a_healthy_file_has_no_findings_and_no_issue",
            "test_a_lost_answer_doubles_no_annotation",
            "test_a_lost_event_is_found_the_next_day",
            "test_a_push_is_judged_anew",
            "test_a_small_new_problem_is_told_without_failing",
            "test_an_address_that_somebody_has_is_no_ailment",
            "test_an_archived_repository_is_left_alone",
            "test_each_ailment_is_found_on_its_line",
            "test_looking_again_writes_nothing",
            "test_more_than_fifty_annotations_all_arrive",
            "test_only_new_problems_fail_and_what_is_mended_is_said",
            "test_taking_the_owners_file_away_is_said",
            "test_the_last_member_who_leaves_a_team_is_noticed_at_once",
            "test_the_rules_say_from_which_severity_on_it_fails",
            "test_what_is_mended_is_cleared",
            "test_who_answers_once_is_not_silent",
            "test_who_leaves_the_organisation_is_noticed_at_once",
        ),
    ),
    "test_pages": (
        "sign_in",
        (
            "test_health_and_metrics",
            "test_the_pages_tell_whose_turn_it_is_and_why",
        ),
    ),
    "test_requests": (
        "unseen",
        ("test_a_change_costs_four_requests_once_the_repository_is_known",),
    ),
    "test_sign_in": (
        "sign_in",
        (
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
    ),
    "test_support": (
        "unseen",
        (
            "test_a_colleagues_issue_is_no_promise",
            "test_a_critical_issue_on_a_saturday_goes_to_the_lead_after_four_hours",
            "test_a_promise_moves_the_reminder",
            "test_a_request_is_declined_with_a_reason",
            "test_a_request_that_nobody_sorts_costs_one_reminder_after_its_own_time",
            "test_a_welcome_contribution_waits_for_nobody",
            "test_an_answer_ends_the_wait_and_the_reporter_begins_it_anew",
            "test_an_issue_that_nobody_looks_at_costs_one_reminder",
            "test_issues_of_bots_and_of_usher_itself_are_left_alone",
            "test_silence_brings_in_another_owner_and_then_the_lead",
            "test_whoever_it_is_assigned_to_is_the_one_who_hears",
        ),
    ),
    "test_turns": (
        "unseen",
        (
            "test_a_change_in_the_merge_queue_waits_for_nobody",
            "test_a_team_gives_way_to_its_people_unless_owners_must_approve",
        ),
    ),
}


NOT_PLAYED_YET = frozenset(("test_found", "test_goodbye", "test_guidelines"))
"""Whole files that nobody has played on GitLab yet."""


def why_not(module: str, story: str) -> str:
    """Why a story is not played on GitLab; empty where it is."""
    if module in NOT_PLAYED_YET:
        return "nobody has played it on GitLab yet"
    reason, stories = GITHUB_ONLY.get(module, ("", ()))
    return KNOWN.get(story) or REASONS[reason] if story in stories else ""
