"""What was sliced away for a property: the lines below its verdict, and the same as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wddmcheck.ir.system import System
from wddmcheck.report.jsontext import Json
from wddmcheck.report.lines import wrapped
from wddmcheck.result.report import PropertyResult, ScopeRun, SliceRun
from wddmcheck.result.verdict import Enumeration, Proved, Unreached, Violated


@dataclass(frozen=True, slots=True)
class Away:
    """What none of the slices has that decided a property. `numbers` are their places in
    `ScopeRun.slices`."""

    numbers: tuple[int, ...]
    pools: tuple[str, ...]
    variables: tuple[str, ...]
    actions: tuple[str, ...]


def away(run: ScopeRun, result: PropertyResult) -> Away | None:
    """What was sliced away for `result`; None if it was decided on the whole system."""
    numbers = tuple(n for n, s in enumerate(run.slices) if result.name in s.properties)
    if not numbers or not _on_slices(run, result):
        return None
    own = [run.slices[n] for n in numbers]
    return Away(numbers, _common(s.pools_away for s in own),
                _common(s.variables_away for s in own), _common(s.actions_away for s in own))


def _on_slices(run: ScopeRun, result: PropertyResult) -> bool:
    match result.verdict:
        case Proved(Enumeration() as evidence) | Unreached(Enumeration() as evidence):
            return evidence.slices > 0
        case Violated():
            return True
        case _:
            return False


def _common(names: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """What is in all of `names`, in the order of the first."""
    first, *others = names
    return tuple(n for n in first if all(n in other for other in others))


def lines(system: System, run: ScopeRun, result: PropertyResult, *,
          details: bool = False) -> Iterator[str]:
    """What was sliced away for `result`, in a line or two; with `details` all of it by name, and
    why the rest was kept."""
    found = away(run, result)
    if found is None:
        return
    if not details:
        yield from wrapped("      sliced away: ", _brief(system, found), 0)
        return
    yield from wrapped("      sliced away, variables: ", _list(found.variables), 4)
    yield from wrapped("      sliced away, actions: ", _list(found.actions), 4)
    for count, number in enumerate(found.numbers, 1):
        one = run.slices[number]
        states = one.exploration.states
        yield (f"      slice {count} of {len(found.numbers)}, {states:,} state"
               f"{'s' if states != 1 else ''}, keeps {len(one.kept)} "
               f"variable{'s' if len(one.kept) != 1 else ''}")
        for name, why in one.kept:
            yield from wrapped(f"        {name}: ", why, 4)
        if one.weakened:
            yield from wrapped("        says less in: ", ", ".join(one.weakened), 4)


def _brief(system: System, found: Away) -> str:
    parts = [f"{len(found.variables)} of {len(system.variables)} variables",
             f"{len(found.actions)} of {len(system.actions)} actions"]
    if found.pools:
        parts.append("all of " + ", ".join(found.pools))
    return "; ".join(parts)


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"


def away_json(run: ScopeRun, result: PropertyResult) -> Json:
    """What was sliced away for `result`, as JSON."""
    found = away(run, result)
    if found is None:
        return None
    return {"slices": list(found.numbers), "variables": list(found.variables),
            "actions": list(found.actions), "pools": list(found.pools)}


def slice_json(one: SliceRun, exploration: Json) -> dict[str, Json]:
    """A slice as JSON."""
    return {
        "properties": list(one.properties),
        "kept": [{"variable": name, "why": why} for name, why in one.kept],
        "variables_away": list(one.variables_away),
        "actions_away": list(one.actions_away),
        "pools_away": list(one.pools_away),
        "weakened": list(one.weakened),
        "exploration": exploration,
    }
