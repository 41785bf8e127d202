"""What is enabled, what it breaks and where it leads, as LLVM code.

Parameters are unrolled. Each conjunct of a guard is tested as soon as the parameters that it
mentions are fixed. Where little is left to do the code does not branch: it always writes the
successor, and counts it only if the guard holds. Actions share functions, so that what several of
them test is tested once, but not all share one: what LLVM needs for a function grows faster than
the function.

*Records* say where something was seen first: the state's number plus one. There is one for each
action that is taken, one for each obligation that is broken, one for each state formula, and one
for a deadlock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from math import prod

from wddmcheck.engines.explicit.size import count_instances, guard_levels, nodes
from wddmcheck.engines.native.asm import Body, Value
from wddmcheck.engines.native.frame import Ctx
from wddmcheck.engines.native.plan import Plan
from wddmcheck.engines.native.terms import Env, Terms
from wddmcheck.ir.expr import TRUE, And, Expr
from wddmcheck.ir.quiet import Quiet
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import Action, System

CHEAP = 16
"""Nodes of the updates of an action that is done without branching."""

FEW = 4
"""Instances below a test that is not worth a branch."""

FUNCTION = 3_000
"""Instructions after which the next action begins a function of its own."""


@dataclass(frozen=True)
class Records:
    """The numbers of records. `formulas` are looked at in every state: (property, formula, the
    value that is sought)."""

    system: System
    formulas: tuple[tuple[str, Expr, bool], ...] = ()

    @cached_property
    def _obligations(self) -> list[int]:
        return list(accumulate((len(a.obligations) for a in self.system.actions),
                               initial=len(self.system.actions)))

    def of_action(self, number: int) -> int:
        """The record of the first obligation of an action."""
        return self._obligations[number]

    @property
    def looked(self) -> int:
        """The first record of a formula."""
        return self._obligations[-1]

    @property
    def deadlock(self) -> int:
        """The record of a deadlock."""
        return self.looked + len(self.formulas)

    @property
    def count(self) -> int:
        """How many there are."""
        return self.deadlock + 1


def first(plan: Plan, quiet: tuple[Quiet, ...]) -> str:
    """`quiet(s, c)`: take a quiet action, if a call can do nothing else (`ir.quiet`)."""
    body = Body("quiet", "ptr noalias %s, ptr noalias %c")
    terms = Terms(plan, body, [body.get("%s", i) for i in range(plan.words)])
    for leaves in dict.fromkeys(q.leaves for q in quiet):
        here = [q for q in quiet if q.leaves == leaves]
        for slot in range(plan.layout.sizes[here[0].pool]):
            able = [terms.test(_action(plan, q).guard, {q.call: slot}) for q in here]
            many: Value = 0
            for one in able:
                many = body.add(many, body.number(one))
            for q, one in zip(here, able, strict=True):
                _take_first(body, terms, q, {q.call: slot}, body.both(one, body.eq(many, 1)))
    body.ret()
    return body.text()


def _action(plan: Plan, quiet: Quiet) -> Action:
    return plan.layout.system.actions[quiet.action]


def _take_first(body: Body, terms: Terms, quiet: Quiet, env: Env, able: Value) -> None:
    """Leave nothing but the successor by a quiet action, unless it breaks an obligation."""
    action = _action(terms.plan, quiet)
    for obligation in action.obligations:
        able = body.both(able, body.not_(terms.test(obligation.broken, env)))
    with body.when(able):
        scratch = body.pointer("%c", Ctx.SCRATCH)
        for i, word in enumerate(terms.updated(action, env)):
            body.put(word, scratch, i)
        body.put(1, "%c", Ctx.COUNT)
        body.bump(body.at("%c", Ctx.TRANSITIONS))
        body.line(f"call void @hit(ptr %c, i64 {quiet.action})")
        body.ret()
        body.open(body.label())


@dataclass
class Successors:
    """Writes the functions `act0`, `act1`, ... which take all actions of a system in turn. With
    `quotient`, of the instances that differ by an exchange of twins only the first leads anywhere;
    with `origins`, it is noted which instance leads to each successor."""

    plan: Plan
    records: Records
    quotient: bool
    origins: bool
    texts: list[str] = field(default_factory=list)

    def all(self) -> list[str]:
        """The functions."""
        first = 0
        function: _Function | None = None
        for number, action in enumerate(self.plan.layout.system.actions):
            if function is None:
                function = _Function(self, len(self.texts))
            function.take(number, action, first)
            first += count_instances(self.plan.layout, action)
            if len(function.body.lines) > FUNCTION:
                self.texts.append(function.text())
                function = None
        if function is not None:
            self.texts.append(function.text())
        return self.texts


class _Function:
    """One function."""

    def __init__(self, of: Successors, name: int) -> None:
        self.plan, self.of = of.plan, of
        self.body = body = Body(f"act{name}", "ptr noalias %s, ptr noalias %c")
        self.terms = Terms(self.plan, body, [body.get("%s", i) for i in range(self.plan.words)])
        self.scratch = body.pointer("%c", Ctx.SCRATCH)
        self.origins = body.pointer("%c", Ctx.ORIGINS) if of.origins else ""
        self.at = body.variable()
        body.store(body.get("%c", Ctx.COUNT), self.at)
        self.before = body.load(self.at)
        self.taken = body.variable(0)
        self.twins = {pool: body.get("%c", Ctx.TWINS + i)
                      for i, pool in enumerate(self.plan.pools)} if of.quotient else {}

    def text(self) -> str:
        """The whole function."""
        body = self.body
        end = body.load(self.at)
        body.put(end, "%c", Ctx.COUNT)
        taken = body.load(self.taken) if self.of.quotient else body.sub(end, self.before)
        body.bump(body.at("%c", Ctx.TRANSITIONS), taken)
        body.ret()
        return body.text()

    def take(self, number: int, action: Action, first: int) -> None:
        """All instances of an action; `first` is the number of its first one."""
        start = self.body.load(self.at)
        _Act(self, number, action, first).tree({}, (), 1, 0)
        with self.body.when(self.body.compare("ne", self.body.load(self.at), start)):
            self.body.line(f"call void @hit(ptr %c, i64 {number})")


class _Act:
    """One action."""

    def __init__(self, of: _Function, number: int, action: Action, first: int) -> None:
        self.of, self.plan, self.body, self.terms = of, of.plan, of.body, of.terms
        self.action, self.first = action, first
        self.record = of.of.records.of_action(number)
        self.levels = guard_levels(action)
        self.choices = [self.plan.layout.values(p.sort) for p in action.params]
        self.cheap = not action.obligations and self._work() <= CHEAP

    def _work(self) -> int:
        layout = self.plan.layout
        return sum(prod(layout.sizes[pool] for _, pool in w.binders)
                   * (sum(nodes(layout, e) for e in (*w.index, w.value))
                      + (0 if w.where == TRUE else nodes(layout, w.where)))
                   for u in self.action.updates for w in u.writes)

    def tree(self, env: Env, args: tuple[int, ...], test: Value, rank: int) -> None:
        """The instances whose first parameters are fixed; `test` is what was not tested yet."""
        depth, body = len(args), self.body
        test = body.both(test, self.terms.test(And(tuple(self.levels[depth])), env))
        if test == 0:
            return
        below = prod(len(c) for c in self.choices[depth:])
        if depth == len(self.choices):
            self.leaf(env, args, test, rank)
        elif isinstance(test, str) and (below >= FEW or not self.cheap):
            with body.when(test):
                self.branch(env, args, 1, rank)
        else:
            self.branch(env, args, test, rank)

    def branch(self, env: Env, args: tuple[int, ...], test: Value, rank: int) -> None:
        """All values of the next parameter."""
        param, values = self.action.params[len(args)], self.choices[len(args)]
        for i, value in enumerate(values):
            code = self.plan.code(value, param.sort) if isinstance(param.sort, RefSort) else value
            self.tree({**env, param.name: code}, (*args, value), test, rank * len(values) + i)

    def leaf(self, env: Env, args: tuple[int, ...], test: Value, rank: int) -> None:
        """One instance."""
        if self.cheap or test == 1:
            self.instance(env, args, test, rank)
        else:
            with self.body.when(test):
                self.instance(env, args, 1, rank)

    def instance(self, env: Env, args: tuple[int, ...], able: Value, rank: int) -> None:
        """Its obligations, in order, and its successor."""
        body = self.body
        stopped: Value = 0
        for i, obligation in enumerate(self.action.obligations):
            broken = body.both(body.both(able, body.not_(stopped)),
                               self.terms.test(obligation.broken, env))
            if broken == 0:
                continue
            with body.when(broken, likely=False):
                body.line(f"call void @hit(ptr %c, i64 {self.record + i})")
            if obligation.stops:
                stopped = body.either(stopped, broken)
        if stopped != 0:
            body.bump(body.at("%c", Ctx.STOPPED), body.number(stopped))
            able = body.both(able, body.not_(stopped))
            if able == 0:
                return
            if not self.cheap:
                with body.when(able):
                    self.successor(env, args, 1, rank)
                return
        self.successor(env, args, able, rank)

    def successor(self, env: Env, args: tuple[int, ...], able: Value, rank: int) -> None:
        """Write it, and count it if `able`."""
        body, words = self.body, self.plan.words
        new = self.terms.updated(self.action, env)
        if self.of.of.quotient:
            body.bump(self.of.taken, body.number(able))
            able = body.both(able, self._first_of_twins(args))
        at = body.load(self.of.at)
        to = body.at(self.of.scratch, body.mul(at, words))
        for i, word in enumerate(new):
            body.put(word, to, i)
        if self.of.origins:
            body.put(self.first + rank, self.of.origins, at)
        body.store(body.add(at, body.number(able)), self.of.at)

    def _first_of_twins(self, args: tuple[int, ...]) -> Value:
        """No slot among `args` could be exchanged for an earlier one that is not among them."""
        body = self.body
        result: Value = 1
        used: dict[str, set[int]] = {}
        for param, value in zip(self.action.params, args, strict=True):
            if isinstance(param.sort, RefSort) and value >= 0:
                used.setdefault(param.sort.pool, set()).add(value)
        for pool, slots in used.items():
            mask = sum(1 << i for i in slots if i and i - 1 not in slots)
            if mask and pool in self.of.twins:
                none = body.eq(body.and_(self.of.twins[pool], mask), 0)
                result = body.both(result, none)
        return result
