"""What operators set: by variables and files, some of them empty, wrong, said twice or misspelt."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.settings import SettingsError, misspelt, read_settings
from app.store.database import locate

TOKEN = f"glpat-{secrets.token_urlsafe(20)}"
KEY = base64.b64encode(secrets.token_bytes(32)).decode()


def test_a_variable_that_is_empty_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Compose and charts pass what nobody filled in."""
    for name in ("DATABASE_URL", "GITHUB_APP_ID", "PUBLIC_URL", "GITLAB_TOKEN", "GITLAB_TOKEN_FILE", "PORT"):
        monkeypatch.setenv(f"USHER_{name}", "")
    found = read_settings()
    assert (found.database_url, found.github_app_id, found.public_url) == (None, None, None)
    assert (found.gitlab_token, found.port) == (None, 8080)


def test_where_nothing_is_something_an_empty_variable_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("METRICS_ADDRESS", "FORGE_RANGES"):
        monkeypatch.setenv(f"USHER_{name}", "")
    found = read_settings()
    assert (found.metrics_address, found.forge_ranges) == ("", ())


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("GITLAB_TOKEN", None, "USHER_GITLAB_TOKEN_FILE: cannot read .*No such file"),
        ("GITLAB_TOKEN", b"\xff\xfe", "USHER_GITLAB_TOKEN_FILE: .* is no text in UTF-8"),
        ("GITLAB_TOKEN", b" \n", "USHER_GITLAB_TOKEN_FILE: .* is empty: write the value into it"),
        ("MASTER_KEYS", b"short\n", "USHER_MASTER_KEYS: each key must be 32 bytes or longer"),
    ],
)
def test_a_file_without_a_value_is_told_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    file = tmp_path / "value"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv(f"USHER_{name}_FILE", str(file))
    with pytest.raises(SettingsError, match=said):
        read_settings()


def test_an_address_with_its_password_can_come_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "address").write_text("postgres://usher:p%40ss@db/usher\n")
    monkeypatch.setenv("USHER_DATABASE_URL_FILE", str(tmp_path / "address"))
    assert locate(read_settings()) == "postgresql://usher:p%40ss@db/usher"


def test_of_two_values_none_is_guessed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    monkeypatch.setenv("USHER_GITLAB_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("USHER_GITLAB_TOKEN", f"{TOKEN}x")
    with pytest.raises(
        SettingsError, match="USHER_GITLAB_TOKEN and USHER_GITLAB_TOKEN_FILE are both set"
    ) as told:
        read_settings()
    assert TOKEN not in str(told.value)


@pytest.mark.parametrize(
    "address",
    [
        "mysql://usher:hunter2@db/usher",
        "postgresql://usher:hunter2@db:port/usher",
        "postgresql://usher:hun/ter2@db:5432/usher?nonsense=1",
        "postgresql://usher:hunter2%@db/usher",
        "postgresql://usher:hunter2@[db/usher",
    ],
)
def test_a_database_that_cannot_be_named_so_is_told_of_without_its_password(address: str) -> None:
    with pytest.raises(SettingsError, match="USHER_DATABASE_URL: ") as told:
        locate(read_settings(database_url=address))
    assert "ter2" not in str(told.value)


def test_a_data_dir_that_is_none_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(SettingsError, match="USHER_DATA_DIR: cannot use "):
            locate(read_settings(data_dir=folder))


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        pytest.param(
            "gitlab_signing_tokens",
            f"whsec_{KEY},a-secret-token-instead",
            "each token must be as GitLab shows it",
            id="a key made at run time is no name",
        ),
        ("gitlab_signing_tokens", "whsec_no-base64-at-all!!", "each token must be as GitLab shows it"),
        ("github_private_key", "/run/secrets/key.pem", "is no private key as GitHub hands it out"),
        (
            "github_private_key",
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
            "is no private key as GitHub hands it out",
        ),
        ("public_url", "https://usher.example.org:99999", "Port out of range"),
        ("public_url", "https://[usher", "Invalid IPv6 URL"),
        ("sweep_seconds", "inf", "should be a finite number"),
        ("uncertain_seconds", "nan", "USHER_UNCERTAIN_SECONDS"),
    ],
)
def test_what_cannot_be_used_is_refused_at_the_start(setting: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_settings(**{setting: value})


def test_a_private_key_may_come_in_one_line() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    lines = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    for text in (lines, lines.replace("\n", "\\n")):
        assert read_settings(github_private_key=text).github_private_key is not None


def test_a_full_disk_is_told_of() -> None:
    command = [sys.executable, "-m", "app.cli", "config", "schema"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (2, "The answer cannot be written: No space left on device.\n")


def test_a_setting_that_is_misspelt_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USHER_GITHUB_WEBHOOK_SECRET", "a-secret-of-some-length")
    monkeypatch.setenv("usher_publicurl", "https://usher.example.org")
    monkeypatch.setenv("USHER_IMAGE", "usher:latest")  # of the deployment, not ours
    monkeypatch.setenv("USHER_GITLAB_TOKEN", TOKEN)
    assert misspelt() == [
        ("USHER_GITHUB_WEBHOOK_SECRET", "USHER_GITHUB_WEBHOOK_SECRETS"),
        ("USHER_PUBLICURL", "USHER_PUBLIC_URL"),
    ]


def test_a_command_says_it_in_a_sentence_and_not_in_a_traceback() -> None:
    given = {**os.environ, "USHER_DATABASE_URL": "postgresql://usher:hunter2@db:port/usher"}
    command = [sys.executable, "-m", "app.cli", "migrate"]
    ended = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("USHER_DATABASE_URL: is no address that PostgreSQL understands")
    assert ended.stderr.count("\n") == 1
    assert "hunter2" not in ended.stderr
