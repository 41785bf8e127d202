"""Frozen dataclasses to JSON and back, driven by their annotations.

Reading is strict: unknown and missing keys, wrong types, control characters and numbers out of
range are errors that name the key (`story.steps[3].actor`), because trace files are edited, cut
short and sent around. Known annotations: str, int, bool, None, enums, `tuple[X, ...]`,
`tuple[tuple[str, X], ...]` (a mapping in JSON), unions with None, and dataclasses of these.
"""

from __future__ import annotations

import typing
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from types import UnionType

from wddmcheck.report.jsontext import Json

INT_LIMIT = 1 << 53
"""Integers beyond this are not exact in every JSON reader; none that we write is."""


class Malformed(ValueError):  # noqa: N818
    """The JSON is not what it should be; `key` says where."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}")
        self.key = key
        self.problem = problem


def encode(value: object, *, full: bool = False) -> Json:
    """A dataclass (or a part of one) as JSON data. What has its default value is left out, unless
    `full`."""
    if isinstance(value, Enum):
        return str(value.value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, tuple):
        return [encode(v, full=full) for v in value]
    if not is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"{type(value).__name__} has no JSON form")
    result: dict[str, Json] = {}
    for f in fields(value):
        item = getattr(value, f.name)
        if not full and f.default is not MISSING and item == f.default:
            continue
        if _is_mapping(_hints(type(value))[f.name]):
            result[f.name] = {k: encode(v, full=full) for k, v in item}
        else:
            result[f.name] = encode(item, full=full)
    return result


T = typing.TypeVar("T")


def decode(kind: type[T], data: Json, key: str) -> T:
    """`data` as a `kind`; `key` is its name in messages. Raises `Malformed`."""
    result = _decode(kind, data, key)
    assert isinstance(result, kind)
    return result


@cache
def _hints(cls: type) -> dict[str, typing.Any]:
    return typing.get_type_hints(cls)


def _is_mapping(hint: typing.Any) -> bool:
    if typing.get_origin(hint) is not tuple:
        return False
    first = typing.get_args(hint)[0]
    inner = typing.get_args(first)
    return typing.get_origin(first) is tuple and len(inner) == 2 and inner[0] is str


def _decode(hint: typing.Any, data: Json, key: str) -> object:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, UnionType):
        if data is None:
            return None
        (inner,) = (a for a in args if a is not type(None))
        return _decode(inner, data, key)
    if _is_mapping(hint):
        return _mapping(typing.get_args(args[0])[1], data, key)
    if origin is tuple:
        if not isinstance(data, list):
            raise Malformed(key, f"expected a list, found {_name(data)}")
        return tuple(_decode(args[0], item, f"{key}[{i}]") for i, item in enumerate(data))
    if hint is str:
        return _text(data, key)
    if hint is bool:
        if not isinstance(data, bool):
            raise Malformed(key, f"expected true or false, found {_name(data)}")
        return data
    if hint is int:
        if not isinstance(data, int) or isinstance(data, bool):
            raise Malformed(key, f"expected an integer, found {_name(data)}")
        if abs(data) > INT_LIMIT:
            raise Malformed(key, "the integer is out of range")
        return data
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _member(hint, _text(data, key), key)
    if isinstance(hint, type) and is_dataclass(hint):
        return _object(hint, data, key)
    raise TypeError(f"{hint} has no JSON form")


def _text(data: Json, key: str) -> str:
    if not isinstance(data, str):
        raise Malformed(key, f"expected text, found {_name(data)}")
    if not all(char.isprintable() for char in data):
        raise Malformed(key, "the text has control characters")
    return data


def _member(hint: type[Enum], text: str, key: str) -> Enum:
    for member in hint:
        if member.value == text:
            return member
    words = ", ".join(str(m.value) for m in hint)
    raise Malformed(key, f"`{text[:40]}` is none of {words}")


def _mapping(hint: typing.Any, data: Json, key: str) -> object:
    if not isinstance(data, dict):
        raise Malformed(key, f"expected an object, found {_name(data)}")
    return tuple((_text(k, key), _decode(hint, v, f"{key}.{k[:40]}"))
                 for k, v in sorted(data.items()))


def _object(hint: type, data: Json, key: str) -> object:
    if not isinstance(data, dict):
        raise Malformed(key, f"expected an object, found {_name(data)}")
    known: dict[str, Field[typing.Any]] = {f.name: f for f in fields(hint)}
    for name in data:
        if name not in known:
            raise Malformed(f"{key}.{name[:40]}", "no such key is expected here")
    values = {}
    for name, f in known.items():
        if name in data:
            values[name] = _decode(_hints(hint)[name], data[name], f"{key}.{name}")
        elif f.default is MISSING:
            raise Malformed(f"{key}.{name}", "is missing")
    return hint(**values)


def _name(data: Json) -> str:
    match data:
        case None:
            return "null"
        case bool():
            return "true" if data else "false"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case dict():
            return "an object"
        case _:
            return "a list"
