"""A state as both sides can describe it: objects with fields in words.

Values that a field has at first (`none`, `false`, `0`) are left out on both sides. References are
identities, or `dangling`; a set is the sorted tuple of its members.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from wddmcheck.report.story import Change, ChangeKind, StoryStep, Value, ValueKind

FieldValue: TypeAlias = str | tuple[str, ...]
Fields: TypeAlias = dict[str, FieldValue]

DANGLING = "dangling"
FIRST = frozenset({"", "none", "false", "0"})


@dataclass(slots=True)
class ToldState:
    """The state of the model, followed through a story by the changes of its steps. `known` are the
    classes and fields that the machine has too; what else a variant adds is not compared. `initial`
    are the values at first of fields, by class, that are not the usual ones; what belongs to no
    object is a field of the class "". `first` are the words that a field may have at first."""

    pools: Mapping[str, str]
    known: Mapping[str, frozenset[str]]
    initial: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    first: frozenset[str] = FIRST
    objects: dict[str, Fields] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if "" in self.known:     # what belongs to no object is always there
            self.objects[""] = dict(self.initial.get("", {}))

    def follow(self, step: StoryStep) -> tuple[str, ...]:
        """Take the changes of a step; the identities that it created and that are still there."""
        born: dict[str, None] = {}
        for change in step.changes:
            match change.kind:
                case ChangeKind.CREATED:
                    born[change.subject] = None
                case ChangeKind.DESTROYED:
                    born.pop(change.subject, None)
            pool = self.pools.get(change.subject, "" if not change.subject else "?")
            known = self.known.get(pool)
            if known is not None:
                self._take(change, known, self.initial.get(pool, {}))
        return tuple(born)

    def _take(self, change: Change, known: frozenset[str], initial: Mapping[str, str]) -> None:
        match change.kind:
            case ChangeKind.CREATED:
                self.objects[change.subject] = _created(change, known, initial, self.first)
            case ChangeKind.DESTROYED:
                self.objects.pop(change.subject, None)
            case _:
                fields = self.objects.get(change.subject)
                if fields is not None and change.label in known:
                    _change(fields, change, self.first)


def _created(change: Change, known: frozenset[str], initial: Mapping[str, str],
             first: frozenset[str]) -> Fields:
    fields: Fields = {**initial, **{f.name: _value(f.value) for f in change.fields
                                    if f.name in known}}
    if "life" in known:
        fields["life"] = change.after
    return {k: v for k, v in fields.items() if v not in first}


def _value(value: Value) -> str:
    match value.kind:
        case ValueKind.OBJECT:
            return value.object
        case ValueKind.DANGLING:
            return DANGLING
        case _:
            return value.text


def _change(fields: Fields, change: Change, first: frozenset[str]) -> None:
    old = fields.get(change.label, ())
    members = set(old) if isinstance(old, tuple) else None
    match change.kind:
        case ChangeKind.ADDED:
            new: FieldValue = tuple(sorted({*(members or ()), change.object}))
        case ChangeKind.REMOVED:
            new = tuple(sorted((members or set()) - {change.object}))
        case ChangeKind.DANGLED if change.label == "list":
            new = tuple(sorted({*((members or set()) - {change.object}), DANGLING}))
        case ChangeKind.DANGLED:
            new = DANGLING
        case _:
            new = change.after
    if new in first or new == ():
        fields.pop(change.label, None)
    else:
        fields[change.label] = new


def differences(told: Mapping[str, Fields], seen: Mapping[str, Fields]) -> list[str]:
    """What the machine (`seen`) has otherwise than the model (`told`), for people."""
    result = []
    for identity in sorted(told.keys() | seen.keys()):
        if identity not in seen:
            result.append(f"{identity} is gone; in the model it is still there")
        elif identity not in told:
            result.append(f"{identity} is still there; in the model it is gone")
        else:
            mine, other = told[identity], seen[identity]
            for name in sorted(mine.keys() | other.keys()):
                one, two = mine.get(name), other.get(name)
                whose = f"{identity}." if identity else ""
                if one != two:
                    result.append(f"{whose}{name} is {_show(two, one)}; in the model it is "
                                  f"{_show(one, two)}")
    return result


def _show(value: FieldValue | None, beside: FieldValue | None) -> str:
    """A value; one that is as at first is shown as what `beside` is not."""
    match value:
        case tuple():
            return "{" + ", ".join(value) + "}"
        case str():
            return value
    if isinstance(beside, tuple):
        return "{}"
    return {"true": "false"}.get(beside or "", "0" if (beside or "").isdigit() else "none")
