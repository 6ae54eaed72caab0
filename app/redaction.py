"""What must never be read by people: tokens, keys and passwords, struck out of logs and stored errors.

Every pattern is bounded, so that a hostile text costs time in proportion to its length. A text that only
looks like a secret is struck out too: that is the cheaper mistake.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

STRUCK = "[redacted]"

_SECRETS = re.compile(
    r"""
      gh[opusr]_[A-Za-z0-9._-]{36,}                # GitHub: tokens of Apps, installations and users
    | github_pat_\w{22,}                           # GitHub: fine-grained tokens
    | v1\.[0-9a-f]{40}                             # GitHub: installation tokens of old
    | gl[a-z]{2,6}-[\w.-]{20,}                     # GitLab: every kind
    | whsec_[\w+/=-]{24,}                          # Standard Webhooks: signing keys
    | ush_[\w-]{32,}                               # Usher: machine tokens
    | eyJ[\w-]{1,512}\.[\w-]{1,}(?:\.[\w-]*)?      # JSON Web Tokens
    | -----BEGIN\ [A-Z0-9\ ]{0,40}PRIVATE\ KEY-----
      (?:.*?-----END\ [A-Z0-9\ ]{0,40}PRIVATE\ KEY-----|.*)   # cut off: everything that follows
    """,
    re.VERBOSE | re.DOTALL,
)
_USERINFO = re.compile(r"(?<=://)[^/?\#\s]{1,}@")
_QUERY = re.compile(
    r"([?&](?:code|state|client_secret|[\w-]{0,40}token)=)[^&\s\"'#]{1,}",
    re.IGNORECASE,
)
_CREDENTIALS = re.compile(r"\b(bearer|token|basic)( {1,4})[\w.+/=~-]{16,}", re.IGNORECASE)

_SECRET_HEADERS = re.compile(r"authorization|private-token|cookie|token|signature", re.IGNORECASE)


def redact(text: str) -> str:
    """The text with every secret replaced by `[redacted]`; what names it (a scheme, a parameter) stays."""
    text = _SECRETS.sub(STRUCK, text)
    text = _USERINFO.sub(STRUCK + "@", text)
    text = _QUERY.sub(rf"\1{STRUCK}", text)
    return _CREDENTIALS.sub(rf"\1\2{STRUCK}", text)


def redact_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The header fields, those that carry credentials or seals struck out, the rest read as text."""
    return {
        name: STRUCK if _SECRET_HEADERS.search(name) else redact(value) for name, value in headers.items()
    }
