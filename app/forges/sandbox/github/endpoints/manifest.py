"""Registering a GitHub App from a manifest: the form in the browser, and fetching the keys for its code."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode

from app.forges.sandbox.acts import people as acts
from app.forges.sandbox.github.answers import Problem
from app.forges.sandbox.github.calls import Call
from app.forges.sandbox.github.routing import endpoint
from app.forges.sandbox.github.shapes import people
from app.forges.sandbox.github.site import Registration
from app.forges.sandbox.http import Answer

_HTML = {"Content-Type": "text/html; charset=utf-8"}
_INSTALL = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Install {app}</title></head>
<body><h1>Install {app}</h1><p>This is the sandbox forge. On which organisation?</p>{choices}</body></html>"""
_ADDRESS = re.compile(r"https?://[^\s/]+(/\S*)?")


@endpoint("POST /organizations/{org}/settings/apps/new", caller="anyone")
def confirm(call: Call) -> Answer:
    """What happens when an owner presses "Create GitHub App": back to the sender, with a code and its state."""
    call.organisation()
    manifest = _manifest(call.given("manifest", str))
    code = call.desk.keep_manifest(manifest)
    back = urlencode({"code": code, **({"state": call.query["state"]} if "state" in call.query else {})})
    return Answer(302, None, {"Location": f"{manifest['redirect_url']}?{back}"})


@endpoint("POST /app-manifests/{code}/conversions", caller="anyone")
def convert(call: Call) -> Answer:
    """The keys of the new App, once and within the hour (Registering a GitHub App from a manifest)."""
    manifest = call.desk.take_manifest(call.params["code"])
    if manifest is None:
        raise Problem(404, "Not Found")
    secret = _register(call, manifest)
    registration = call.site.registration
    keys = {
        "client_id": registration.client_id,
        "client_secret": registration.client_secret,
        "webhook_secret": secret,
        "pem": registration.private_key,
    }
    return Answer(201, {**people.app(call.site), **keys})


@endpoint("GET /apps/{slug}/installations/new", caller="anyone")
def choose(call: Call) -> Answer:
    """The page on which an owner chooses where to install the App (Installing your own GitHub App)."""
    _known(call)
    choices = "".join(
        f'<form method="post"><button name="account" value="{escape(each.login)}">{escape(each.login)}</button></form>'
        for each in call.world.accounts.values()
        if each.kind == "organisation" and call.world.installation_on(each) is None
    )
    page = _INSTALL.format(app=escape(call.site.registration.slug), choices=choices)
    return Answer(200, raw=page.encode(), headers=dict(_HTML))


@endpoint("POST /apps/{slug}/installations/new", caller="anyone")
def install(call: Call) -> Answer:
    """What happens when the owner presses the button: installed, and on to the App's setup address."""
    known = _known(call)
    account = call.world.account(call.given("account", str))
    if account is None or account.kind != "organisation":
        raise Problem(404, "Not Found")
    made = acts.install(call.world, account, known.permissions, known.owner, selected=None)
    where = known.setup_url or call.site.web(f"/apps/{known.slug}")
    return Answer(302, None, {"Location": f"{where}?installation_id={made.id}&setup_action=install"})


def _known(call: Call) -> Registration:
    if call.params["slug"] != call.site.registration.slug:
        raise Problem(404, "Not Found")
    return call.site.registration


def _manifest(text: str) -> Mapping[str, Any]:
    """The manifest as an object with the addresses that it must have; 422 otherwise."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Problem(422, "Invalid GitHub App configuration: the manifest is not a JSON object.")
    hook = found.get("hook_attributes") or {}
    for name, given in {
        "url": found.get("url"),
        "redirect_url": found.get("redirect_url"),
        "hook_attributes.url": hook.get("url"),
    }.items():
        if not isinstance(given, str) or not _ADDRESS.fullmatch(given):
            raise Problem(422, f"Invalid GitHub App configuration: {name} is not a valid URL.")
    return found


def _register(call: Call, manifest: Mapping[str, Any]) -> str:
    """The sandbox has one App: it becomes the one that the manifest describes. Returns its new secret."""
    known = call.site.registration
    name = str(manifest.get("name") or known.slug)
    known.slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    del call.world.accounts[known.bot.login.casefold()]
    known.bot.login = f"{known.slug}[bot]"
    call.world.accounts[known.bot.login.casefold()] = known.bot
    known.permissions = {"metadata": "read", **manifest.get("default_permissions", {})}
    known.events = tuple(manifest.get("default_events", ()))
    known.webhook_secret = call.desk.secret()
    known.client_secret = call.desk.secret()
    known.callback_urls = tuple(manifest.get("callback_urls", ()))
    known.setup_url = str(manifest.get("setup_url") or "")
    call.courier.url = manifest["hook_attributes"]["url"]
    return known.webhook_secret
