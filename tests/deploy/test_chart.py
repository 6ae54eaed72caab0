"""The Helm chart: rendered by Helm's own code, valid for Kubernetes, and without rights that Usher does not need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import helm_python as helm
import kubernetes_validate
import pytest
import yaml

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "usher"
VALUES: dict[str, Any] = {
    "publicUrl": "https://usher.example.org",
    "secret": "usher",
    "settings": {"USHER_NEW_INSTALLATIONS": "preview"},
    "ingress": {"enabled": True, "className": "nginx", "tlsSecret": "usher-tls"},
    "image": {"digest": "sha256:" + "a" * 64},
}
NEWEST = kubernetes_validate.latest_version()


class _Strict(yaml.SafeLoader):
    """Minds a key that stands twice, of which Kubernetes would silently take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key stands twice in {keys}, {node.start_mark}"
        return super().construct_mapping(node, deep)


def rendered(values: dict[str, Any]) -> list[dict[str, Any]]:
    with helm.Chart.load(str(CHART)) as chart:
        files = chart.render(values, name="demo", namespace="prod")
    found = [
        document
        for name, text in files.items()
        if name.endswith(".yaml")
        for document in yaml.load_all(text, _Strict)
        if document
    ]
    assert found
    return found


def pods(documents: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The pod of each workload, by the workload's name."""
    return {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]
        for each in documents
        if each["kind"] in ("StatefulSet", "Deployment", "Job")
    }


def test_every_object_is_valid_for_kubernetes() -> None:
    for document in rendered(VALUES):
        kubernetes_validate.validate(document, NEWEST, strict=True)


def test_helm_finds_nothing_wrong_with_the_chart(tmp_path: Path) -> None:
    """Linting reads the defaults, which lack on purpose what only the operator knows."""
    messages = helm.lint(str(CHART), values=VALUES)["messages"]
    assert [each for each in messages if each["severity"] > 1] == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"publicUrl": ""}, "publicUrl"),
        ({"publicUrl": "http://usher.example.org"}, "publicUrl"),
        ({"secret": ""}, "secret"),
        ({"image": {"digest": "latest"}}, "digest"),
        ({"settings": {"PATH": "/"}}, "PATH"),
        ({"web": {"replicas": 0}}, "replicas"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_name(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(helm.HelmError, match=said):
        rendered({**VALUES, **changes})


def test_no_pod_has_a_right_that_usher_does_not_need() -> None:
    for name, pod in pods(rendered(VALUES)).items():
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] == 10001, name
        for container in pod["containers"]:
            allowed = container["securityContext"]
            assert allowed["readOnlyRootFilesystem"] is True, name
            assert allowed["allowPrivilegeEscalation"] is False, name
            assert allowed["capabilities"] == {"drop": ["ALL"]}, name
            assert "memory" in container["resources"]["limits"], name
            assert container["image"] == f"usher@{VALUES['image']['digest']}", name
            assert "command" not in container, f"{name}: no shell is needed"


def test_no_port_stands_twice() -> None:
    for name, pod in pods(rendered(VALUES)).items():
        for container in pod["containers"]:
            ports = [each["name"] for each in container.get("ports", ())]
            assert len(ports) == len(set(ports)), name


def test_pods_reach_names_the_database_and_the_forge_and_what_else_is_named() -> None:
    values = {**VALUES, "networkPolicy": {"ports": [5432, 443, 587]}}
    [out] = [each for each in rendered(values) if each["metadata"]["name"] == "demo-usher-out"]
    allowed = [port["port"] for rule in out["spec"]["egress"] for port in rule["ports"]]
    assert allowed == [53, 53, 5432, 443, 587]


def test_secrets_come_from_the_secret_alone() -> None:
    for name, pod in pods(rendered(VALUES)).items():
        for variable in pod["containers"][0]["env"]:
            is_secret = any(word in variable["name"] for word in ("KEY", "TOKEN", "SECRET", "DATABASE"))
            assert ("valueFrom" in variable) == is_secret, f"{name}: {variable['name']}"


def test_the_schema_is_brought_up_before_the_pods_of_a_new_version() -> None:
    [job] = [each for each in rendered(VALUES) if each["kind"] == "Job"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["migrate"]


def test_a_disruption_takes_one_process_of_a_kind_at_a_time() -> None:
    budgets = [each for each in rendered(VALUES) if each["kind"] == "PodDisruptionBudget"]
    assert {each["metadata"]["name"] for each in budgets} == {"demo-usher-web", "demo-usher-worker"}
    assert all(each["spec"]["maxUnavailable"] == 1 for each in budgets)


def test_the_commands_and_settings_of_the_chart_exist() -> None:
    from typer.main import get_command

    from app.cli import cli
    from app.settings import Settings

    commands = get_command(cli).commands  # type: ignore[attr-defined]
    known = {f"USHER_{name.upper()}" for name in Settings.model_fields}
    for name, pod in pods(rendered(VALUES)).items():
        [container] = pod["containers"]
        assert container["args"][0] in commands, name
        assert {each["name"] for each in container["env"]} <= known, name
