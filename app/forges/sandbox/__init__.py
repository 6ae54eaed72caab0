"""Forges to practise on: people, repositories and changes in memory, behind GitHub's or GitLab's REST API."""

from app.forges.sandbox.forge import Forge
from app.forges.sandbox.github.sandbox import Sandbox
from app.forges.sandbox.gitlab.sandbox import GitLabSandbox
from app.forges.sandbox.rules import Refused
from app.forges.sandbox.story import Person
from app.forges.sandbox.world import Protection

__all__ = ["Forge", "GitLabSandbox", "Person", "Protection", "Refused", "Sandbox"]
