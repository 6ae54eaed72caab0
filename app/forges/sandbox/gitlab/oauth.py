"""Signing in through an application (OAuth 2.0 identity provider API): outside the REST API, without a token."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from app.forges.sandbox import sign_in
from app.forges.sandbox.gitlab.answers import Problem
from app.forges.sandbox.gitlab.site import Site
from app.forges.sandbox.gitlab.tokens import SCOPES, SIGN_IN_LIFETIME, Desk, Token
from app.forges.sandbox.http import Answer


def authorize(site: Site, desk: Desk, asked: Mapping[str, str]) -> Answer:
    """The page on which somebody says yes; straight back where `login_hint` names a person of the sandbox.

    GitLab goes straight back too, where that person has said yes before.
    """
    scopes = asked.get("scope", "").split()
    if asked.get("client_id") != site.client_id or not set(scopes) <= set(SCOPES):
        raise Problem(401, error="invalid_client")
    if site.callback_urls and asked.get("redirect_uri") not in site.callback_urls:
        raise Problem(400, error="invalid_redirect_uri")
    who = sign_in.said_yes(site.world, asked.get("login_hint", ""))
    if who is not None:
        return Answer(302, None, {"Location": desk.grants.back(who, asked)})
    page = sign_in.page(site.world, "usher", asked, "login_hint")
    return Answer(200, raw=page, headers={"Content-Type": "text/html; charset=utf-8"})


def exchange(site: Site, desk: Desk, body: Mapping[str, Any]) -> Answer:
    """A token with the scopes that were asked for, for a code or a refresh token, each of which is good once."""
    given = hmac.compare_digest(str(body.get("client_secret", "")), site.client_secret)
    if body.get("client_id") != site.client_id or not given:
        raise _refused(401, "invalid_client", "Client authentication failed due to unknown client")
    match body.get("grant_type"):
        case "authorization_code":
            token = _for_code(desk, body)
        case "refresh_token":
            token = desk.signed_in_again(str(body.get("refresh_token", "")))
        case _:
            raise _refused(400, "unsupported_grant_type", "The authorization grant type is not supported")
    if token is None:
        raise _refused(
            400, "invalid_grant", "The provided authorization grant is invalid, expired or revoked"
        )
    shape = {
        "access_token": token.value,
        "token_type": "Bearer",
        "expires_in": int(SIGN_IN_LIFETIME.total_seconds()),
        "refresh_token": token.refresh,
        "scope": " ".join(token.scopes),
        "created_at": int(token.created_at.timestamp()),
    }
    return Answer(200, shape)


def _for_code(desk: Desk, body: Mapping[str, Any]) -> Token | None:
    grant = desk.grants.take(str(body.get("code", "")))
    proven = grant is not None and grant.proven(str(body.get("code_verifier", "")))
    if grant is None or not proven or body.get("redirect_uri", grant.redirect) != grant.redirect:
        return None
    return desk.sign_in(grant.account, grant.scope.split())


def _refused(status: int, error: str, why: str) -> Problem:
    return Problem(status, error=error, more={"error_description": why})
