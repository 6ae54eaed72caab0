"""GitLab, as a whole: its groups with hooks on them, a bot that may act in them, behind the REST API."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from app.forges.sandbox.acts import people
from app.forges.sandbox.acts.files import Edits
from app.forges.sandbox.clock import START
from app.forges.sandbox.courier import Letter
from app.forges.sandbox.edition import Edition, Tier
from app.forges.sandbox.forge import Forge
from app.forges.sandbox.gitlab import webhooks
from app.forges.sandbox.gitlab.face import GitLab
from app.forges.sandbox.gitlab.hooks import FLAGS, GROUP_FLAGS, Hook
from app.forges.sandbox.gitlab.site import Site
from app.forges.sandbox.gitlab.story import Colleague
from app.forges.sandbox.gitlab.tokens import Token
from app.forges.sandbox.membership import Group
from app.forges.sandbox.story import Person
from app.forges.sandbox.world import (
    Account,
    Happening,
    Organisation,
    Permission,
    Protection,
    Repository,
    Team,
    Visibility,
)

BOT = "usher-bot"
NEWEST = (19, 2)


class GitLabSandbox(Forge):
    """A GitLab of some tier and version, perhaps under a path of its own (`prefix="/gitlab"`).

    Every group made gets the bot as a member, and a hook: of the group where the tier has group hooks,
    else of each project. `hooked=False` leaves the hooks to whoever connects.
    """

    kind = "gitlab"
    person_of = Colleague

    def __init__(
        self,
        webhook_url: str | None = None,
        webhook_secret: str = "the-sandbox-webhook-secret",  # noqa: S107 - of a sandbox
        *,
        seed: int = 1,
        start: datetime = START,
        tier: Tier = "premium",
        version: tuple[int, int] = NEWEST,
        prefix: str = "",
        signed: bool = True,
    ) -> None:
        super().__init__(webhook_url, seed=seed, start=start, owner="root")
        self.world.edition = Edition(tier, version)
        key = random.Random(seed).randbytes(32)  # noqa: S311 - of a sandbox
        self.webhook_secret = webhook_secret
        self.signing_token = "whsec_" + base64.b64encode(key).decode() if signed else None
        self.site = Site(self.world, prefix=prefix)
        self.gitlab = GitLab(self.site, self.world, self.courier, self._ledger, self.faults, self.wall, seed)
        self.face = self.gitlab
        self._bot = Account(self.world.next_id("account"), BOT, "bot", self.clock.now())
        self.world.accounts[BOT] = self._bot
        self.bot_token = self.gitlab.desk.issue(self._bot)
        self._own_hooks: list[Hook] = []

    def _placed(self, url: str) -> None:
        self.site.origin = url

    def _seal(self, letter: Letter, body: bytes) -> dict[str, str]:
        return self.gitlab.hooks.seal(letter, body)

    def _letters(self, happening: Happening) -> Iterable[Letter]:
        return webhooks.letters(self.site, self.gitlab.hooks, happening)

    # --- What Usher is configured with ------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Base address (`USHER_GITLAB_URL`), to which `/api/v4` is added."""
        return self.site.url

    @property
    def bot(self) -> Account:
        """As whom Usher acts here."""
        return self._bot

    @property
    def token(self) -> str:
        """The bot's access token (`USHER_GITLAB_TOKEN`)."""
        return self.bot_token.value

    @property
    def client_id(self) -> str:
        """The application by which people sign in (`USHER_GITLAB_CLIENT_ID`)."""
        return self.site.client_id

    @property
    def client_secret(self) -> str:
        return self.site.client_secret

    @property
    def webhook_url(self) -> str | None:
        return self.courier.url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self.courier.url = url
        for hook in self._own_hooks:
            hook.url = url or ""

    @property
    def edition(self) -> Edition:
        return self.world.edition

    # --- What there is ------------------------------------------------------------------------------------

    def organisation(
        self,
        login: str,
        *,
        base_permission: Permission = "read",
        hooked: bool = True,
        bot: Permission | None = "write",
    ) -> Organisation:
        """A group that is in no other, with the bot in it."""
        made = super().organisation(login, base_permission=base_permission)
        if bot is not None:
            people.join_organisation(self.world, made, self.bot, self.owner)
            made.roles[self.bot.id] = bot
        if hooked and self.edition.group_hooks:
            self.hook(made)
        return made

    def repository(
        self,
        name: str,
        *,
        files: Edits | None = None,
        teams: Mapping[str, Permission] | None = None,
        collaborators: Mapping[str, Permission] | None = None,
        visibility: Visibility = "private",
        default_branch: str = "main",
        protect: Protection | None = None,
        hooked: bool | None = None,
    ) -> Repository:
        """A project; "shop/pay/refunds" lies in the subgroup `shop/pay`. Hooked by itself only on Free, unless told."""
        made = super().repository(
            name,
            files=files,
            teams=teams,
            collaborators=collaborators,
            visibility=visibility,
            default_branch=default_branch,
            protect=protect,
        )
        if hooked if hooked is not None else not self.edition.group_hooks:
            self.hook(made)
        return made

    def hook(self, place: Group | Repository, **events: bool) -> Hook:
        """A hook that leads to `webhook_url` and hears of everything, unless told otherwise."""
        flags = FLAGS if isinstance(place, Repository) else FLAGS | GROUP_FLAGS
        made = self.gitlab.hooks.add(place, self.courier.url or "", dict.fromkeys(flags, True) | events)
        made.token = self.webhook_secret
        made.signing_token = self.signing_token
        self._own_hooks.append(made)
        return made

    def access_token(
        self, account: Account, *, scopes: Iterable[str] = ("api",), expires_at: date | None = None
    ) -> Token:
        """A token for somebody."""
        return self.gitlab.desk.issue(account, scopes=scopes, expires_at=expires_at)

    def revoke_tokens(self, who: Person) -> None:
        for token in self.gitlab.desk.tokens.values():
            if token.account is who.account:
                token.revoked = True

    def role(self, group: Group | str, who: Account, permission: Permission) -> None:
        """Give a member of a group another level; their level is told."""
        place = self._group(group)
        people.change_role(self.world, place, who, permission, self.owner)

    def token_expires(self, group: Organisation) -> None:
        """GitLab warns of the bot's token, a week before its end."""
        self.world.tell(
            Happening("token", "expiring", self.owner, organisation=group, subject=self.bot_token)
        )

    def _group(self, named: Group | str) -> Group:
        if not isinstance(named, str):
            return named
        organisation, _, slug = named.partition("/")
        found: Organisation | Team | None = (
            self.world.team(organisation, slug.rpartition("/")[2])
            if slug
            else self.world.organisation(organisation)
        )
        if found is None:
            raise LookupError(f"no group {named}")
        return found
