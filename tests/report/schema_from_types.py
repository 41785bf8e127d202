"""JSON Schema from the dataclasses that trace files are made of, so that the two cannot drift."""

from __future__ import annotations

import typing
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Any

from wddmcheck.report.trace_file import FORMAT, SCHEMA_VERSION, TraceFile

BASE = "https://wddmcheck.invalid/schema/"


def trace_schema() -> dict[str, Any]:
    """The schema of a trace file."""
    defs: dict[str, Any] = {}
    _define(TraceFile, defs)
    root = defs.pop("TraceFile")
    root["properties"]["format"] = {"const": FORMAT}
    root["properties"]["schema_version"] = {"enum": list(range(1, SCHEMA_VERSION + 1))}
    root["properties"]["digest"] = {"type": "string", "pattern": "^([0-9a-f]{64})?$"}
    root["properties"]["verdict"] = {"enum": ["VIOLATED", "REACHED"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": BASE + "trace.schema.json",
        "title": "A counterexample or witness of wddmcheck",
        **root,
        "$defs": dict(sorted(defs.items())),
    }


def _define(cls: type, defs: dict[str, Any]) -> None:
    if cls.__name__ in defs:
        return
    defs[cls.__name__] = {}
    hints = typing.get_type_hints(cls)
    defs[cls.__name__] = {
        "description": " ".join((cls.__doc__ or "").split()),
        "type": "object",
        "properties": {f.name: _schema(hints[f.name], defs) for f in fields(cls)},
        "required": [f.name for f in fields(cls) if f.default is MISSING],
        "additionalProperties": False,
    }


def _schema(hint: Any, defs: dict[str, Any]) -> dict[str, Any]:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, UnionType):
        inner = next(a for a in args if a is not type(None))
        return {"anyOf": [_schema(inner, defs), {"type": "null"}]}
    if origin is tuple:
        inner = typing.get_args(args[0])
        if typing.get_origin(args[0]) is tuple and inner[0] is str:
            return {"type": "object", "additionalProperties": _schema(inner[1], defs)}
        return {"type": "array", "items": _schema(args[0], defs)}
    if issubclass(hint, Enum):
        return {"enum": [m.value for m in hint]}
    if is_dataclass(hint):
        _define(hint, defs)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    return {"type": {str: "string", bool: "boolean", int: "integer"}[hint]}
