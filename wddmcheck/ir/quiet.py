"""Steps that nobody can notice: for partial-order reduction.

A call in flight stands at a place (`CALL_AT`), and moves on, or returns, by actions that are
enabled there only. Such an action is *quiet* if what it reads nobody else writes, what it writes
nobody else reads or writes, and nothing tells the place that it leaves from the one where it
arrives: none of the formulas at hand, and no other action, except that its arrival may enable some.
Then it can be taken before everything else that could happen: where it is the only action of its
call that is enabled, the others need not be looked at (Clarke, Grumberg, Peled, "Model checking",
1999, chapter 10: an ample set of one invisible action, C0 to C4; that quiet actions only go forward
is C3). So all violations, all actions that can fire, deadlocks and what is always possible stay;
runs can become longer by such steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from wddmcheck.ir.expr import (
    And,
    Binary,
    BinOp,
    Const,
    Expr,
    Not,
    Or,
    Quant,
    Read,
    Var,
    sort_of,
)
from wddmcheck.ir.sorts import BoolSort, RefSort
from wddmcheck.ir.system import CALL_AT, Action, System
from wddmcheck.ir.walk import conjuncts, of_write, parts


@dataclass(frozen=True, slots=True)
class Quiet:
    """Action number `action` takes its call (parameter `call`, of `pool`) from the place `leaves`
    to the place `arrives`, both members of `CALL_AT`."""

    action: int
    call: str
    pool: str
    leaves: int
    arrives: int


@dataclass(frozen=True, slots=True)
class Reduction:
    """The quiet actions of a system; `loud` says of the other actions that go on with a call why
    they are not, by name."""

    quiet: tuple[Quiet, ...] = ()
    loud: tuple[tuple[str, str], ...] = ()


def reduction(system: System, formulas: Sequence[Expr]) -> Reduction:
    """What can be taken first in `system`, if `formulas` are what is asked of states."""
    pool = next((v.dims[0] for v in system.variables if v.name == CALL_AT), "")
    steps = [_Step.of(system, number, pool) for number in range(len(system.actions))]
    reads = _Reads()
    for formula in formulas:
        reads.formula(formula)
    loud: dict[int, str] = {}
    for step in steps:
        if step.goes_on:
            why = step.conflict(reads) or next(
                (f"{why}, in {other.name}" for other in steps
                 if (why := step.conflict_with(other))), "")
            if why:
                loud[step.number] = why
    found = _forward(_alone(steps, loud), loud)
    quiet = tuple(Quiet(s.number, s.call, pool, s.leaves, s.arrives) for s in found)
    named = {system.actions[n].name: why for n, why in loud.items()}
    return Reduction(quiet, tuple(named.items()))


def _alone(steps: list[_Step], loud: dict[int, str]) -> list[_Step]:
    """Those that leave places which quiet actions alone leave: others could be enabled later."""
    noisy = {s.leaves: s.name for s in steps if s.number in loud or (
        not s.goes_on and s.call and s.leaves != 0)}
    result = []
    for step in steps:
        if step.goes_on and step.number not in loud:
            other = noisy.get(step.leaves)
            if other is None:
                result.append(step)
            else:
                loud[step.number] = f"{other} leaves the same place"
    return result


def _forward(steps: list[_Step], loud: dict[int, str]) -> list[_Step]:
    """Those that do not lead back to where they start."""
    result = []
    for step in steps:
        seen, stack = set(), [step.arrives]
        while stack:
            place = stack.pop()
            if place not in seen:
                seen.add(place)
                stack += [s.arrives for s in steps if s.leaves == place]
        if step.leaves in seen:
            loud[step.number] = "it is part of a loop"
        else:
            result.append(step)
    return result


_May: TypeAlias = int
EXACT, UP, DOWN = 0, 1, -1


@dataclass(slots=True)
class _Reads:
    """What is read: variables at any index, those at the call's own, and the tests of places of
    other calls. Of each test it is known whether it may become true (`UP`) or false (`DOWN`) or
    neither (`EXACT`) without anybody noticing; None: a place is read in some other way."""

    anywhere: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    tests: list[tuple[Expr, _May] | None] = field(default_factory=list)
    call: str = ""                            # the parameter whose own values are told apart

    def formula(self, expr: Expr, may: _May = 0) -> None:
        """Collect from an expression."""
        place = _test_of(expr) if isinstance(sort_of(expr), BoolSort) else None
        if place is not None:
            if not _is(place.index[0], self.call):
                self.tests.append((expr, may))
            return
        match expr:
            case Read(var, index, _):
                if self.call and index and _is(index[0], self.call):
                    self.own.add(var)
                elif var == CALL_AT:
                    self.tests.append(None)
                else:
                    self.anywhere.add(var)
                for part in index:
                    self.formula(part)
            case Not(arg):
                self.formula(arg, -may)
            case And() | Or() | Quant():
                for part in parts(expr):
                    self.formula(part, may)
            case _:
                for part in parts(expr):
                    self.formula(part)


@dataclass(slots=True)
class _Step:
    """What an action does, by who could notice. `call` is the parameter that says which call in
    flight goes on, if there is one, from the place `leaves` to `arrives`; place 0 is that of no
    call."""

    number: int
    name: str
    reads: _Reads
    writes: set[str] = field(default_factory=set)      # anywhere
    own: set[str] = field(default_factory=set)         # of its own call
    call: str = ""
    leaves: int = 0
    arrives: int = -1
    moves: bool = True       # to one known place
    alone: bool = False      # nothing but the call is to be chosen

    @property
    def goes_on(self) -> bool:
        """Whether it moves a call in flight, and so could be quiet at all."""
        return bool(self.call) and self.leaves != 0 and self.arrives >= 0 and (
            self.moves and self.alone)

    @classmethod
    def of(cls, system: System, number: int, pool: str) -> _Step:
        """What action `number` does; `pool` is that of calls."""
        action = system.actions[number]
        step = cls(number, action.name, _Reads())
        step._find_call(action, pool)
        step.reads.call = step.call
        step._collect(action)
        return step

    def _find_call(self, action: Action, pool: str) -> None:
        for part in conjuncts(action.guard):
            match part:
                case Binary(BinOp.EQ, Read(var, (Var(name, RefSort(of, _, _)),), _),
                            Const(value, _)) if var == CALL_AT and of == pool and any(
                                p.name == name for p in action.params):
                    self.alone = len(action.params) == 1
                    self.call, self.leaves = name, value

    def _collect(self, action: Action) -> None:
        self.reads.formula(action.guard, UP)
        for obligation in action.obligations:
            self.reads.formula(obligation.broken)
        for update in action.updates:
            for write in update.writes:
                for expr in of_write(write):
                    self.reads.formula(expr)
                own = bool(self.call) and bool(write.index) and _is(write.index[0], self.call)
                if own and update.var == CALL_AT:
                    match write.value:
                        case Const(value, _) if not write.binders and self.arrives < 0:
                            self.arrives = value
                        case _:
                            self.moves = False
                elif own:
                    self.own.add(update.var)
                else:
                    self.writes.add(update.var)

    def conflict(self, reads: _Reads) -> str:
        """Why formulas can notice it; empty if they cannot."""
        seen = (self.own | self.writes) & reads.anywhere
        if seen:
            return f"{min(seen)} is asked about"
        return self._told(reads, "a property")

    def conflict_with(self, other: _Step) -> str:
        """Why an action of another call, or of none, can notice it or be noticed by it."""
        mine = self.own | self.writes
        anywhere = other.reads.anywhere | other.writes
        both = mine & anywhere or self.writes & (other.reads.own | other.own)
        if both:
            return f"{min(both)} is read or written"
        read = (self.reads.anywhere | self.reads.own) & other.writes or (
            self.reads.anywhere & other.own)
        if read:
            return f"{min(read)} is written"
        if CALL_AT in other.writes:
            return "calls in flight are moved"
        return self._told(other.reads, "a test")

    def _told(self, reads: _Reads, who: str) -> str:
        for known in reads.tests:
            if known is not None:
                test, may = known
                change = _holds(test, self.arrives) - _holds(test, self.leaves)
                if change in (EXACT, may):
                    continue
            return f"{who} tells the place that it leaves from the one where it arrives"
        return ""


def _is(expr: Expr, name: str) -> bool:
    return isinstance(expr, Var) and expr.name == name


def _test_of(expr: Expr) -> Read | None:
    """The place that a truth value depends on alone; None if there is no one such."""
    found = set(_leaves(expr))
    if len(found) == 1:
        (only,) = found
        if isinstance(only, Read) and only.var == CALL_AT:
            return only
    return None


def _leaves(expr: Expr) -> Iterator[Expr]:
    match expr:
        case Binary(BinOp.EQ | BinOp.NE, left, Const(), _):
            yield left
        case Not(arg):
            yield from _leaves(arg)
        case And(args) | Or(args):
            for arg in args:
                yield from _leaves(arg)
        case _:
            yield expr


def _holds(test: Expr, place: int) -> bool:
    match test:
        case Binary(op, _, Const(value, _), _):
            return (place == value) == (op is BinOp.EQ)
        case Not(arg):
            return not _holds(arg, place)
        case And(args):
            return all(_holds(a, place) for a in args)
        case Or(args):
            return any(_holds(a, place) for a in args)
        case _:
            raise AssertionError(test)
