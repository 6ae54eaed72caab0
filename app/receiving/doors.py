"""How the deliveries of each forge are read."""

from __future__ import annotations

from collections.abc import Callable

from app.forges.github.events import GitHubDoor
from app.forges.gitlab.events import GitLabDoor
from handlers.ports import Door


def make_doors(*, gitlab_login: Callable[[], str] = str) -> dict[str, Door]:
    """Forge → its door. `gitlab_login` is Usher's own name there, which GitLab's deliveries do not tell."""
    return {"github": GitHubDoor(), "gitlab": GitLabDoor(us=gitlab_login)}
