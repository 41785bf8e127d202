"""The promise of spec/json.md: within one version of a document no key goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.report.test_json import schema
from tests.support.golden import Golden

OLDER = Path(__file__).with_name("older")
DOCUMENTS = ("report", "matrix", "guarantees", "sweep")


def keys(part: Any, path: str = "") -> Iterator[str]:
    """Every key that a schema has, with the way to it."""
    if not isinstance(part, dict):
        return
    for name, inner in part.get("properties", {}).items():
        yield f"{path}.{name}"
        yield from keys(inner, f"{path}.{name}")
    yield from keys(part.get("items"), f"{path}[]")
    for choice in part.get("anyOf", ()):
        yield from keys(choice, path)
    for name, inner in part.get("$defs", {}).items():
        yield from keys(inner, f"#{name}")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_key_goes_without_a_new_version(name: str, golden: Golden) -> None:
    """A key that is new is added to the list by `--update-golden`; one that is gone is a new
    version, with a list of its own."""
    found = schema(f"{name}.schema.json")
    version = found["properties"]["schema_version"]["const"]
    path = OLDER / f"{name}_keys_{version}.json"
    now = sorted(set(keys(found)))
    if path.exists():
        kept = set(json.loads(path.read_text(encoding="utf-8")))
        assert kept <= set(now), f"gone without a new schema_version: {sorted(kept - set(now))}"
    golden(path, json.dumps(now, indent=1) + "\n")
