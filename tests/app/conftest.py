"""Stories told from outside are played on GitHub unless they say otherwise, as in `tests/handlers/`."""

from tests.handlers.conftest import kind, tier

__all__ = ["kind", "tier"]
