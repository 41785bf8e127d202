"""What the pages say of threading: the level and class of each DDI, and what breaks the pattern.

In: spec/pages/levels.toml (lists of the level pages, in full) and spec/pages/ddis.toml (the calls
of the models, with levels that are inferred where no page gives one).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from wddmcheck.docpages import files

DEFAULT = 0
"""The level of calls that no page gives one: the page of level zero calls it the default."""


@dataclass(frozen=True, slots=True)
class DocCall:
    """A DDI. `page` is where its level is said (for one that is inferred: the page of the default),
    `why` how an inferred one follows. `apart`: what two calls of its class have to differ in to
    overlap; "" if that does not help. `differs`: pages that say otherwise, and what."""

    name: str
    uid: str
    level: int
    klass: str
    page: str
    stated: bool
    why: str = ""
    apart: str = ""
    differs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PairRule:
    """Two calls to which the levels do not apply. `apart`: they overlap only for different ones of
    this; "" if they simply may."""

    calls: frozenset[str]
    apart: str
    page: str
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Levels:
    """All calls by name, in the order of levels and classes; `hardware` names the ISR and the DPC,
    which are on the list of level zero and are no threads. `pages` is the page of each level."""

    calls: Mapping[str, DocCall]
    pairs: tuple[PairRule, ...]
    hardware: tuple[str, ...]
    pages: Mapping[int, str]


def load() -> Levels:
    """The data. Raises `UserError` (exit code 2) if it cannot be read."""
    folder = files.folder("pages")
    data = files.table(folder / "pages" / "levels.toml")
    ddis = files.table(folder / "pages" / "ddis.toml")
    pages = {entry["level"]: str(entry["page"]) for entry in data["list"]}
    found: dict[str, DocCall] = {}
    for call in (*_listed(data), *_others(ddis, pages)):
        known = found.setdefault(call.name, call)
        if call.level < known.level:      # on two lists: the one that promises least
            found[call.name] = call
    differs: dict[str, tuple[tuple[str, str], ...]] = {}
    for entry in data["differs"]:
        differs[entry["name"]] = (*differs.get(entry["name"], ()), (entry["page"], entry["says"]))
    hardware = tuple(n for n in found if _raised(n, ddis))
    calls = sorted((replace(c, differs=differs.get(n, ())) for n, c in found.items()
                    if n not in hardware), key=lambda c: (c.level, c.klass, c.name))
    pairs = tuple(PairRule(frozenset(e["calls"]), e.get("apart", ""), e["page"], e["rule"],
                           e["why"]) for e in data["exception"])
    return Levels({c.name: c for c in calls}, pairs, hardware, pages)


def _raised(name: str, ddis: Mapping[str, Any]) -> bool:
    """Whether a call comes from an interrupt, not from a thread."""
    entry = ddis.get(name, {})
    return entry.get("direction") == "HW>KMD" or name == "DxgkDdiDpcRoutine"


def _listed(data: Mapping[str, Any]) -> Iterator[DocCall]:
    for group in data["list"]:
        for name, uid in group["calls"].items():
            yield DocCall(name, uid, group["level"], group["class"], group["page"], True,
                          apart=group.get("apart", ""))
    for entry in data["own"]:
        yield DocCall(entry["name"], entry["uid"], entry["level"], entry["class"], entry["uid"],
                      True)


def _others(ddis: Mapping[str, Any], pages: Mapping[int, str]) -> Iterator[DocCall]:
    """The calls of the models, which may be on no list."""
    for name, entry in ddis.items():
        if "level" not in entry:
            continue
        stated = entry["level_from"] == "stated"
        yield DocCall(name, entry["uid"], entry["level"], entry["class"],
                      entry["uid"] if stated else pages[entry["level"]], stated,
                      entry.get("level_why", ""))
