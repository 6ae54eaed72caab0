"""Looks for known vulnerabilities in what Usher installs (`make audit`, a part of `make check`).

It fails on a vulnerability. Where advisories cannot be reached it says so and how many were looked at: an audit
that could not take place must not look like one that found nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"
SECONDS = 120


def main() -> int:
    command = [
        str(Path(sys.executable).with_name("pip-audit")),
        *("--requirement", str(LOCK), "--no-deps", "--disable-pip", "--progress-spinner", "off"),
        *("--format", "json"),
    ]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
        found = json.loads(told.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        print("audit: NOT DONE: the advisories could not be reached. Run `make audit` where they can be.")
        return 0
    audited = [each for each in found if "vulns" in each]
    vulnerable = [each for each in audited if each["vulns"]]
    for each in vulnerable:
        for one in each["vulns"]:
            fixed = ", ".join(one["fix_versions"]) or "no version yet"
            print(f"audit: {each['name']} {each['version']}: {one['id']}, mended in {fixed}")
    if len(audited) < len(found):
        print(f"audit: only {len(audited)} of {len(found)} dependencies could be looked up here.")
    else:
        print(f"audit: {len(audited)} dependencies, {len(vulnerable)} with known vulnerabilities.")
    return int(bool(vulnerable))


if __name__ == "__main__":
    sys.exit(main())
