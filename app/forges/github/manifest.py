"""Fetching the keys of a GitHub App that was just made from a manifest (Registering a GitHub App from a manifest)."""

from __future__ import annotations

from importlib.metadata import version as installed_version

from app.forges.github.answers import refusal
from app.forges.http import Wire
from app.forges.json_values import number, text
from app.store.credentials import GitHubCredentials
from handlers.ports import Gone, Unavailable

API_VERSION = "2022-11-28"


async def convert(api_url: str, code: str) -> GitHubCredentials:
    """The App's keys for the code that GitHub sent the browser back with: once, and within the hour.

    `Gone` where the code is unknown or was used; other `ForgeError`s as the forge answers.
    """
    if not code.isalnum() or len(code) > 200:
        raise Gone("this is no code of GitHub's")
    wire = Wire(api_url)
    headers = {
        "accept": "application/vnd.github+json",
        "user-agent": f"usher/{installed_version('usher')}",
        "x-github-api-version": API_VERSION,
    }
    try:
        path = f"/app-manifests/{code}/conversions"
        answer = await wire.exchange("POST", wire.base + path, headers=headers)
    finally:
        await wire.aclose()
    error = refusal(answer, "POST", "/app-manifests/{code}/conversions")
    if error is not None:
        raise error
    said = answer.json()
    made = GitHubCredentials(
        app_id=number(said, "id") or 0,
        private_key=text(said, "pem"),
        webhook_secrets=(text(said, "webhook_secret"),),
        client_id=text(said, "client_id"),
        client_secret=text(said, "client_secret"),
        page=text(said, "html_url"),
    )
    if not (made.app_id and made.private_key and made.webhook_secrets[0]):
        raise Unavailable("GitHub's answer lacks the App's number, key or webhook secret")
    return made
