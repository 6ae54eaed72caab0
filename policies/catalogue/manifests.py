"""What a repository provides and requires, as its manifests say. Nothing is executed and nothing resolved.

A name is written as its ecosystem compares it: `pypi:retry-kit`, `npm:@shop/retry`, `go:git.example/retry`.
What is made by a program (setup.py, a computed version) is not seen; whoever wants to be seen declares it.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from xml.etree import ElementTree

from policies.catalogue.reading import MetadataProblem
from policies.marked_yaml import Entries, Items, Node, Text, Unreadable, parse

MOST_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Manifest:
    """One file: what it provides and requires. `workspaces` are patterns of folders whose manifests belong to it."""

    path: str
    provides: frozenset[str] = frozenset()
    requires: frozenset[str] = frozenset()
    workspaces: tuple[str, ...] = ()
    problem: MetadataProblem | None = None


@dataclass(slots=True)
class _Found:
    provides: set[str] = field(default_factory=set)
    requires: set[str] = field(default_factory=set)
    workspaces: list[str] = field(default_factory=list)


class Malformed(ValueError):
    """A manifest that is not what its name says; the line counts from 1."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


Reader = Callable[[str, _Found], None]


def is_manifest(path: str) -> bool:
    """Whether a file of this name is read at all."""
    return _reader_of(path) is not None


def read(path: str, content: bytes) -> Manifest:
    """The manifest at this path; its problem, and nothing else, where it cannot be read."""
    reader = _reader_of(path)
    if reader is None:
        return Manifest(path)
    found = _Found()
    try:
        if len(content) > MOST_BYTES:
            raise Malformed("the file is larger than 512 KiB")
        reader(content.decode("utf-8-sig"), found)
    except Malformed as error:
        return Manifest(path, problem=MetadataProblem(path, error.line, str(error)))
    except UnicodeDecodeError:
        return Manifest(path, problem=MetadataProblem(path, 1, "the file is not UTF-8"))
    except RecursionError:
        return Manifest(path, problem=MetadataProblem(path, 1, "the file is nested too deeply"))
    return Manifest(path, frozenset(found.provides), frozenset(found.requires), tuple(found.workspaces))


# --- Python ----------------------------------------------------------------------------------------------------

_PEP508 = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


def _pypi(name: str) -> str:
    """Names are compared as PEP 503 says."""
    return "pypi:" + re.sub(r"[-_.]+", "-", name).lower()


def _requirements(lines: Iterable[object], found: _Found) -> None:
    for line in lines:
        match = _PEP508.match(line) if isinstance(line, str) else None
        if match is not None:
            found.requires.add(_pypi(match[1]))


def _pyproject(text: str, found: _Found) -> None:
    value = _toml(text)
    project = _table(value, "project")
    if isinstance(project.get("name"), str):
        found.provides.add(_pypi(project["name"]))
    _requirements(_list(project.get("dependencies")), found)
    for group in (project.get("optional-dependencies"), value.get("dependency-groups")):
        for lines in (group or {}).values() if isinstance(group, dict) else ():
            _requirements(_list(lines), found)
    poetry = _table(value, "tool", "poetry")
    if isinstance(poetry.get("name"), str):
        found.provides.add(_pypi(poetry["name"]))
    groups = [poetry, *(each for each in _table(poetry, "group").values() if isinstance(each, dict))]
    for each in groups:
        _requirements([name for name in _table(each, "dependencies") if name != "python"], found)
    found.workspaces += _strings(_table(value, "tool", "uv", "workspace").get("members"))


def _setup_cfg(text: str, found: _Found) -> None:
    config = ConfigParser(interpolation=None, strict=False)
    try:
        config.read_string(text)
    except ConfigError as error:
        raise Malformed(f"this is not a configuration: {str(error).splitlines()[0]}") from None
    if config.has_option("metadata", "name"):
        found.provides.add(_pypi(config["metadata"]["name"].strip()))
    sections = [config["options"].get("install_requires", "")] if config.has_section("options") else []
    if config.has_section("options.extras_require"):
        sections += [value for _, value in config.items("options.extras_require")]
    for section in sections:
        _requirements(section.splitlines(), found)


def _requirements_txt(text: str, found: _Found) -> None:
    lines = (line.partition(" #")[0].strip() for line in text.splitlines())
    _requirements((line for line in lines if line and line[0] not in "#-." and "://" not in line), found)


# --- JavaScript ------------------------------------------------------------------------------------------------


def _package_json(text: str, found: _Found) -> None:
    value = _json(text)
    if isinstance(value.get("name"), str) and value["name"]:
        found.provides.add(f"npm:{value['name'].lower()}")
    for kind in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"):
        found.requires |= {f"npm:{name.lower()}" for name in _table(value, kind)}
    spaces = value.get("workspaces")
    found.workspaces += _strings(spaces.get("packages") if isinstance(spaces, dict) else spaces)


def _pnpm_workspace(text: str, found: _Found) -> None:
    found.workspaces += _texts(_at(_yaml(text), "packages"))


# --- Go, Rust, Ruby, PHP, Swift, Dart ----------------------------------------------------------------------------


def _go_mod(text: str, found: _Found) -> None:
    block = False
    for line in text.splitlines():
        bare = line.partition("//")[0].strip()
        words = bare.split()
        if bare == ")":
            block = False
        elif words[:1] == ["module"] and len(words) == 2:
            found.provides.add(f"go:{words[1].strip(chr(34))}")
        elif words[:1] == ["require"] and words[-1:] == ["("]:
            block = True
        elif words[:1] == ["require"] and len(words) >= 3:
            found.requires.add(f"go:{words[1]}")
        elif block and len(words) >= 2:
            found.requires.add(f"go:{words[0]}")


def _cargo(text: str, found: _Found) -> None:
    value = _toml(text)
    name = _table(value, "package").get("name")
    if isinstance(name, str):
        found.provides.add(f"cargo:{name}")
    for kind in ("dependencies", "dev-dependencies", "build-dependencies"):
        for table in (_table(value, kind), _table(value, "workspace", kind)):
            for key, each in table.items():
                renamed = each.get("package") if isinstance(each, dict) else None
                found.requires.add(f"cargo:{renamed if isinstance(renamed, str) else key}")
    found.workspaces += _strings(_table(value, "workspace").get("members"))


_GEM = re.compile(r"""^\s*gem\s*\(?\s*["']([\w.-]+)["']""", re.MULTILINE)
_SPEC_NAME = re.compile(r"""\.name\s*=\s*["']([\w.-]+)["']""")
_SPEC_NEEDS = re.compile(r"""\.add(?:_runtime|_development)?_dependency\s*\(?\s*["']([\w.-]+)["']""")


def _gemfile(text: str, found: _Found) -> None:
    found.requires |= {f"gem:{name}" for name in _GEM.findall(text)}


def _gemspec(text: str, found: _Found) -> None:
    found.provides |= {f"gem:{name}" for name in _SPEC_NAME.findall(text)}
    found.requires |= {f"gem:{name}" for name in _SPEC_NEEDS.findall(text)}


def _composer(text: str, found: _Found) -> None:
    value = _json(text)
    if isinstance(value.get("name"), str):
        found.provides.add(f"composer:{value['name'].lower()}")
    for kind in ("require", "require-dev"):
        found.requires |= {f"composer:{name.lower()}" for name in _table(value, kind) if "/" in name}


_SWIFT_NAME = re.compile(r"""\bPackage\s*\(\s*name:\s*"([^"]+)\"""")
_SWIFT_NEEDS = re.compile(r"""\.package\s*\([^)]*?url:\s*"([^"]+)\"""")


def _package_swift(text: str, found: _Found) -> None:
    found.provides |= {f"swift:{name.lower()}" for name in _SWIFT_NAME.findall(text)}
    found.requires |= {f"swift:{_last(url)}" for url in _SWIFT_NEEDS.findall(text)}


def _last(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2].removesuffix(".git").lower()


def _pubspec(text: str, found: _Found) -> None:
    root = _yaml(text)
    name = _at(root, "name")
    if isinstance(name, Text):
        found.provides.add(f"pub:{name.text}")
    for kind in ("dependencies", "dev_dependencies"):
        found.requires |= {f"pub:{key}" for key in _keys(_at(root, kind))}


# --- Java and .NET -----------------------------------------------------------------------------------------------


def _pom(text: str, found: _Found) -> None:
    root = _xml(text)
    group = _child(root, "groupId") or _child(_node(root, "parent"), "groupId")
    artifact = _child(root, "artifactId")
    if artifact:
        found.provides.add(f"maven:{group}:{artifact}")
    for each in root.iter():
        if _tag(each) == "dependency":
            wanted = _child(each, "groupId").replace("${project.groupId}", group)
            found.requires.add(f"maven:{wanted}:{_child(each, 'artifactId')}")
    modules = _node(root, "modules")
    found.workspaces += [(each.text or "").strip() for each in modules or () if _tag(each) == "module"]


_COORDINATES = re.compile(
    r"""\b(?:api|implementation|compileOnly|runtimeOnly|testImplementation|compile|kapt|annotationProcessor)"""
    r"""\s*\(?\s*["']([\w.-]+):([\w.-]+)(?::[^"']*)?["']"""
)


def _gradle(text: str, found: _Found) -> None:
    found.requires |= {f"maven:{group}:{name}" for group, name in _COORDINATES.findall(text)}


def _versions_toml(text: str, found: _Found) -> None:
    for each in _table(_toml(text), "libraries").values():
        if isinstance(each, str) and each.count(":") >= 1:
            group, name, *_ = each.split(":")
            found.requires.add(f"maven:{group}:{name}")
        elif isinstance(each, dict):
            if isinstance(each.get("module"), str):
                found.requires.add(f"maven:{each['module']}")
            elif isinstance(each.get("group"), str) and isinstance(each.get("name"), str):
                found.requires.add(f"maven:{each['group']}:{each['name']}")


def _csproj(text: str, found: _Found) -> None:
    for each in _xml(text).iter():
        if _tag(each) in ("PackageId", "AssemblyName") and each.text:
            found.provides.add(f"nuget:{each.text.strip().lower()}")
        elif _tag(each) in ("PackageReference", "PackageVersion"):
            name = each.get("Include") or each.get("Update")
            if name:
                found.requires.add(f"nuget:{name.lower()}")


# --- Pipelines, infrastructure, images, submodules -----------------------------------------------------------------

_USES = re.compile(r"^\s*(?:-\s*)?uses:\s*[\"']?([\w.-]+/[\w.-]+)(?:/[\w./-]+)?@", re.MULTILINE)
_INCLUDE_PROJECT = re.compile(r"^\s*(?:-\s*)?project:\s*[\"']?([\w./-]+)", re.MULTILINE)
_SOURCE = re.compile(r"""^\s*source\s*=\s*"([^"]+)\"""", re.MULTILINE)
_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)", re.MULTILINE | re.IGNORECASE)
_SUBMODULE = re.compile(r"^\s*url\s*=\s*(\S+)", re.MULTILINE)
_REPOSITORY_URL = re.compile(
    r"(?:git::)?(?:https?://|ssh://|git@)[^/:\s]+[/:]([\w./-]+?)(?:\.git)?(?://.*)?(?:\?.*)?$"
)


def _workflow(text: str, found: _Found) -> None:
    found.requires |= {f"repository:{name.lower()}" for name in _USES.findall(text)}


def _gitlab_ci(text: str, found: _Found) -> None:
    found.requires |= {f"repository:{name.lower()}" for name in _INCLUDE_PROJECT.findall(text)}


def _terraform(text: str, found: _Found) -> None:
    found.requires |= _repositories(_SOURCE.findall(text))


def _dockerfile(text: str, found: _Found) -> None:
    stages = {name.lower() for name in re.findall(r"\bAS\s+(\S+)", text, re.IGNORECASE)}
    for image in _FROM.findall(text):
        name = image.partition("@")[0].lower()
        name = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
        if name and name not in stages and "$" not in name and name != "scratch":
            found.requires.add(f"image:{name}")


def _gitmodules(text: str, found: _Found) -> None:
    found.requires |= _repositories(_SUBMODULE.findall(text))


def _repositories(addresses: Iterable[str]) -> set[str]:
    matches = (_REPOSITORY_URL.match(each) for each in addresses)
    return {f"repository:{match[1].lower()}" for match in matches if match}


# --- Which file is read how ------------------------------------------------------------------------------------------

_READERS: tuple[tuple[str, Reader], ...] = (
    ("pyproject.toml", _pyproject),
    ("setup.cfg", _setup_cfg),
    ("requirements*.txt", _requirements_txt),
    ("package.json", _package_json),
    ("pnpm-workspace.yaml", _pnpm_workspace),
    ("go.mod", _go_mod),
    ("Cargo.toml", _cargo),
    ("pom.xml", _pom),
    ("libs.versions.toml", _versions_toml),
    ("*.gradle", _gradle),
    ("*.gradle.kts", _gradle),
    ("*.csproj", _csproj),
    ("Directory.Packages.props", _csproj),
    ("*.gemspec", _gemspec),
    ("Gemfile", _gemfile),
    ("composer.json", _composer),
    ("Package.swift", _package_swift),
    ("pubspec.yaml", _pubspec),
    (".gitlab-ci.yml", _gitlab_ci),
    ("*.tf", _terraform),
    ("Dockerfile", _dockerfile),
    (".gitmodules", _gitmodules),
)


def _reader_of(path: str) -> Reader | None:
    if path.startswith(".github/workflows/") and path.endswith((".yml", ".yaml")):
        return _workflow
    name = path.rpartition("/")[2]
    return next((reader for pattern, reader in _READERS if fnmatchcase(name, pattern)), None)


# --- Reading values that a stranger wrote ----------------------------------------------------------------------------


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise Malformed(f"this is not TOML: {error}", int(line[1]) if line else 1) from None
    except ValueError as error:
        raise Malformed(f"this is not TOML: {error}") from None


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise Malformed(f"this is not JSON: {error.msg}", error.lineno) from None
    except ValueError as error:
        raise Malformed(f"this is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Malformed("the file is not an object")
    return value


def _xml(text: str) -> ElementTree.Element:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Malformed("a document type is not read here")  # entities may grow without end
    try:
        return ElementTree.fromstring(text)  # noqa: S314 - without a document type nothing can grow
    except ElementTree.ParseError as error:
        raise Malformed(f"this is not XML: {error}", error.position[0]) from None
    except ValueError as error:
        raise Malformed(f"this is not XML: {error}") from None


def _yaml(text: str) -> Node | None:
    try:
        return parse(text.encode())
    except Unreadable as error:
        raise Malformed(str(error), error.line) from None


def _table(value: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    found: Any = value
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _strings(value: object) -> list[str]:
    return [each for each in _list(value) if isinstance(each, str)]


def _at(node: Node | None, name: str) -> Node | None:
    if not isinstance(node, Entries):
        return None
    return next((value for key, value in node.entries if key.text == name), None)


def _keys(node: Node | None) -> list[str]:
    return [key.text for key, _ in node.entries] if isinstance(node, Entries) else []


def _texts(node: Node | None) -> list[str]:
    return [each.text for each in node.items if isinstance(each, Text)] if isinstance(node, Items) else []


def _tag(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _node(element: ElementTree.Element | None, name: str) -> ElementTree.Element | None:
    return None if element is None else next((each for each in element if _tag(each) == name), None)


def _child(element: ElementTree.Element | None, name: str) -> str:
    found = _node(element, name)
    return (found.text or "").strip() if found is not None else ""
