"""What an operator sets, read once from the environment into one frozen value.

Every setting is `USHER_<NAME>`; those in `FROM_FILES` may instead be given as `USHER_<NAME>_FILE`, the
path of a file that holds the value, as container secrets are mounted. A variable that is empty counts as
unset, except where nothing is something: those in `MAY_BE_EMPTY`.
"""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app import crash_points
from app.errors import ForPeople

FROM_FILES = (
    "database_url",
    "github_private_key",
    "github_webhook_secrets",
    "github_client_secret",
    "gitlab_token",
    "gitlab_client_secret",
    "gitlab_webhook_secrets",
    "gitlab_signing_tokens",
    "master_keys",
    "notify_urls",
    "operator_token",
)
MAY_BE_EMPTY = ("metrics_address", "forge_ranges")

NameList = Annotated[tuple[str, ...], NoDecode]
SecretList = Annotated[tuple[SecretStr, ...], NoDecode]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode]

FORGE_RANGES = (
    "192.30.252.0/22,185.199.108.0/22,140.82.112.0/20,143.55.64.0/20,2a0a:a440::/29,2606:50c0::/32,"
    "34.74.90.64/28,34.74.226.0/24"
)
"""From where github.com ("About GitHub's IP addresses") and gitlab.com ("GitLab.com settings") send webhooks."""


class SettingsError(ForPeople):
    """A setting is missing or wrong; the message names it and says what it should be."""


class Settings(BaseSettings):
    """All settings of Usher, with their defaults. Secrets print as asterisks."""

    model_config = SettingsConfigDict(
        env_prefix="USHER_",
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL to use, `postgresql://…`. Unset: Usher runs its own, under the data dir.",
    )
    data_dir: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("usher"),
        description="Where the embedded PostgreSQL and generated keys live.",
    )
    host: str = Field("127.0.0.1", description="Address that `usher serve` listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port that `usher serve` listens on.")
    linger_seconds: float = Field(
        5.0,
        ge=0,
        le=300,
        description="When asked to stop (SIGTERM): how long `usher serve` still answers, while `/readyz` says 503, so "
        "that balancers send to others. Longer than they take to notice; 0: not at all.",
    )
    public_url: str | None = Field(
        None,
        description="The address under which people and the forge reach Usher. Unset: the address of the request.",
    )
    operators: NameList = Field(
        (),
        description=(
            "Who runs this Usher and sees its Operations page: logins, or teams as `org/team`; each may begin "
            "with `github:` or `gitlab:`, and must where people sign in at both. Comma separated."
        ),
    )

    operator_token: SecretStr | None = Field(
        None,
        description="Opens `/healthz` and `/metrics` to machines as a bearer token; 32 characters or more.",
    )
    metrics_address: str = Field(
        "127.0.0.1:9464",
        description="Where else metrics are served, without a token: `HOST:PORT`. Empty: nowhere.",
    )
    trusted_proxies: Networks = Field(
        (),
        description="Networks of your reverse proxies, comma separated: whom they forward counts, not they.",
    )
    forge_ranges: Networks = Field(
        FORGE_RANGES,
        validate_default=True,
        description="Networks of the forges, comma separated: never barred for wrong signatures.",
    )

    github_api_url: str = Field(
        "https://api.github.com", description="REST API; GitHub Enterprise Server: `https://HOST/api/v3`."
    )
    github_web_url: str = Field(
        "https://github.com",
        description="Web pages of GitHub; Enterprise Server: `https://HOST`.",
    )
    github_app_id: int | None = Field(None, description="Number of the GitHub App.")
    github_private_key: SecretStr | None = Field(None, description="Private key of the GitHub App, PEM.")
    github_client_id: str | None = Field(
        None, description="Client ID of the GitHub App, by which people sign in to the pages."
    )
    github_client_secret: SecretStr | None = Field(None, description="A client secret of the GitHub App.")
    github_webhook_secrets: SecretList = Field(
        (), description="Webhook secrets, newest first, comma separated, each 16 bytes or more."
    )
    github_write_seconds: float = Field(
        1.0, ge=0, description="Least time between two writes per installation, as GitHub asks for."
    )

    github_writes_per_hour: int = Field(
        400, ge=1, description="Most writes an hour per installation; GitHub itself allows 500."
    )
    github_reads_per_minute: int = Field(600, ge=1, description="Most reads a minute per installation.")

    gitlab_url: str = Field(
        "https://gitlab.com", description="GitLab's own address; where it is served below a path, with it."
    )
    gitlab_token: SecretStr | None = Field(
        None, description="Access token of Usher's account or group: scope `api`, role Developer or above."
    )
    gitlab_defaults_project: str | None = Field(
        None,
        description="Project, `group/name`, whose `.gitlab/usher.yml` holds the rules of the whole organisation.",
    )
    gitlab_client_id: str | None = Field(
        None, description="Application ID of an OAuth application on GitLab, by which people sign in."
    )
    gitlab_client_secret: SecretStr | None = Field(None, description="Secret of that application.")
    gitlab_webhook_secrets: SecretList = Field(
        (),
        description="Secret tokens of hooks made by hand, comma separated, for a GitLab that does not sign.",
    )
    gitlab_signing_tokens: SecretList = Field(
        (),
        description="Signing tokens (`whsec_…`) of hooks made by hand, comma separated; with one, all must sign.",
    )
    gitlab_write_seconds: float = Field(
        1.0, ge=0, description="Least time between two writes: GitLab.com takes 60 comments a minute."
    )
    gitlab_writes_per_hour: int = Field(3_000, ge=1, description="Most writes in an hour, of this process.")
    gitlab_reads_per_minute: int = Field(
        1_200, ge=1, description="Most reads in a minute, of this process: GitLab.com takes 2,000 of a user."
    )

    people: NameList = Field(
        (),
        description=(
            "Who has an account on each forge: `GITHUB-LOGIN=GITLAB-USERNAME`, comma separated. What they owe and "
            "when they are away then counts on both."
        ),
    )

    clock: str = Field(
        "system", description="The clock of promises: `system`, `fixed:<RFC 3339>`, or `file:<path>`."
    )
    sweep_seconds: float = Field(
        5.0, gt=0, description="How often the worker looks for promises that fell due and work left over."
    )
    gather_seconds: float = Field(
        0.4,
        ge=0,
        le=60,
        description="How long events of one change gather before it is looked at, once for all.",
    )
    uncertain_seconds: float = Field(
        35, ge=0, description="How long to wait before a write is looked up whose answer was lost."
    )
    runaway_writes: int = Field(
        200,
        ge=1,
        description=(
            "More writes than this in an hour, where three times the usual is less, pause an organisation until "
            "somebody has looked: `usher resume`."
        ),
    )
    worker_concurrency: int = Field(
        8, ge=1, le=64, description="How many subjects one worker settles at once."
    )
    new_installations: Literal["preview", "live"] = Field(
        "preview",
        description="`preview`: a new installation begins in a dry run. `live`: Usher acts at once.",
    )
    dry_run_check: bool = Field(
        True,
        description="In a dry run, a neutral check on each open change says what Usher would do; `false`: nothing is "
        "written at all.",
    )
    spool_dir: Path | None = Field(
        None,
        description="Where deliveries wait while the database is away, mode 0700. Unset: under the data dir; "
        "needed where `USHER_DATABASE_URL` is set.",
    )
    master_keys: SecretList = Field(
        (), description="Keys, newest first, each 32 bytes or more. Unset: one is made in the data dir."
    )
    heartbeat_seconds: float = Field(
        5.0, gt=0, description="How often a worker says that it lives; its jobs are taken over after three."
    )
    link_checks: bool = Field(
        True,
        description="Ask the sites that `guidelines.external_links` names whether pages are still there; `false`: "
        "no other site is ever called.",
    )
    inside_hosts: NameList = Field(
        (),
        description="Hosts of your own network that `guidelines.external_links` may name, comma separated; all others "
        "are called at public addresses only.",
    )
    crash_at: str | None = Field(
        None,
        description="For tests, beside a forge on this machine only: the process kills itself at this point.",
    )
    notify_urls: SecretList = Field(
        (),
        description="Addresses of Apprise to which the morning's digest goes, comma separated; `{login}` stands "
        "for the person. Needs the extra `notify`. Unset: the digest is on people's page alone.",
    )
    log_format: Literal["console", "json"] = Field("console", description="How log lines are written.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged."
    )

    @field_validator(
        "github_webhook_secrets",
        "gitlab_webhook_secrets",
        "gitlab_signing_tokens",
        "master_keys",
        "notify_urls",
        "inside_hosts",
        "operators",
        "people",
        mode="before",
    )
    @classmethod
    def _split_list(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("operator_token")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("must be 32 characters or longer")
        return value

    @field_validator("metrics_address")
    @classmethod
    def _place(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if value and not (host and port.isdigit() and int(port) < 65_536):
            raise ValueError("must be HOST:PORT, such as 127.0.0.1:9464, or empty")
        return value

    @field_validator("trusted_proxies", "forge_ranges", mode="before")
    @classmethod
    def _split_networks(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
        return value

    @field_validator("github_webhook_secrets", "gitlab_webhook_secrets", "gitlab_signing_tokens")
    @classmethod
    def _long_enough(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(secret.get_secret_value().encode()) < 16 for secret in value):
            raise ValueError("each secret must be 16 bytes or longer")
        return value

    @field_validator("gitlab_signing_tokens")
    @classmethod
    def _keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        """One that could not be used would leave its hook to the weaker secret tokens."""
        for token in value:
            kind, _, encoded = token.get_secret_value().partition("_")
            try:
                key = base64.b64decode(encoded, validate=True)
            except ValueError:
                key = b""
            if kind != "whsec" or len(key) < 16:
                raise ValueError("each token must be as GitLab shows it: whsec_ and a key in base64")
        return value

    @field_validator("github_private_key")
    @classmethod
    def _signs(cls, value: SecretStr | None) -> SecretStr | None:
        """Where a variable cannot hold lines, `\\n` stands for their ends."""
        if value is not None:
            from cryptography.exceptions import UnsupportedAlgorithm
            from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
            from cryptography.hazmat.primitives.serialization import load_pem_private_key

            try:
                key = load_pem_private_key(value.get_secret_value().replace("\\n", "\n").encode(), None)
            except (ValueError, TypeError, UnsupportedAlgorithm):
                key = None
            if not isinstance(key, RSAPrivateKey):
                raise ValueError(
                    "is no private key as GitHub hands it out: the whole file, from -----BEGIN to -----END; "
                    "USHER_GITHUB_PRIVATE_KEY_FILE takes its path"
                )
        return value

    @field_validator("notify_urls")
    @classmethod
    def _names_the_person(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any("{login}" not in url.get_secret_value() for url in value):
            raise ValueError("each address must say where the person's login goes: {login}")
        return value

    @field_validator("master_keys")
    @classmethod
    def _strong_enough(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value().encode()) < 32 for key in value):
            raise ValueError("each key must be 32 bytes or longer")
        return value

    @field_validator("github_api_url", "github_web_url", "gitlab_url", "public_url")
    @classmethod
    def _safe_address(cls, value: str | None) -> str | None:
        """Plain HTTP would show tokens to the network, so it is allowed to this machine only."""
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError("must be an http or https address")
        if parts.username or parts.query or parts.fragment:
            raise ValueError("must not carry credentials, a query or a fragment")
        if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("must be https; plain http is for 127.0.0.1 only")
        return value.rstrip("/")

    @field_validator("people")
    @classmethod
    def _pairs(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pair in value:
            if pair.count("=") != 1 or not all(pair.split("=")):
                raise ValueError(f"{pair!r} is not GITHUB-LOGIN=GITLAB-USERNAME")
        names = [name.casefold() for pair in value for name in pair.split("=")[1:]]
        if len(set(names)) < len(names):
            raise ValueError("a GitLab username is linked twice")
        return value

    @property
    def linked_people(self) -> tuple[tuple[str, str], ...]:
        """(GitHub login, GitLab username) of everybody who has both."""
        return tuple((github, gitlab) for github, _, gitlab in (each.partition("=") for each in self.people))

    @field_validator("clock")
    @classmethod
    def _known_clock(cls, value: str) -> str:
        make_clock(value)
        return value

    @field_validator("crash_at")
    @classmethod
    def _crash_in_tests_only(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None:
            crash_points.parsed(value)
            forges = (info.data.get("github_api_url"), info.data.get("gitlab_url"))
            if not any(urlsplit(each).scheme == "http" for each in forges if each):
                raise ValueError("is for tests with a forge on this machine only; unset it")
        return value

    @property
    def has_github(self) -> bool:
        """Whether everything that the GitHub App needs is set."""
        return bool(self.github_app_id and self.github_private_key and self.github_webhook_secrets)


def read_settings(**changes: Any) -> Settings:
    """The settings of this process; `changes` win over the environment. SettingsError says what to mend."""
    files = {name: text for name in FROM_FILES if name not in changes and (text := _from_file(name))}
    empty = {name: "" for name in MAY_BE_EMPTY if os.environ.get(f"USHER_{name.upper()}") == ""}
    try:
        return Settings(**{**empty, **files, **changes})
    except ValidationError as error:
        lines = [
            f"USHER_{'_'.join(str(part) for part in problem['loc'][:1]).upper()}: "
            f"{problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        raise SettingsError("\n".join(lines)) from None


def _from_file(name: str) -> str | None:
    """What the file of this setting holds; None where no file is named. SettingsError where that is no value."""
    plain, variable = f"USHER_{name.upper()}", f"USHER_{name.upper()}_FILE"
    path = os.environ.get(variable)
    if not path:
        return None
    if os.environ.get(plain):
        raise SettingsError(
            f"{plain} and {variable} are both set, and it is not clear which counts: unset one."
        )
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{variable}: cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{variable}: {path} is no text in UTF-8") from None
    if not text:
        raise SettingsError(f"{variable}: {path} is empty: write the value into it, or unset {variable}")
    return text


def misspelt() -> list[tuple[str, str]]:
    """(variable, the setting that was probably meant) of the environment: what is no setting is not read."""
    known = [f"USHER_{name.upper()}" for name in Settings.model_fields]
    known += [f"USHER_{name.upper()}_FILE" for name in FROM_FILES]
    strange = sorted(
        each for each in map(str.upper, os.environ) if each.startswith("USHER_") and each not in known
    )
    close = ((each, get_close_matches(each, known, n=1, cutoff=0.85)) for each in strange)
    return [(each, meant[0]) for each, meant in close if meant]


# --- The clock of promises ----------------------------------------------------------------------------


class PromiseClock(Protocol):
    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """Always the same instant."""

    def __init__(self, instant: datetime) -> None:
        self._instant = instant

    def now(self) -> datetime:
        return self._instant


class FileClock:
    """The instant that a file holds, read again at each look, so that one edit moves every process."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        return _instant(self._path.read_text(encoding="utf-8").strip())


def make_clock(text: str) -> PromiseClock:
    """`system`, `fixed:<RFC 3339>` or `file:<path>`; ValueError for anything else."""
    kind, _, rest = text.partition(":")
    if text == "system":
        return SystemClock()
    if kind == "fixed":
        return FixedClock(_instant(rest))
    if kind == "file" and rest:
        return FileClock(Path(rest))
    raise ValueError("must be `system`, `fixed:2026-11-20T16:30:00Z` or `file:PATH`")


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an instant such as 2026-11-20T16:30:00Z") from None
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write 2026-11-20T16:30:00Z")
    return instant.astimezone(UTC)
