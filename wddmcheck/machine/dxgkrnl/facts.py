"""What the reference pages say about the form of each call, from the catalogue in spec/pages."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from wddmcheck import specfiles
from wddmcheck.machine.processor import Irql


@dataclass(frozen=True, slots=True)
class CallFacts:
    """Of one DDI or callback: the IRQL range it is called at, threading level and class, the
    statuses that its page names, whether the page admits others, and whether it returns one at
    all."""

    name: str
    lowest: Irql
    highest: Irql
    level: int = 0
    klass: str = ""
    statuses: frozenset[str] = frozenset()
    open: bool = True
    has_status: bool = True


@cache
def facts(name: str) -> CallFacts:
    """The facts about `name`; the most permissive ones for a call that no page describes."""
    entry = _pages().get(name)
    if entry is None:
        return CallFacts(name, Irql.PASSIVE_LEVEL, Irql.HIGH_LEVEL)
    lowest, highest = _range(str(entry["irql"] or entry.get("irql_assumed", "any")))
    return CallFacts(name, lowest, highest, int(entry.get("level", 0)), str(entry.get("class", "")),
                     frozenset(entry.get("statuses", ())), bool(entry.get("open", True)),
                     entry["returns"] == "NTSTATUS")


@cache
def _pages() -> dict[str, dict[str, Any]]:
    folder = specfiles.folder()
    if folder is None:
        raise FileNotFoundError("the catalogue of documentation facts is missing from this "
                                "installation; install wddmcheck again")
    return tomllib.loads((folder / "pages" / "ddis.toml").read_text("utf-8"))


def _range(text: str) -> tuple[Irql, Irql]:
    match text.split():
        case ["any"]:
            return Irql.PASSIVE_LEVEL, Irql.HIGH_LEVEL
        case ["<=", level]:
            return Irql.PASSIVE_LEVEL, Irql[level]
        case ["<", level]:
            below = max(i for i in Irql if i < Irql[level])
            return Irql.PASSIVE_LEVEL, below
        case [level]:
            return Irql[level], Irql[level]
        case _:
            raise ValueError(f"spec/pages/ddis.toml: no IRQL: {text!r}")
