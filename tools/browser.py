"""A Chromium for the browser tests, and the accessibility checker that runs in it.

    python -m tools.browser            # say where Chromium is, install it where there is none
    python -m tools.browser --check    # only look

Looked for: `USHER_CHROMIUM`, the system's own, Playwright's own. Where there is none, it is installed by apt-get
(as root, where there is apt-get), else by `playwright install chromium`. axe-core comes from npm into a cache
outside the repository; nothing records from where.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import platformdirs

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
AXE = "axe-core@4.14.1"
HOW = (
    "There is no Chromium for the browser tests. `make browser` installs one; or set USHER_CHROMIUM to the path "
    "of one that you have."
)


def find() -> Path | None:
    """Where Chromium is; None where there is none."""
    named = os.environ.get("USHER_CHROMIUM")
    if named:
        return Path(named) if Path(named).exists() else None
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return Path(path)
    return _playwrights_own()


def _playwrights_own() -> Path | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


def axe() -> Path:
    """The checker's script; fetched with npm on first use. RuntimeError where that cannot be done."""
    name, _, version = AXE.partition("@")
    kept = platformdirs.user_cache_path("usher") / f"{name}-{version}.js"
    if kept.exists():
        return kept
    if shutil.which("npm") is None:
        raise RuntimeError(f"npm is needed once, to fetch {AXE}; or put its axe.min.js at {kept}")
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            ["npm", "pack", "--silent", AXE], cwd=folder, check=True, capture_output=True, text=True
        )
        with tarfile.open(Path(folder) / packed.stdout.split()[-1]) as archive:
            script = archive.extractfile("package/axe.min.js")
            assert script is not None
            kept.parent.mkdir(parents=True, exist_ok=True)
            fresh = kept.with_name(f"{kept.name}.{os.getpid()}")
            fresh.write_bytes(script.read())
            fresh.replace(kept)
    return kept


def install() -> None:
    """By the system's packages where that is possible, else Playwright's own download."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
        done = subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=False, env=quiet)
        if done.returncode == 0:
            return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


def main() -> None:
    found = find()
    if found is None and "--check" not in sys.argv:
        print("Installing Chromium …")
        install()
        found = find()
    if found is None:
        sys.exit(HOW)
    print(f"Chromium: {found}")
    print(f"axe-core: {axe()}")


if __name__ == "__main__":
    main()
