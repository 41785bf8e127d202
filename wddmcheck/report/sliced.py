"""What was sliced away for a property: the lines below its verdict, and the same as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wddmcheck.ir.system import System
from wddmcheck.report.jsontext import Json
from wddmcheck.report.lines import fold
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
    numbers = tuple(sorted(numbers, key=lambda n: _stage(run.slices[n])))
    own = [run.slices[n] for n in numbers]
    return Away(numbers, _common(s.pools_away for s in own),
                _common(s.variables_away for s in own), _common(s.actions_away for s in own))


def _stage(one: SliceRun) -> int:
    """Stages in their order."""
    return len(one.way.before) if one.way is not None else 0


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
    yield from _stages(run, found)
    if not details:
        yield from fold("      sliced away: " + _brief(system, found), 8)
        return
    for what, names in (("variables", ", ".join(found.variables)),
                        ("actions", _actions(system, found.actions))):
        if names:
            yield from fold(f"      sliced away, {what}: {names}", 8)
    for count, number in enumerate(found.numbers, 1):
        yield from _kept(system, run.slices[number], f"slice {count} of {len(found.numbers)}")


def _stages(run: ScopeRun, found: Away) -> Iterator[str]:
    """In which order there is a way to take everything down, if that was the question."""
    ways = [way for n in found.numbers if (way := run.slices[n].way) is not None]
    last = next((way for way in ways if not way.empties), None)
    if last is not None and last.before:
        yield from fold("      taken down in this order: " + ", ".join(last.before), 8)


def _kept(system: System, one: SliceRun, name: str) -> Iterator[str]:
    """What a slice is made of, and why."""
    head = (f"      {name}: {_amount(one.exploration.states, 'state')} of "
            f"{_amount(len(one.kept), 'variable')}")
    yield from fold(head + _way(one), 8)
    width = max((len(variable) for variable, _ in one.kept), default=0)
    for variable, why in one.kept:
        yield from fold(f"        {variable:<{width}}  {why}", width + 10)
    if one.weakened:
        yield from fold("        may do more than in the model: "
                        + _actions(system, one.weakened), 10)


def _way(one: SliceRun) -> str:
    if one.way is None:
        return ""
    begin = f"where no {_or(one.way.before)} is left" if one.way.before else "any state"
    goal = f"where no {one.way.empties} is either" if one.way.empties else "the goal"
    if one.way.empties and not one.way.before:
        goal = f"where no {one.way.empties} is left"
    return f"; the way from {begin} to {goal}"


def _or(names: tuple[str, ...]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _amount(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' if count != 1 else ''}"


def _brief(system: System, found: Away) -> str:
    parts = [f"{len(found.variables)} of {len(system.variables)} variables",
             f"{len(found.actions)} of {len(system.actions)} actions"]
    if found.pools:
        parts.append("all of " + ", ".join(found.pools))
    return "; ".join(parts)


def _actions(system: System, names: tuple[str, ...]) -> str:
    """The actions called `names`: a block for all of its actions, `BLOCK/1,3` for some."""
    blocks: dict[str, list[str]] = {}
    for action in system.actions:
        blocks.setdefault(action.label.block, []).append(action.name)
    parts = []
    for block, own in blocks.items():
        some = [n for n in own if n in names]
        if some == own:
            parts.append(block)
        elif some:
            parts.append(some[0] + "".join("," + n.rpartition("/")[2] for n in some[1:]))
    return ", ".join(parts)


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
        "way": None if one.way is None else {
            "before": list(one.way.before), "empties": one.way.empties or None},
    }
