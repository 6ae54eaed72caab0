"""What is worth remembering between two looks: owners files at a commit, and our own check runs."""

from __future__ import annotations

from app.forges.remembered import Remembered
from policies.facts import File


class Memory:
    """The memory of one client. Only what cannot become wrong: people, teams and rights are asked for."""

    def __init__(self) -> None:
        self.owners: Remembered[tuple[int, str], File] = Remembered(256)
        self.checks: Remembered[tuple[int, str, str], int] = Remembered(4096)
