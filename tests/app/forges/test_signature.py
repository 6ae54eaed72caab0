"""Only what GitHub sealed with a secret of ours is let in."""

import hashlib
import hmac

import pytest

from app.forges.signature import GitHubSeal, claimed_digest, github_signature, valid_github_signature

# The worked example of GitHub's page "Validating webhook deliveries".
SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
SEAL = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_githubs_own_example_is_valid():
    assert valid_github_signature([SECRET], SEAL, BODY)
    assert github_signature(SECRET, BODY) == SEAL


def test_the_body_may_come_in_pieces():
    assert valid_github_signature([SECRET], SEAL, [b"Hel", b"", b"lo, World", b"!"])


@pytest.mark.parametrize("position", [0, 1, 2])
def test_any_of_several_secrets_is_enough(position):
    secrets = ["old secret, long enough", "other secret, long enough"]
    secrets.insert(position, SECRET)
    assert valid_github_signature(secrets, SEAL, BODY)


@pytest.mark.parametrize(
    ("secrets", "body"),
    [
        (["another secret"], BODY),
        ([SECRET + " "], BODY),
        ([], BODY),
        ([SECRET], BODY + b"\n"),
        ([SECRET], b""),
    ],
)
def test_other_secrets_and_other_bytes_are_refused(secrets, body):
    assert not valid_github_signature(secrets, SEAL, body)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha256=",
        SEAL.removeprefix("sha256="),
        SEAL.upper(),
        "sha256=" + SEAL.removeprefix("sha256=").upper(),
        SEAL + "0",
        SEAL[:-1],
        SEAL + "\n",
        " " + SEAL,
        SEAL + "," + SEAL,
        SEAL.replace("7", "٧"),  # another script's digit seven
        "sha1=" + hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest(),
    ],
)
def test_a_seal_of_any_other_form_is_refused_before_the_body_is_read(header):
    assert claimed_digest(header) is None
    assert not valid_github_signature([SECRET], header, BODY)


def test_an_empty_secret_is_a_mistake_of_the_operator():
    with pytest.raises(ValueError, match="let everybody in"):
        GitHubSeal(["good enough secret", ""])
