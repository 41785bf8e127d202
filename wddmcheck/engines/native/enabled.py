"""What is enabled in a state, as LLVM code: one bit for each instance of an action.

Parameters are unrolled. Each conjunct of a guard is tested as soon as the parameters that it
mentions are fixed; where little is left to do the code does not branch. Actions share functions, so
that what several of them test is tested once, but not all share one: what LLVM needs for a function
grows faster than the function.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from math import prod

from wddmcheck.engines.explicit.size import count_instances
from wddmcheck.engines.native.asm import Body, Value
from wddmcheck.engines.native.frame import Ctx
from wddmcheck.engines.native.lanes import Lanes, compared
from wddmcheck.engines.native.plan import Plan
from wddmcheck.engines.native.terms import Env, Flat, Terms
from wddmcheck.ir.expr import And
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import Action
from wddmcheck.ir.walk import guard_levels

FEW = 4
"""Instances below a test that is not worth a branch."""

FUNCTION = 3_000
"""Instructions after which the next action begins a function of its own."""


@dataclass(frozen=True, slots=True)
class Instance:
    """Instance number `number` of all, of action number `action`; `env` has codes of references.
    `flat`: what it changes, if that is known without a look at the state."""

    number: int
    action: int
    args: tuple[int, ...]
    env: Env
    flat: Flat | None


@dataclass
class Enabled:
    """Writes the functions `enabled0(s, c)`, `enabled1`, ... which find all bits in turn, but for
    those of `lanes`, which are there before; and lists the instances that can be enabled at all.
    Ctx.ODD is set where an instance changes more than its `flat` says."""

    plan: Plan
    lanes: Lanes = field(init=False)
    texts: list[str] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lanes = Lanes(self.plan)
        first = 0
        function: _Function | None = None
        for number, action in enumerate(self.plan.layout.system.actions):
            if function is None:
                function = _Function(self, len(self.texts), first)
            _Act(function, number, action, first).all()
            first += count_instances(self.plan.layout, action)
            if len(function.body.lines) > FUNCTION:
                self.texts.append(function.text(first))
                function = None
        if function is not None:
            self.texts.append(function.text(first))


class _Function:
    """One function, for instances from number `first` on."""

    def __init__(self, of: Enabled, name: int, first: int) -> None:
        self.of, self.plan, self.first = of, of.plan, first
        self.body = body = Body(f"enabled{name}", "ptr noalias %s, ptr noalias %c")
        self.terms = Terms(self.plan, body, [body.get("%s", i) for i in range(self.plan.words)])
        self.words: dict[int, str] = {}
        self.odd = ""
        self.found: list[dict[int, list[Value]]] = [{}]       # bits of words, of blocks within
        self.odds: list[Value] = [0]

    def text(self, end: int) -> str:
        """The whole function, which ends before number `end`."""
        body = self.body
        self._note()
        enabled = body.pointer("%c", Ctx.ENABLED)
        for word in range(self.first // 64, -(-end // 64)):
            if word in self.words:
                found = body.or_(body.load(self.words[word]), body.get(enabled, word))
                body.put(found, enabled, word)
        if self.odd:
            body.put(body.or_(body.get("%c", Ctx.ODD), body.load(self.odd)), "%c", Ctx.ODD)
        body.ret()
        return body.text()

    @contextmanager
    def when(self, test: Value) -> Iterator[None]:
        """Do this if `test` holds."""
        with self.body.when(test):
            self.found.append({})
            self.odds.append(0)
            yield
            self._note()

    def _note(self) -> None:
        """Put what was found in this block into variables."""
        body = self.body
        for word, bits in self.found.pop().items():
            if word not in self.words:
                self.words[word] = body.declared()
            variable = self.words[word]
            body.store(body.or_(body.load(variable), body.any_of(bits)), variable)
        odd = self.odds.pop()
        if odd != 0:
            self.odd = self.odd or body.declared()
            body.store(body.or_(body.load(self.odd), body.number(odd)), self.odd)

    def add(self, instance: Instance, able: Value) -> None:
        """An instance, that is enabled if `able`."""
        word, bit = divmod(instance.number, 64)
        self.found[-1].setdefault(word, []).append(
            self.body.shl(self.body.number(able), bit))
        if instance.flat is not None:
            for unless in instance.flat.unless:
                self.odds[-1] = self.body.either(self.odds[-1], self.body.both(able, unless))
        self.of.instances.append(instance)


class _Act:
    """One action."""

    def __init__(self, of: _Function, number: int, action: Action, first: int) -> None:
        self.of, self.plan, self.terms = of, of.plan, of.terms
        self.number, self.action, self.first = number, action, first
        self.levels = guard_levels(action)
        self.choices = [self.plan.layout.values(p.sort) for p in action.params]

    def all(self) -> None:
        """All instances."""
        guard = compared(self.plan, self.action)
        if guard is None:
            self.tree({}, (), 1, 0)
            return
        mine = [self._instance(self._env(args), args, rank)
                for rank, args in enumerate(product(*self.choices))]
        if any(i.flat is not None and i.flat.unless for i in mine):
            self.tree({}, (), 1, 0)
        else:
            self.of.of.instances += [i for i in mine
                                     if self.of.of.lanes.take(i.number, guard, i.env)]

    def _env(self, args: tuple[int, ...]) -> Env:
        return {p.name: self.plan.code(v, p.sort) if isinstance(p.sort, RefSort) else v
                for p, v in zip(self.action.params, args, strict=False)}

    def _instance(self, env: Env, args: tuple[int, ...], rank: int) -> Instance:
        return Instance(self.first + rank, self.number, args, env,
                        self.terms.flat(self.action, env))

    def tree(self, env: Env, args: tuple[int, ...], test: Value, rank: int) -> None:
        """The instances whose first parameters are fixed; `test` is what was not tested yet."""
        depth = len(args)
        test = self.of.body.both(test, self.terms.test(And(tuple(self.levels[depth])), env))
        if test == 0:
            return
        if depth == len(self.choices):
            self.of.add(self._instance(env, args, rank), test)
        elif isinstance(test, str) and prod(len(c) for c in self.choices[depth:]) >= FEW:
            with self.of.when(test):
                self.branch(args, 1, rank)
        else:
            self.branch(args, test, rank)

    def branch(self, args: tuple[int, ...], test: Value, rank: int) -> None:
        """All values of the next parameter."""
        values = self.choices[len(args)]
        for i, value in enumerate(values):
            more = (*args, value)
            self.tree(self._env(more), more, test, rank * len(values) + i)
