"""The compose file: valid by Compose's own schema, and run with as few rights as the chart's pods."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from app.cli import cli
from app.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "deploy" / "compose.yaml"
_TOOLS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("compose-spec", "deploy/compose.yaml"),
        *(
            ("github-workflows", str(path.relative_to(ROOT)))
            for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))
        ),
    ],
)
def test_it_is_valid_by_the_schema_that_its_reader_publishes(schema: str, file: str) -> None:
    told = subprocess.run(
        [_TOOLS / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", ROOT / file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout


def test_usher_runs_without_rights_it_does_not_need(compose: dict[str, Any]) -> None:
    for name in ("web", "worker", "migrate"):
        service = compose["services"][name]
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["pids_limit"], name
        assert service["mem_limit"], name


def test_web_and_workers_wait_for_the_migration_and_come_in_twos(compose: dict[str, Any]) -> None:
    for name in ("web", "worker"):
        service = compose["services"][name]
        assert service["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
        assert service["deploy"]["replicas"] == 2


def test_its_commands_and_settings_exist(compose: dict[str, Any]) -> None:
    commands = get_command(cli).commands  # type: ignore[attr-defined]
    known = {f"USHER_{name.upper()}" for name in Settings.model_fields}
    for name in ("web", "worker", "migrate"):
        service = compose["services"][name]
        assert service["command"][0] in commands
        assert set(service["environment"]) <= known


def test_a_missing_secret_is_named_before_anything_starts() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    for name in ("POSTGRES_PASSWORD", "USHER_MASTER_KEYS", "USHER_DOMAIN"):
        assert f"${{{name}:?set it in .env}}" in text


def test_the_dockerfile_has_nothing_that_its_linter_minds() -> None:
    told = subprocess.run(
        [_TOOLS / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stdout) == (0, "")


def test_the_image_runs_as_nobody_in_particular_and_without_a_shell() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    last = max(number for number, line in enumerate(lines) if line.startswith("FROM"))
    final = lines[last:]
    assert "USER 10001" in final
    for word in ("ENTRYPOINT", "CMD"):
        assert any(line.startswith(f"{word} [") for line in final), f"{word} must need no shell"


def test_everything_in_the_image_is_locked_by_its_hash() -> None:
    """Usher itself is built from its source without asking any index; all else is installed by hash."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    installs = re.findall(r"pip install [^&\n]*", text)
    assert len(installs) == 2
    assert "--require-hashes -r requirements.lock -r requirements-build.lock" in installs[0]
    assert "--no-deps --no-build-isolation ." in installs[1]
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    locked = (ROOT / "requirements-build.lock").read_text(encoding="utf-8")
    tested = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    for tool in wanted:
        [version] = re.findall(rf"^{re.split('[<>=]', tool)[0]}==\S+", locked, re.MULTILINE)
        assert version in tested
