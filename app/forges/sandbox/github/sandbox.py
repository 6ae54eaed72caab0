"""GitHub, as a whole: its organisations with an App installed on them, behind the REST API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.forges.sandbox.acts import people
from app.forges.sandbox.clock import START
from app.forges.sandbox.courier import Letter
from app.forges.sandbox.forge import Forge
from app.forges.sandbox.github import webhooks
from app.forges.sandbox.github.face import GitHub
from app.forges.sandbox.github.site import Registration, Site
from app.forges.sandbox.story import Person
from app.forges.sandbox.world import (
    Account,
    Happening,
    Installation,
    Organisation,
    Permission,
    Repository,
)

APP_ID = 4_242
SLUG = "usher"


class Sandbox(Forge):
    """A GitHub on which an App is registered."""

    kind = "github"

    def __init__(
        self,
        webhook_url: str | None = None,
        webhook_secret: str = "the-sandbox-webhook-secret",  # noqa: S107 - of a sandbox
        *,
        seed: int = 1,
        start: datetime = START,
    ) -> None:
        super().__init__(webhook_url, seed=seed, start=start, owner="octo-admin")
        self.private_key, public_key = _key()
        bot = Account(self.world.next_id("account"), f"{SLUG}[bot]", "bot", self.clock.now(), APP_ID)
        self.world.accounts[bot.login] = bot
        self.registration = Registration(
            APP_ID,
            SLUG,
            self.owner,
            bot,
            self.private_key,
            public_key,
            self.clock.now(),
            webhook_secret=webhook_secret,
        )
        self.site = Site("http://127.0.0.1", self.registration)
        self.github = GitHub(self.site, self.world, self.courier, self._ledger, self.faults, self.wall, seed)
        self.face = self.github

    def _placed(self, url: str) -> None:
        self.site.url = url

    def _seal(self, letter: Letter, body: bytes) -> dict[str, str]:
        return webhooks.seal(self.webhook_secret, letter.guid, body)

    def _letters(self, happening: Happening) -> Iterable[Letter]:
        letter = webhooks.letter(self.site, self.world, happening)
        return [] if letter is None else [letter]

    # --- What Usher is configured with ------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Base address of the REST face (`USHER_GITHUB_API_URL`)."""
        return self.site.url

    @property
    def bot(self) -> Account:
        """As whom Usher acts here."""
        return self.registration.bot

    @property
    def client_id(self) -> str:
        """By which people sign in through the App (`USHER_GITHUB_CLIENT_ID`)."""
        return self.registration.client_id

    @property
    def client_secret(self) -> str:
        return self.registration.client_secret

    @property
    def app_id(self) -> int:
        return self.registration.id

    @property
    def webhook_secret(self) -> str:
        return self.registration.webhook_secret

    @webhook_secret.setter
    def webhook_secret(self, secret: str) -> None:
        self.registration.webhook_secret = secret

    # --- Where the App is installed -----------------------------------------------------------------------

    def organisation(
        self,
        login: str,
        *,
        base_permission: Permission = "read",
        installed: bool = True,
        permissions: Mapping[str, str] | None = None,
    ) -> Organisation:
        """An organisation, and the App's installation on it unless told otherwise."""
        made = super().organisation(login, base_permission=base_permission)
        if installed:
            self.install(made, permissions=permissions)
        return made

    def install(
        self,
        account: Account | str,
        *,
        only: Iterable[Repository] | None = None,
        permissions: Mapping[str, str] | None = None,
    ) -> Installation:
        """Install the App on an account, for all its repositories or only these."""
        selected = None if only is None else {repository.id for repository in only}
        granted = dict(permissions or self.registration.permissions)
        return people.install(self.world, self._account(account), granted, self.owner, selected=selected)

    def installation(self, account: Account | str) -> Installation:
        """The App's installation there; LookupError without one."""
        found = self.world.installation_on(self._account(account))
        if found is None:
            raise LookupError(f"the App is not installed on {account}")
        return found

    def uninstall(self, account: Account | str) -> None:
        people.uninstall(self.world, self.installation(account), self.owner)

    def suspend(self, account: Account | str, *, on: bool = True) -> None:
        people.suspend(self.world, self.installation(account), self.owner, on=on)

    def select(self, account: Account | str, repositories: Iterable[Repository] | None) -> None:
        """Give the App these repositories and no others; None gives all."""
        chosen = None if repositories is None else {each.id for each in repositories}
        people.select(self.world, self.installation(account), chosen, self.owner)

    def permit(self, account: Account | str, permissions: Mapping[str, str]) -> None:
        """An owner accepts other permissions for the App."""
        people.permit(self.world, self.installation(account), dict(permissions), self.owner)

    def revoke_tokens(self, who: Person) -> None:
        for token in self.github.desk.user_tokens.values():
            if token.account is who.account:
                token.revoked = True


@cache
def _key() -> tuple[str, str]:
    """A private and a public key as PEM; made once for each process, since making one takes a while."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()
