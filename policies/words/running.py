"""What Usher does at intervals and what it did on a forge, as the pages call it."""

from __future__ import annotations

ROUNDS = {
    "alive": "Note that Usher runs, so that an outage is known and excused",
    "compare": "Compare open changes with the forge",
    "digests": "Send the morning's messages",
    "fade": "Put pseudonyms in place of old names",
    "gitlab hooks": "Look after GitLab's hooks and Usher's token",
    "heal": "Take up what may have been left half done",
    "links": "Ask other sites whether linked pages are still there",
    "missed github": "Ask GitHub for deliveries that never came",
    "missed gitlab": "Ask GitLab for deliveries that never came",
    "permissions": "Look for permissions that were not accepted",
    "quarters": "Keep the measures of this quarter",
    "tidy": "Delete what was kept long enough",
}
"""What each round does. Those of GitLab's hooks have the hook behind their name."""

REACTIONS = {"+1": "thumbs up", "-1": "thumbs down", "eyes": "eyes", "confused": "confused"}
"""What a reaction on a comment is called."""

EFFECTS = {
    "ask": "request for review",
    "release": "request taken back",
    "say": "comment",
    "sticky": "standing comment",
    "check": "check",
    "nod": "reaction",
    "label": "label",
    "issue": "issue",
    "propose": "proposed files",
    "digest": "line for the morning",
}
"""What each kind of effect is."""
