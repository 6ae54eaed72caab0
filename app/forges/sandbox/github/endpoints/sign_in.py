"""Signing in through the App: the page on which a person says yes, the token, and what it shows them.

Generating a user access token for a GitHub App; REST: Users, Installations, Teams of the signed-in person.
"""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import urlencode

from app.forges.sandbox import rules, sign_in
from app.forges.sandbox.github.answers import Problem
from app.forges.sandbox.github.calls import Call
from app.forges.sandbox.github.routing import endpoint
from app.forges.sandbox.github.shapes import people, repositories
from app.forges.sandbox.github.tokens import REFRESH_LIFETIME, USER_LIFETIME, UserToken
from app.forges.sandbox.http import Answer
from app.forges.sandbox.world import Repository, team_members


@endpoint("GET /login/oauth/authorize", caller="anyone")
def authorize(call: Call) -> Answer:
    """The page with one link for each person; straight back where `login` names somebody of the sandbox.

    GitHub goes straight back too, where that person has said yes before.
    """
    asked = call.query
    if asked.get("client_id") != call.site.registration.client_id:
        raise Problem(404, "Not Found")
    callbacks = call.site.registration.callback_urls
    if callbacks and asked.get("redirect_uri") not in callbacks:
        wrong = {"error": "redirect_uri_mismatch", "state": asked.get("state", "")}
        return Answer(302, None, {"Location": f"{callbacks[0]}?{urlencode(wrong)}"})
    who = sign_in.said_yes(call.world, asked.get("login", ""))
    if who is not None:
        return Answer(302, None, {"Location": call.desk.grants.back(who, asked)})
    return Answer(200, raw=sign_in.page(call.world, call.site.registration.slug, asked, "login"))


@endpoint("POST /login/oauth/access_token", caller="anyone")
def exchange(call: Call) -> Answer:
    """The person's token for a code; refusals come with status 200 too, as GitHub's do."""
    body, known = call.body if isinstance(call.body, dict) else {}, call.site.registration
    given = hmac.compare_digest(str(body.get("client_secret", "")), known.client_secret)
    if body.get("client_id") != known.client_id or not given:
        return _answer(call, {"error": "incorrect_client_credentials"})
    if body.get("grant_type") == "refresh_token":
        again = call.desk.refreshed(str(body.get("refresh_token", "")))
        return _answer(call, _shape(again) if again else {"error": "bad_refresh_token"})
    grant = call.desk.grants.take(str(body.get("code", "")))
    if grant is None:
        return _answer(call, {"error": "bad_verification_code"})
    if body.get("redirect_uri", grant.redirect) != grant.redirect:
        return _answer(call, {"error": "redirect_uri_mismatch"})
    if not grant.proven(str(body.get("code_verifier", ""))):
        return _answer(call, {"error": "bad_verification_code"})
    return _answer(call, _shape(call.desk.issue_to(grant.account)))


def _shape(token: UserToken) -> dict[str, Any]:
    return {
        "access_token": token.value,
        "expires_in": int(USER_LIFETIME.total_seconds()),
        "refresh_token": token.refresh,
        "refresh_token_expires_in": int(REFRESH_LIFETIME.total_seconds()),
        "token_type": "bearer",
        "scope": "",
    }


def _answer(call: Call, shape: dict[str, Any]) -> Answer:
    """JSON where it was asked for, else a form."""
    if "json" in call.accept:
        return Answer(200, shape)
    return Answer(200, raw=urlencode(shape).encode())


# --- What the token shows ------------------------------------------------------------------------------------


@endpoint("GET /user", caller="user")
def me(call: Call) -> Answer:
    return Answer(200, people.profile(call.site, call.world, call.user_token.account))


@endpoint("GET /user/emails", caller="user", is_list=True)
def my_addresses(call: Call) -> Answer:
    """For Apps with the account permission "Email addresses"; without it the endpoint is not there for them."""
    if "email_addresses" not in call.site.registration.permissions:
        raise Problem(404, "Not Found")
    who = call.user_token.account
    told = [(who.address, True), (f"{who.login}@not-yet.example", False)] if who.address else []

    def shape(each: tuple[str, bool]) -> dict[str, Any]:
        return {"email": each[0], "verified": each[1], "primary": each[1], "visibility": None}

    return call.page(told, shape)


@endpoint("GET /user/installations", caller="user", is_list=True)
def my_installations(call: Call) -> Answer:
    """Where the App is installed and the person may read something."""
    mine = [each for each in call.world.installations.values() if _readable(call, each.id)]
    return call.page(mine, lambda each: people.installation(call.site, each), wrap="installations")


@endpoint("GET /user/installations/{installation_id}/repositories", caller="user", is_list=True)
def my_repositories(call: Call) -> Answer:
    """What person and installation both reach, with what the person may do there."""
    who = call.user_token.account

    def shape(each: Repository) -> dict[str, Any]:
        have = people.permissions(rules.access(each, who))
        return {**repositories.repository(call.site, each), "permissions": have}

    return call.page(_readable(call, call.installation().id), shape, wrap="repositories")


def _readable(call: Call, installation: int) -> list[Repository]:
    place, token = call.world.installations[installation], call.user_token
    if place.suspended_at is not None:
        return []
    return [each for each in call.world.repositories.values() if place.covers(each) and token.covers(each)]


@endpoint("GET /user/teams", caller="user", is_list=True)
def my_teams(call: Call) -> Answer:
    """`team-full`, over every organisation."""
    who, known = call.user_token.account, call.world.accounts.values()
    organisations = [each for each in known if each.kind == "organisation"]
    mine = [
        team
        for each in organisations
        for team in getattr(each, "teams", {}).values()
        if who.id in team_members(team)
    ]
    return call.page(mine, lambda each: people.team_full(call.site, each, 0))
