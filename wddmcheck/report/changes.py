"""What a step changed, in the model's words. Only labelled variables show.

What follows from something else is marked as implied: the reset of a destroyed object's fields is
left out, its disappearance from sets and relations is kept but implied, and so is what a call in
flight notes for itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from wddmcheck.ir.show import show_value
from wddmcheck.ir.sorts import DANGLING, BoolSort, RefSort, Sort
from wddmcheck.ir.system import StateVar, System
from wddmcheck.report.identities import STALE, Slot, StepNames, is_control_point, stale_set
from wddmcheck.report.moment import Moment
from wddmcheck.report.story import Argument, Change, ChangeKind, Value, ValueKind


def changes(system: System, old: Moment, new: Moment | None,
            names: StepNames) -> tuple[Change, ...]:
    """All changes of a step: births, deaths, then the rest in the order of the variables."""
    return tuple(_Changes(system, old, new, names).all()) if new is not None else ()


class _Changes:
    """One comparison of two states."""

    def __init__(self, system: System, old: Moment, new: Moment, names: StepNames) -> None:
        self.system, self.old, self.new, self.names = system, old, new, names
        self.pools = {p.name: p for p in system.pools}
        self.lives = {p.life for p in system.pools if p.life}

    def all(self) -> Iterator[Change]:
        """The changes in order."""
        for slot, identity in self.names.fresh.items():
            yield from self._birth(slot, identity)
        for slot, identity in self.names.died.items():
            yield Change(ChangeKind.DESTROYED, identity, implied=self.pools[slot[0]].calls)
        for var in self.system.variables:
            if var.label and not is_control_point(var):
                for index in self.new.indices(var):
                    yield from self._cell(var, index)

    def _birth(self, slot: Slot, identity: str) -> Iterator[Change]:
        pool = self.pools[slot[0]]
        fields = []
        for var in self.system.variables:
            if (var.dims != (slot[0],) or not var.label or var.name in self.lives
                    or is_control_point(var)):
                continue
            value = self.new.cell(var.name, (slot[1],))
            if value != var.init:
                fields.append(Argument(var.label, self._value(var, (slot[1],), value)))
        life = ""
        if pool.life and slot in self.names.born:
            life = show_value(self.new.cell(pool.life, (slot[1],)),
                            self.new.variables[pool.life].sort)
        yield Change(ChangeKind.CREATED, identity, after=life, implied=pool.calls,
                     fields=tuple(fields))
        if slot not in self.names.born:
            yield Change(ChangeKind.DESTROYED, identity, implied=pool.calls)

    def _cell(self, var: StateVar, index: tuple[int, ...]) -> Iterator[Change]:
        before, after = self.old.cell(var.name, index), self.new.cell(var.name, index)
        if before == after:
            return
        ends = tuple(zip(var.dims, index, strict=True))
        own = ends[:1]
        if len(var.dims) == 1 and own[0] in (*self.names.fresh, *self.names.died):
            return
        if len(var.dims) > 1 and isinstance(var.sort, BoolSort):
            yield self._entry(var, ends, bool(after))
            return
        subject = ", ".join(self._identity(e) for e in ends)
        if after and stale_set(self.system, var) is not None:
            was = self.names.dangles.get((var.name, index), "")
            yield Change(ChangeKind.DANGLED, subject, var.label.removesuffix(STALE), was,
                         f"destroyed {was}".rstrip(), was)
            return
        quiet = bool(own) and self.pools[own[0][0]].calls
        if after == DANGLING and isinstance(var.sort, RefSort):
            was = self.names.dangles.get((var.name, index), "")
            yield Change(ChangeKind.DANGLED, subject, var.label, self._text(var.sort, before),
                         f"destroyed {was}".rstrip(), was)
            return
        yield Change(ChangeKind.CHANGED, subject, var.label, self._text(var.sort, before),
                     self._text(var.sort, after), implied=quiet)

    def _entry(self, var: StateVar, ends: tuple[Slot, ...], added: bool) -> Change:
        """A pair entered or left a set (whose first end it belongs to) or a relation."""
        kind = ChangeKind.ADDED if added else ChangeKind.REMOVED
        implied = any(e in self.names.died for e in ends)
        shown = [self._identity(e) for e in ends]
        if var.name.startswith(f"{var.dims[0]}."):
            return Change(kind, shown[0], var.label, object=", ".join(shown[1:]), implied=implied)
        return Change(kind, "", var.label, object=f"({', '.join(shown)})", implied=implied)

    def _identity(self, slot: Slot) -> str:
        return self.names.of(slot) or f"{slot[0]} (absent)"

    def _value(self, var: StateVar, index: tuple[int, ...], value: int) -> Value:
        if isinstance(var.sort, RefSort):
            if value == DANGLING:
                was = self.names.dangles.get((var.name, index), "")
                return Value(ValueKind.DANGLING, f"destroyed {was}".rstrip(), was)
            if value >= 0:
                identity = self._identity((var.sort.pool, value))
                return Value(ValueKind.OBJECT, identity, identity)
            return Value(ValueKind.NONE, "none")
        return Value(ValueKind.PLAIN, show_value(value, var.sort))

    def _text(self, sort: Sort, value: int) -> str:
        if isinstance(sort, RefSort) and value >= 0:
            return self._identity((sort.pool, value))
        return show_value(value, sort)
