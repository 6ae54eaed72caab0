"""A package of npm's, unpacked below `.cache/` without recording any address; fetched once for each version."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

CACHE = Path(__file__).resolve().parents[1] / ".cache" / "npm"


def unpacked(package: str) -> Path:
    """The folder of `name@version`. CalledProcessError where npm cannot fetch it, with its own words."""
    home = CACHE / package.replace("/", "+")
    if not home.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            told = subprocess.run(
                ["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True
            )
            with tarfile.open(Path(folder) / told.stdout.split()[-1]) as packed:
                packed.extractall(folder, filter="data")
            if not home.exists():  # another process may have been quicker
                shutil.move(Path(folder) / "package", home)
    return home
