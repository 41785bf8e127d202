"""JSON text for people and for `diff`: sorted keys, short lists on one line, the same bytes for
the same data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None

WIDTH = 100
KEY = 12
"""Columns kept for the key before a value."""


def dumps(value: Json) -> str:
    """`value` as JSON text with a final line break. Lists of plain values stay on one line,
    whatever their length, and so does everything that fits."""
    return "".join(_lines(value, 0)) + "\n"


def _lines(value: Json, depth: int) -> Iterator[str]:
    flat = _flat(value)
    plain = isinstance(value, (list, tuple)) and not any(
        isinstance(v, (list, tuple, dict)) for v in value)
    if plain or not isinstance(value, (list, tuple, dict)) or (
            2 * depth + len(flat) <= WIDTH - KEY):
        yield flat
        return
    pad = "  " * (depth + 1)
    if isinstance(value, dict):
        yield "{"
        for i, key in enumerate(sorted(value)):
            yield f"{',' if i else ''}\n{pad}{_flat(key)}: "
            yield from _lines(value[key], depth + 1)
        yield f"\n{'  ' * depth}}}"
        return
    yield "["
    for i, item in enumerate(value):
        yield f"{',' if i else ''}\n{pad}"
        yield from _lines(item, depth + 1)
    yield f"\n{'  ' * depth}]"


def _flat(value: Json) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False)
