"""A forge to practise on: people, repositories and changes in memory, behind GitHub's REST API."""

from app.forges.sandbox.forge import Sandbox
from app.forges.sandbox.rules import Refused
from app.forges.sandbox.story import Person
from app.forges.sandbox.world import Protection

__all__ = ["Person", "Protection", "Refused", "Sandbox"]
