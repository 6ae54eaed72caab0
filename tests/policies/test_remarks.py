"""A comment answers when it says something; a command or a thumbs-up alone does not."""

import time

import pytest

from policies.remarks import is_answer


@pytest.mark.parametrize(
    "body",
    [
        "Looks good, one question below.",
        "+1",
        "ok 👍",
        "/usher ack\nI will look tomorrow.",
        "/lib/pay.py is wrong here",
        "the command is `/usher ack`",
        "> quoted\n\nNo.",
        "???",
        "a:b:c",
        "12:30:45",
        "是",
        "1",
    ],
)
def test_words_answer(body):
    assert is_answer(body)


@pytest.mark.parametrize(
    "body",
    [
        "",
        " \n\t\r\n",
        "/usher ack",
        "/usher",
        "/Usher ETA tue 15:00",
        "  /usher next @ben  ",
        "/assign @ben",
        "/retest",
        "/usher ack\n\n/usher eta +2bd\n",
        "👍",
        "👍🏽 🎉",
        "👩‍👩‍👧‍👦",
        "❤️",
        "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
        "🇩🇪",
        "1️⃣",
        ":+1:",
        ":tada: :heart_eyes:",
        "/usher ack\n:eyes:",
    ],
)
def test_commands_and_emoji_alone_do_not(body):
    assert not is_answer(body)


def test_usher_may_be_called_by_another_name():
    assert not is_answer("@helper ack", "@helper")
    assert is_answer("@helper ack", "/usher")


def test_the_longest_comment_is_judged_at_once():
    start = time.perf_counter()
    for piece in (":a", "/", "👍", "1\ufe0f", ": ", "/a" * 2):
        is_answer(piece * (65_536 // len(piece)))
    assert time.perf_counter() - start < 2
