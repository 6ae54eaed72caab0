"""No token, key or password is left in what people may read."""

import time

import pytest

from app.redaction import redact, redact_headers

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA0Z3\nVS5JJcds3xfn\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjM0NSJ9.c2lnbmF0dXJl-_"


@pytest.mark.parametrize(
    "secret",
    [
        "ghp_" + "a1B2" * 9,
        "gho_" + "a1B2" * 9,
        "ghu_" + "a1B2" * 9,
        "ghr_" + "a1B2" * 9,
        "ghs_" + "a1B2" * 9,
        "ghs_" + "123_eyJhbGciOi.eyJpc3M-x.sig_" * 30,  # the long form
        "github_pat_" + "11ABCDEFG0" * 5,
        "v1." + "0123456789abcdef" * 2 + "01234567",
        "glpat-" + "x" * 20,
        "glptt-" + "x" * 40,
        "glcbt-64_" + "y" * 20,
        "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "ush_" + "k" * 32,
        JWT,
        JWT.rpartition(".")[0] + ".",
        PEM,
        PEM.replace("RSA ", ""),
        PEM.replace("\n", "\\n"),
        PEM[: PEM.index("-----END")],
    ],
)
@pytest.mark.parametrize("around", ["{}", "before {} after", '{{"k":"{}"}}', "a\\n{}", "x={};"])
def test_a_secret_is_struck_out_wherever_it_stands(secret, around):
    text = redact(around.format(secret))
    assert "[redacted]" in text
    assert not any(secret[at : at + 12] in text for at in range(4, len(secret) - 12))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("https://bot:pa@ss@git.example.com/x", "https://[redacted]@git.example.com/x"),
        ("/setup?code=abc123&page=2", "/setup?code=[redacted]&page=2"),
        ("/cb?page=2&state=xyz#top", "/cb?page=2&state=[redacted]#top"),
        ("/x?access_token=abc", "/x?access_token=[redacted]"),
        ("/x?PRIVATE_TOKEN=abc", "/x?PRIVATE_TOKEN=[redacted]"),
        ("client_secret?client_secret=q", "client_secret?client_secret=[redacted]"),
        ("Authorization: Bearer abcdefghijklmnop", "Authorization: Bearer [redacted]"),
        ("authorization: token abcdefghijklmnop", "authorization: token [redacted]"),
    ],
)
def test_the_name_of_a_secret_stays_and_its_value_goes(text, left):
    assert redact(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "",
        "GET /repos/shop/api/pulls/7 answered 404",
        "https://api.github.com/repos/shop/api?per_page=100&page=2",
        "mail ana@example.com about the token",
        "sha 0123456789abcdef0123456789abcdef01234567",
        "the bearer of bad news",
    ],
)
def test_ordinary_text_is_left_alone(text):
    assert redact(text) == text


def test_header_fields_that_carry_credentials_are_struck_out_whole():
    headers = {
        "Authorization": "Bearer x",
        "PRIVATE-TOKEN": "x",
        "X-Gitlab-Token": "x",
        "X-Hub-Signature-256": "sha256=00",
        "Set-Cookie": "a=b",
        "User-Agent": "GitHub-Hookshot/1",
        "Referer": "https://u:p@host/",
    }
    assert redact_headers(headers) == {
        **dict.fromkeys(list(headers)[:5], "[redacted]"),
        "User-Agent": "GitHub-Hookshot/1",
        "Referer": "https://[redacted]@host/",
    }


@pytest.mark.parametrize(
    "piece",
    [
        "eyJ",
        "eyJa.",
        "ghs_",
        "glpat-",
        "://",
        "://a@",
        "-----BEGIN PRIVATE KEY-----",
        "?token=",
        "token ",
        "@",
    ],
)
def test_a_hostile_text_is_read_once_and_not_again_from_every_place(piece):
    """160,000 characters take some milliseconds; a pattern that begins anew at each would take minutes."""
    text = piece * (160_000 // len(piece))
    start = time.perf_counter()
    redact(text)
    assert time.perf_counter() - start < 5
