"""What manifests of every kind provide and require."""

from __future__ import annotations

import pytest

from policies.catalogue.manifests import is_manifest, read

CASES = [
    (
        "pyproject.toml",
        '[project]\nname = "Retry_Kit"\ndependencies = ["httpx2>=2; python_version>\'3\'", "log.kit[x]"]\n'
        '[project.optional-dependencies]\nx = ["rich"]\n[dependency-groups]\ndev = ["pytest", {include-group = "x"}]\n'
        '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
        "pypi:retry-kit",
        "pypi:httpx2 pypi:log-kit pypi:pytest pypi:rich",
    ),
    (
        "pyproject.toml",
        '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\npython = "^3"\nb = "1"\n'
        '[tool.poetry.group.dev.dependencies]\nc = "1"\n',
        "pypi:a",
        "pypi:b pypi:c",
    ),
    ("setup.cfg", "[metadata]\nname = a\n[options]\ninstall_requires =\n  b>1\n  c\n", "pypi:a", "pypi:b pypi:c"),
    ("requirements-dev.txt", "a==1 # why\n-r x.txt\n# no\nhttps://x.example/y\nB.c\n", "", "pypi:a pypi:b-c"),
    (
        "package.json",
        '{"name": "@Shop/retry", "dependencies": {"left-pad": "1"}, "devDependencies": {"@shop/log": "2"}}',
        "npm:@shop/retry",
        "npm:@shop/log npm:left-pad",
    ),
    (
        "go.mod",
        "module git.shop.example/pay\n\ngo 1.22\nrequire git.shop.example/log v1.0.0\nrequire (\n"
        "\tx.example/y v1 // indirect\n)\n",
        "go:git.shop.example/pay",
        "go:git.shop.example/log go:x.example/y",
    ),
    (
        "Cargo.toml",
        '[package]\nname = "a"\n[dependencies]\nb = "1"\nc = {package = "d"}\n[dev-dependencies]\ne = "1"\n',
        "cargo:a",
        "cargo:b cargo:d cargo:e",
    ),
    (
        "pom.xml",
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><groupId>com.shop</groupId><artifactId>pay</artifactId>'
        "<dependencies><dependency><groupId>${project.groupId}</groupId><artifactId>log</artifactId></dependency>"
        "</dependencies></project>",
        "maven:com.shop:pay",
        "maven:com.shop:log",
    ),
    ("app/build.gradle.kts", 'dependencies { implementation("com.shop:log:1.0") }', "", "maven:com.shop:log"),
    (
        "gradle/libs.versions.toml",
        '[libraries]\na = "g:a:1"\nb = {module = "g:b"}\nc = {group = "g", name = "c"}\n',
        "",
        "maven:g:a maven:g:b maven:g:c",
    ),
    (
        "Pay.csproj",
        '<Project><PropertyGroup><PackageId>Shop.Pay</PackageId></PropertyGroup><ItemGroup>'
        '<PackageReference Include="Shop.Log" Version="1"/></ItemGroup></Project>',
        "nuget:shop.pay",
        "nuget:shop.log",
    ),
    ("a.gemspec", "s.name = 'a'\ns.add_dependency 'b', '~> 1'\n", "gem:a", "gem:b"),
    ("Gemfile", "source 'x'\ngem 'b'\n", "", "gem:b"),
    (
        "composer.json",
        '{"name": "shop/a", "require": {"php": ">8", "shop/b": "1"}}',
        "composer:shop/a",
        "composer:shop/b",
    ),
    (
        "Package.swift",
        'let package = Package(\n name: "Pay", dependencies: '
        '[.package(url: "https://x.example/shop/Log.git", from: "1")])',
        "swift:pay",
        "swift:log",
    ),
    ("pubspec.yaml", "name: a\ndependencies:\n  b: ^1\ndev_dependencies:\n  c: any\n", "pub:a", "pub:b pub:c"),
    (
        ".github/workflows/ci.yml",
        "jobs:\n  a:\n    uses: shop/ci/.github/workflows/x.yml@v1\n    steps:\n      - uses: shop/setup@v2\n",
        "",
        "repository:shop/ci repository:shop/setup",
    ),
    (".gitlab-ci.yml", "include:\n  - project: 'shop/ci'\n    file: x.yml\n", "", "repository:shop/ci"),
    (
        "main.tf",
        'module "a" {\n  source = "git::https://git.shop.example/infra/vpc.git//modules/x?ref=v1"\n}\n',
        "",
        "repository:infra/vpc",
    ),
    (
        "Dockerfile",
        "FROM registry.shop.example:5000/base/python:3.12@sha256:abc AS build\nFROM build\nFROM $X\nFROM scratch\n",
        "",
        "image:registry.shop.example:5000/base/python",
    ),
    (".gitmodules", '[submodule "x"]\n\turl = git@git.shop.example:lib/retry.git\n', "", "repository:lib/retry"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "content", "provides", "requires"), CASES, ids=[case[0] for case in CASES])
def test_every_kind(path: str, content: str, provides: str, requires: str) -> None:
    assert is_manifest(path)
    found = read(path, content.encode())
    assert found.problem is None
    assert " ".join(sorted(found.provides)) == provides
    assert " ".join(sorted(found.requires)) == requires


@pytest.mark.parametrize(
    ("path", "content", "line"),
    [
        ("pyproject.toml", b"[project]\nname = \n", 2),
        ("package.json", b'{\n"name": }', 2),
        ("package.json", b"[]", 1),
        ("pom.xml", b"<a>\n<b></a>", 2),
        ("pom.xml", b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', 1),
        ("Cargo.toml", b"\xff", 1),
        ("pubspec.yaml", b"a: &x 1\n", 1),
        ("setup.cfg", b"name = a\n", 1),
        ("package.json", b" " * 600_000, 1),
    ],
)
def test_what_cannot_be_read_is_said_by_line_and_provides_nothing(
    path: str, content: bytes, line: int
) -> None:
    found = read(path, content)
    assert found.problem is not None
    assert found.problem.line == line
    assert not found.provides
    assert not found.requires


def test_other_files_are_not_read() -> None:
    assert not is_manifest("README.md")
    assert read("README.md", b"x").problem is None
