"""When objects lived, and what is remarkable about how they ended."""

from __future__ import annotations

from wddmcheck.ir.system import Kind, Property
from wddmcheck.report.identities import Identities, Record
from wddmcheck.report.story import Life, StoryStep

LEFT_BEHIND = ("no_leak", "no_orphan")
TWICE = "no_double_destroy"


def lives(prop: Property, steps: tuple[StoryStep, ...], who: Identities,
          objects: tuple[str, ...]) -> tuple[Life, ...]:
    """The lives of all objects in order of birth; `objects` are those that break the rule."""
    faults = {f.property for f in steps[-1].faults} if steps else set()
    return tuple(
        Life(r.identity, r.pool, r.born, r.died, r.call, tuple(r.touched), r.owner,
             _note(r, prop, who, r.identity in objects, faults))
        for r in who.records.values())


def _note(record: Record, prop: Property, who: Identities, accused: bool,
          faults: set[str]) -> str:
    if record.touched:
        return "destroyed twice" if TWICE in faults else "used after destroy"
    if record.died is not None or record.call:
        return ""
    if record.owner and who.records[record.owner].died is not None:
        return "never freed"
    if accused and faults & set(LEFT_BEHIND):
        return "never freed"
    return "still alive" if accused and prop.kind is Kind.OBLIGATION else ""
