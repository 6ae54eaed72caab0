"""The JSON Schema of `usher.yml`, made from the rules themselves, so that editors know every key."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import date, time
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from policies.calendars import Span
from policies.durations import Duration
from policies.rules.everything import DEFAULTS, Rules
from policies.rules.telling import written
from policies.rules.values import DAY_NAMES, is_days, is_prefix
from policies.typed_yaml import between, fields_by_key, has_default, types_by_name

DRAFT = "http://json-schema.org/draft-07/schema#"
"""The draft that the YAML servers of editors read."""

_DAY = f"(?:{'|'.join(DAY_NAMES)})"
_SCALARS: Mapping[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Duration: {
        "type": "string",
        "pattern": r"^\d{1,6}(\.\d{1,3})?(s|m|h|d|bh|bd)$",
        "examples": ["20m", "4h", "3d", "8bh", "2bd"],
    },
    Span: {
        "type": "string",
        "pattern": r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$",
        "examples": ["09:00-17:00"],
    },
    date: {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$", "examples": ["2026-12-24"]},
    time: {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$", "examples": ["09:30"]},
}
_OF_CHECKS: Mapping[Any, dict[str, Any]] = {
    is_days: {"pattern": f"^{_DAY}(-{_DAY})?$"},
    is_prefix: {"pattern": "^/[a-z][a-z0-9-]{0,30}$"},
}


def schema() -> dict[str, Any]:
    """The schema of a whole file; an empty one is valid too."""
    found = _of(Rules, DEFAULTS)
    return {
        "$schema": DRAFT,
        "$id": "usher.schema.json",
        "title": "What an organisation or a repository agrees with Usher: usher.yml",
        **{**found, "type": ["object", "null"]},
    }


def _of(kind: Any, held: Any = None) -> dict[str, Any]:
    """The schema of a type; `held` is its default, where it has one."""
    origin = get_origin(kind)
    if origin is Annotated:
        plain, *checks = get_args(kind)
        return _with_checks(_of(plain, held), checks)
    if origin in (Union, types.UnionType):
        return _either(get_args(kind), held)
    if origin is Literal:
        return {"enum": list(get_args(kind))}
    if origin is tuple:
        return {"type": "array", "items": _of(get_args(kind)[0])}
    if origin is Mapping or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return _mapping(get_args(kind)[0], get_args(kind)[1], held)
    if kind in _SCALARS:
        return dict(_SCALARS[kind])
    if is_dataclass(kind):
        return _group(kind, held)
    raise TypeError(f"no schema is known for {kind}")


def _with_checks(found: dict[str, Any], checks: list[Any]) -> dict[str, Any]:
    for check in checks:
        if isinstance(check, between):
            found |= {"minimum": check.least, "maximum": check.most}
        else:
            found |= _OF_CHECKS.get(check, {})
    return found


def _either(kinds: tuple[Any, ...], held: Any) -> dict[str, Any]:
    """One of several; where nothing may be meant, `null` says it, and `false` where that says nothing else."""
    others = [kind for kind in kinds if kind is not types.NoneType]
    choices = [_of(kind, held) for kind in others]
    if types.NoneType in kinds:
        choices.append({"type": "null"})
        if bool not in others:
            choices.append({"const": False})
    return {"anyOf": choices}


def _mapping(key_kind: Any, kind: Any, held: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "additionalProperties": _of(kind)}
    names = _of(key_kind)
    if "pattern" in names or "enum" in names:
        found["propertyNames"] = {name: each for name, each in names.items() if name in ("pattern", "enum")}
    if held and is_dataclass(kind):
        found["properties"] = {str(name): _of(kind, each) for name, each in held.items()}
    return found


def _group(kind: Any, held: Any) -> dict[str, Any]:
    kinds = types_by_name(kind)
    properties = {}
    for key, field in fields_by_key(kind).items():
        default = getattr(held, field.name, None)
        properties[key] = _of(kinds[field.name], default)
        if held is not None and not is_dataclass(default) and not isinstance(default, Mapping):
            properties[key]["default"] = _plain(default)
        elif isinstance(default, Duration):
            properties[key]["default"] = str(default)
    found: dict[str, Any] = {
        "type": "object",
        "description": " ".join((kind.__doc__ or "").partition("\n\n")[0].split()),
        "additionalProperties": False,
        "properties": properties,
    }
    needed = [key for key, field in fields_by_key(kind).items() if not has_default(field)]
    return {**found, "required": needed} if needed and held is None else found


def _plain(value: Any) -> Any:
    """A default as JSON has it."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return written(value).strip('"')
