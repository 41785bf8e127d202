"""Finds facts about all reachable states of a system (`known.py`).

In the initial state every variable that could be settled is, and every reference that could be
sound is. Of each such fact it is shown that every action keeps it, if all of them hold before it;
what cannot be shown is dropped, until nothing is dropped any more (Flanagan and Leino, "Houdini, an
annotation assistant for ESC/Java", FME 2001). Actions do the same after a renaming of slots, so one
instance of each kind is looked at, with the slots that it names and one other.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product

from wddmcheck.ir.evaluate import Layout, all_instances
from wddmcheck.ir.expr import Binary, BinOp, Const, Read
from wddmcheck.ir.instance import Instance, pattern
from wddmcheck.ir.known import Known, Piece
from wddmcheck.ir.sorts import BOOL, RefSort
from wddmcheck.ir.system import StateVar


def facts(layout: Layout) -> Generator[None, None, Known]:
    """What holds in all reachable states of a layout; in small parts."""
    lives = Known(layout).lives
    settled = {v.name for v in layout.system.variables
               if len(v.dims) == 1 and v.dims[0] in lives and v.name != lives[v.dims[0]]}
    sound = {v.name for v in layout.system.variables
             if isinstance(v.sort, RefSort) and v.sort.pool in lives and v.init < 0}
    while True:
        known = Known(layout, frozenset(settled), frozenset(sound))
        shown = _Shown(known)
        still_settled, still_sound = set(), set()
        for name in sorted(settled):
            if (yield from _all(shown.settled(layout.variables[name]))):
                still_settled.add(name)
        for name in sorted(sound):
            if (yield from _all(shown.sound(layout.variables[name]))):
                still_sound.add(name)
        if (still_settled, still_sound) == (settled, sound):
            return known
        settled, sound = still_settled, still_sound


def _all(tests: Iterator[bool]) -> Generator[None, None, bool]:
    """Whether all tests are passed; a pause after each."""
    for passed in tests:
        yield
        if not passed:
            return False
    return True


@dataclass
class _Shown:
    """Whether every action keeps a fact, if what is `known` holds before it."""

    known: Known

    @cached_property
    def _instances(self) -> list[Instance]:
        """One of each kind."""
        layout = self.known.layout
        found: dict[tuple[object, ...], Instance] = {}
        for number, args in all_instances(layout):
            action = layout.system.actions[number]
            key = number, pattern([(p.sort, v) for p, v in zip(action.params, args, strict=True)])
            found.setdefault(key, Instance(self.known, action, args))
        return list(found.values())

    def _writing(self, *names: str) -> Iterator[Instance]:
        """Those that may write one of these variables."""
        return (i for i in self._instances if any(u.var in names for u in i.action.updates))

    def _slots(self, instance: Instance, pool: str) -> list[int]:
        """The slots that an instance names, and one more."""
        named = {value for p, value in zip(instance.action.params, instance.args, strict=True)
                 if isinstance(p.sort, RefSort) and p.sort.pool == pool and value >= 0}
        other = (s for s in range(self.known.layout.sizes[pool]) if s not in named)
        return [*named, *islice(other, 1)]

    # --- settled -----------------------------------------------------------------------------

    def settled(self, var: StateVar) -> Iterator[bool]:
        """Whether a variable stays settled, by instances and slots."""
        (pool,) = var.dims
        life = self.known.lives[pool]
        return (self._settled(instance, var, life, slot)
                for instance in self._writing(var.name, life)
                for slot in self._slots(instance, pool))

    def _settled(self, instance: Instance, var: StateVar, life: str, slot: int) -> bool:
        layout = self.known.layout
        own, alive = layout.offset(var.name, (slot,)), layout.offset(life, (slot,))
        values = self.known.values(alive)
        for value in values:
            cells = self.known.closure({**instance.before, alive: value})
            if cells is None or instance.before.get(alive, value) != value:
                continue
            effect = instance.effect(cells, instance.guard, (own, alive))
            if life in effect.wide or var.name in effect.wide:
                return False
            later = effect.cells.get(alive, value)
            if isinstance(later, int) and later != 0:
                continue
            if value == 0 and own not in effect.cells:
                continue
            if effect.cells.get(own, cells.get(own)) != var.init:
                return False
        return bool(values)

    # --- sound -------------------------------------------------------------------------------

    def sound(self, var: StateVar) -> Iterator[bool]:
        """Whether a reference stays sound, by instances and places."""
        assert isinstance(var.sort, RefSort)
        pool = var.sort.pool
        life = self.known.lives[pool]
        return (self._sound(instance, var, life, index)
                for instance in self._writing(var.name, life)
                for index in product(*(range(self.known.layout.sizes[d]) for d in var.dims)))

    def _sound(self, instance: Instance, var: StateVar, life: str, index: tuple[int, ...]) -> bool:
        assert isinstance(var.sort, RefSort)
        layout, own = self.known.layout, self.known.layout.offset(var.name, index)
        values = self.known.values(own)
        for value in values:
            alive = [{}] if value < 0 else [
                {layout.offset(life, (value,)): v}
                for v in self.known.values(layout.offset(life, (value,))) if v != 0]
            for more in alive:
                given = {**instance.before, own: value, **more}
                cells = self.known.closure(given)
                if cells is not None and all(
                        given[c] == v for c, v in instance.before.items()) and (
                            not self._names_one(instance, var, life, own, cells)):
                    return False
        return bool(values)

    def _names_one(self, instance: Instance, var: StateVar, life: str, own: int,
                   cells: dict[int, int]) -> bool:
        """Whether it names no absent slot after an instance."""
        assert isinstance(var.sort, RefSort)
        layout = self.known.layout
        lives = (layout.offset(life, (slot,)) for slot in range(layout.sizes[var.sort.pool]))
        effect = instance.effect(cells, instance.guard, (own, *lives))
        if var.name in effect.wide or life in effect.wide:
            return False
        later = effect.cells.get(own, cells[own])
        if not isinstance(later, int):
            return False
        if later < 0:
            return True
        alive = layout.offset(life, (later,))
        if alive in effect.cells:
            there = effect.cells[alive]
            return isinstance(there, int) and there != 0
        sort = layout.variables[life].sort
        absent = Binary(BinOp.EQ, Read(life, (Const(later, RefSort(var.sort.pool)),), sort),
                        Const(0, sort), BOOL)
        return self.known.never(Piece.of(layout, absent, {}), cells, instance.guard)
