"""Which forge `usher owners --live` asks, and as whom: the settings of the environment, and the checkout's origin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.commands.owners_source import Origin
from app.errors import ForPeople
from app.forges.github.adapter import GitHub, GitHubClient
from app.forges.github.app import GitHubApp
from app.forges.gitlab.adapter import GitLab
from app.forges.gitlab.client import GitLabClient
from app.redaction import redact
from app.settings import Settings, read_settings
from handlers.ports import Forbidden, ForgeError, Gone, Throttled
from policies.facts import Repository
from policies.owners import Dialect
from policies.owners.answers import NAMES


class NotAnswered(ForPeople):
    """The forge does not tell; the message is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A repository on the forge that the settings name."""

    port: GitHub | GitLab
    repository: Repository


@asynccontextmanager
async def reach(dialect: Dialect, named: str | None, origin: Origin | None) -> AsyncIterator[Reached]:
    """The repository that is `named`, or that of `origin`, on the forge of the settings. Raises `NotAnswered`."""
    settings = _settings()
    ways = {"github": _github, "gitlab": _gitlab}
    async with ways[dialect](settings, named, origin) as reached:
        yield reached


def why_not(error: ForgeError, dialect: Dialect) -> NotAnswered:
    """What an error of the forge means for whoever typed the command."""
    forge = NAMES[dialect]
    match error:
        case Throttled():
            said = f"{forge} asks to wait until {error.until:%H:%M} UTC."
        case Forbidden(permission=str(permission)) if dialect == "github":
            said = f"{error}; the GitHub App needs the permission {permission}."
        case Forbidden(permission=str(permission)):
            said = f"{error}; the token needs {permission}."
        case _:
            said = f"{forge} did not tell: {error}."
    return NotAnswered(_one_sentence(said))


@asynccontextmanager
async def _github(settings: Settings, named: str | None, origin: Origin | None) -> AsyncIterator[Reached]:
    if settings.github_app_id is None or settings.github_private_key is None:
        raise NotAnswered(
            "--live needs the GitHub App: set USHER_GITHUB_APP_ID and USHER_GITHUB_PRIVATE_KEY."
        )
    urls = [settings.github_web_url, settings.github_api_url]
    name = named or _at(origin, urls, "USHER_GITHUB_WEB_URL", "OWNER/NAME")
    if name.count("/") != 1:
        raise NotAnswered("Nothing here says which repository this is: add --repository OWNER/NAME.")
    client = GitHubClient(
        api_url=settings.github_api_url,
        app_id=settings.github_app_id,
        private_key=settings.github_private_key.get_secret_value(),
    )
    async with client:
        try:
            installation, repository = await GitHubApp(client).find(name)
        except Gone:
            raise NotAnswered(
                f"The GitHub App is not installed on {name}, or the repository has another name."
            ) from None
        yield Reached(GitHub(client, installation), repository)


@asynccontextmanager
async def _gitlab(settings: Settings, named: str | None, origin: Origin | None) -> AsyncIterator[Reached]:
    if settings.gitlab_token is None:
        raise NotAnswered("--live needs a token of GitLab: set USHER_GITLAB_TOKEN.")
    name = named or _at(origin, [settings.gitlab_url], "USHER_GITLAB_URL", "GROUP/PROJECT")
    token = settings.gitlab_token.get_secret_value()
    async with GitLabClient(url=settings.gitlab_url, token=token) as client:
        port = GitLab(client, name.rpartition("/")[0])
        repository = await port.named(name)
        if repository is None:
            raise NotAnswered(f"GitLab shows this token no project {name}, or the project has another name.")
        yield Reached(port, repository)


def _settings() -> Settings:
    try:
        return read_settings()
    except ForPeople as error:
        raise NotAnswered(_one_sentence(f"The settings cannot be used: {error}")) from None


def _at(origin: Origin | None, urls: list[str], setting: str, wanted: str) -> str:
    """The repository that `origin` names, if it lies on the forge at one of these addresses."""
    if origin is None or "/" not in origin.repository:
        raise NotAnswered(f"Nothing here says which repository this is: add --repository {wanted}.")
    places = [urlsplit(url) for url in urls]
    hosts = [place.hostname or "" for place in places]
    if not any(origin.host == host or origin.host.endswith(f".{host}") for host in hosts):
        raise NotAnswered(
            f"This checkout is from {origin.host}, not from {hosts[0]} ({setting}): add --repository {wanted}."
        )
    prefix = places[0].path.strip("/")  # of a GitLab that is served below a path
    return origin.repository.removeprefix(f"{prefix}/") if prefix else origin.repository


def _one_sentence(text: str) -> str:
    return redact(" ".join(text.split()))
