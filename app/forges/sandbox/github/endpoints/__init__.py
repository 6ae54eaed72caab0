"""The endpoints, one file for each part of GitHub's REST documentation. Importing them registers them."""

from app.forges.sandbox.github.endpoints import (
    app,
    checks,
    contents,
    git,
    issues,
    manifest,
    organisations,
    pulls,
    repositories,
    reviews,
    sign_in,
)

__all__ = [
    "app",
    "checks",
    "contents",
    "git",
    "issues",
    "manifest",
    "organisations",
    "pulls",
    "repositories",
    "reviews",
    "sign_in",
]
