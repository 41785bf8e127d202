"""Who is who in a trace: slots become objects with stable identities.

A slot says nothing to people and is reused. Following the life variables from state to state gives
each object its own identity: `Pool.short` (or the pool's name in lower case) and a number in order
of creation. A parameter that names an absent slot is the object that the action creates, even if
the same step destroys it again or ends in a fault. Calls in flight have no life variable: they
live from the action whose phase is ENTRY to the one whose phase is RETURN.

A reference that dangles no longer says to what; `Identities` remembers it for each variable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from wddmcheck.ir.expr import Const, Expr, Ite, Read
from wddmcheck.ir.sorts import DANGLING, EnumSort, RefSort
from wddmcheck.ir.system import Action, Phase, Pool, StateVar, System
from wddmcheck.report.moment import Moment

Slot: TypeAlias = tuple[str, int]
Cell: TypeAlias = tuple[str, tuple[int, ...]]


@dataclass(slots=True)
class Record:
    """The life of one object so far."""

    identity: str
    pool: str
    born: int
    died: int | None = None
    call: bool = False
    owner: str = ""
    touched: list[int] = field(default_factory=list)


@dataclass(slots=True)
class StepNames:
    """Identities during one step. `before` holds for slots live in the old state, `born` and
    `died` are what the step itself did, in order; `fresh` includes `born` and what did not
    outlive the step."""

    before: dict[Slot, str]
    fresh: dict[Slot, str] = field(default_factory=dict)
    born: dict[Slot, str] = field(default_factory=dict)
    died: dict[Slot, str] = field(default_factory=dict)
    dangles: dict[Cell, str] = field(default_factory=dict)   # after the step

    def of(self, slot: Slot) -> str | None:
        """The identity that an expression over the old state means by `slot`."""
        return self.before.get(slot) or self.fresh.get(slot)


@dataclass(slots=True)
class Identities:
    """The objects of a run. For each step, in order: `step` says who is who during it (expressions
    read the old state, so this still answers for that), then `advance` moves on."""

    system: System
    sizes: Mapping[str, int]
    records: dict[str, Record] = field(default_factory=dict)
    current: dict[Slot, str] = field(default_factory=dict)
    dangles: dict[Cell, str] = field(default_factory=dict)
    _counters: dict[str, int] = field(default_factory=dict)

    def start(self, at: Moment) -> None:
        """Name what is there in the initial state."""
        for pool in self.system.pools:
            for slot in range(self.sizes[pool.name]):
                if self._lives(pool, slot, at):
                    self.current[pool.name, slot] = self._name(pool, 0)
        for slot_, identity in self.current.items():
            self.records[identity].owner = self._owner(slot_, at)

    def step(self, number: int, action: Action, old: Moment, new: Moment | None) -> StepNames:
        """Who is who in step `number`: `old` has the action's parameters bound, `new` is None after
        a fault."""
        names = StepNames(dict(self.current))
        pools = {p.name: p for p in self.system.pools}
        for slot in self._candidates(action, old):
            pool = pools[slot[0]]
            alive = self._lives(pool, slot[1], old) if pool.life else slot in self.current
            lives = new is not None and (self._lives(pool, slot[1], new) if pool.life
                                         else self._in_flight(pool, slot, action, old))
            given = slot in names.fresh
            if not alive and not given and (lives or self._given(pool, slot, action, old)):
                names.fresh[slot] = self._name(pool, number)
                if new is not None and not lives:
                    self.records[names.fresh[slot]].died = number
                if lives:
                    names.born[slot] = names.fresh[slot]
            elif alive and new is not None and not lives:
                names.died[slot] = self.current[slot]
                self.records[self.current[slot]].died = number
        if new is not None:
            names.dangles = self._dangling(action, old, new, names)
        return names

    def advance(self, names: StepNames, new: Moment | None) -> None:
        """The step is over: its births and deaths hold from now on."""
        if new is None:
            return
        for slot in names.died:
            del self.current[slot]
        self.current.update(names.born)
        self.dangles = names.dangles
        for slot, identity in names.born.items():
            self.records[identity].owner = self._owner(slot, new)

    def was(self, expr: Expr, at: Moment, names: StepNames | None = None) -> str:
        """What `expr`, whose value is `DANGLING`, referred to; "" if that is not known."""
        match expr:
            case Read(var, index, _):
                return self.dangles.get((var, tuple(at.value(i) for i in index)), "")
            case Ite(cond, then, orelse, _):
                taken, other = (then, orelse) if at.value(cond) else (orelse, then)
                found = self.was(taken, at, names)
                value = at.value(other)
                if not found and isinstance(taken, Const) and value >= 0:
                    return self._identity(expr.sort, value, names)
                return found
            case _:
                return ""

    # --- within a step -------------------------------------------------------------------------

    def _candidates(self, action: Action, old: Moment) -> Iterator[Slot]:
        """All slots, those that are parameters of the action first."""
        first = [(p.sort.pool, old.env[p.name]) for p in action.params
                 if isinstance(p.sort, RefSort) and old.env[p.name] >= 0]
        yield from dict.fromkeys(first)
        for pool in self.system.pools:
            for slot in range(self.sizes[pool.name]):
                if (pool.name, slot) not in first:
                    yield pool.name, slot

    def _given(self, pool: Pool, slot: Slot, action: Action, old: Moment) -> bool:
        return bool(pool.life) and any(
            isinstance(p.sort, RefSort) and (p.sort.pool, old.env[p.name]) == slot
            for p in action.params)

    def _in_flight(self, pool: Pool, slot: Slot, action: Action, old: Moment) -> bool:
        """Whether the slot of a pool without life states is in use after the action."""
        if not pool.calls:
            return True
        label = action.label
        if label.call_slot and (pool.name, old.env[label.call_slot]) == slot:
            return label.phase in (Phase.ENTRY, Phase.RESUME)
        return slot in self.current

    def _lives(self, pool: Pool, slot: int, at: Moment) -> bool:
        if not pool.life:
            return not pool.calls
        return at.cell(pool.life, (slot,)) != 0

    def _name(self, pool: Pool, born: int) -> str:
        prefix = pool.short or pool.name.lower()
        number = self._counters.get(prefix, 0)
        self._counters[prefix] = number + 1
        identity = f"{prefix}#{number}"
        self.records[identity] = Record(identity, pool.name, born, call=pool.calls)
        return identity

    def _owner(self, slot: Slot, at: Moment) -> str:
        owner = next(p.owner for p in self.system.pools if p.name == slot[0])
        if owner is None:
            return ""
        value = at.cell(owner[1], (slot[1],)) if owner[1] in at.variables else 0
        return self.current.get((owner[0], value), "")

    def _identity(self, sort: object, value: int, names: StepNames | None) -> str:
        if not isinstance(sort, RefSort):
            return ""
        slot = (sort.pool, value)
        return (names.of(slot) if names is not None else self.current.get(slot)) or ""

    def _dangling(self, action: Action, old: Moment, new: Moment,
                  names: StepNames) -> dict[Cell, str]:
        now: dict[Cell, str] = {}
        for var in self.system.variables:
            elements = stale_set(self.system, var)
            if not isinstance(var.sort, RefSort) and elements is None:
                continue
            for index in new.indices(var):
                value = new.cell(var.name, index)
                if elements is not None and value:
                    now[var.name, index] = self._lost(var, elements, index, old, names)
                elif elements is None and value == DANGLING:
                    now[var.name, index] = self._origin(action, var, index, old, names)
        return now

    def _lost(self, var: StateVar, elements: StateVar, index: tuple[int, ...], old: Moment,
              names: StepNames) -> str:
        """The element that a set lost by its destruction."""
        if old.cell(var.name, index):
            return self.dangles.get((var.name, index), "")
        return next((identity for (pool, slot), identity in names.died.items()
                     if pool == elements.dims[1] and old.cell(elements.name, (*index, slot))), "")

    def _origin(self, action: Action, var: StateVar, index: tuple[int, ...], old: Moment,
                names: StepNames) -> str:
        """What the reference in this cell, which dangles after the action, referred to."""
        before = old.cell(var.name, index)
        if before == DANGLING:
            return self.dangles.get((var.name, index), "")
        if before >= 0 and isinstance(var.sort, RefSort):
            slot = (var.sort.pool, before)
            if slot in names.died:
                return names.died[slot]
        for update in action.updates:
            for write in reversed(update.writes if update.var == var.name else ()):
                hit = old.hit(write, index)
                if hit is not None:
                    found = self.was(write.value, hit, names)
                    if found:
                        return found
        assert isinstance(var.sort, RefSort)
        gone = [i for (pool, _), i in names.died.items() if pool == var.sort.pool]
        return gone[0] if len(gone) == 1 else ""


STALE = " holds a dangling reference"
"""A set that lost a destroyed element remembers it in a variable with this label."""


def stale_set(system: System, var: StateVar) -> StateVar | None:
    """The set that `var` remembers the losses of, if that is what it is for."""
    if not var.label.endswith(STALE) or len(var.dims) != 1:
        return None
    label = var.label.removesuffix(STALE)
    return next((v for v in system.variables if len(v.dims) == 2 and v.dims[0] == var.dims[0]
                 and v.label == label), None)


def is_control_point(var: StateVar) -> bool:
    """Whether `var` is where a call in flight stands: told in words, not as a value."""
    return isinstance(var.sort, EnumSort) and var.label == "at"
