"""Whether two versions of a change say the same: a rebase moves lines about and changes none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from policies.facts import TouchedFile


def fingerprint(files: Iterable[TouchedFile], head: str) -> str:
    """A hash of the lines that these files add and take away; equal where nothing but their place changed.

    A file whose lines the forge does not show (binary, too large) counts as changed with every `head`.
    """
    hashed = hashlib.sha256()
    for file in sorted(files, key=lambda each: each.path):
        hashed.update(f"\0{file.status} {file.path} {file.old_path or ''}\n".encode())
        if file.patch is None and file.status not in ("renamed", "removed"):
            hashed.update(head.encode())
        for line in (file.patch or "").splitlines():
            if line[:1] in "+-":
                hashed.update(line.encode() + b"\n")
    return hashed.hexdigest()[:16]
