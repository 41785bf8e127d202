"""Cutting a system down to some of its variables.

The slice over a set of variables `kept`, which is closed under data (`cone`), has these parts of
the system:

* the variables of `kept`; writes to them, unchanged; pools that are still spoken of;
* the actions that write to them, or that a question is about; a guard is weakened to what can be
  said in `kept` (`approximate.above`);
* of the obligations that a question is about, the condition, weakened likewise; where that changed
  it, it does not stop the run, for the run of the system may go on;
* of the other stopping obligations, what is sure to be broken (`approximate.below`).

Every step of the system is then a step of the slice, or changes nothing in it: runs of the system
become runs of the slice, none longer than before. So what holds on all runs of the slice, up to any
length, holds on those of the system. A violation of the slice is one of the system only if it can
be found again there (`concretise`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from wddmcheck.ir.expr import FALSE, TRUE, Expr
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import Action, Kind, Obligation, Param, Pool, Property, StateVar, System
from wddmcheck.ir.walk import names, of_action, of_property, pools, reads
from wddmcheck.slicing.approximate import above, below
from wddmcheck.slicing.deadlock import can_move
from wddmcheck.slicing.must import two_parts
from wddmcheck.slicing.question import Question


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of `full`, as a system of its own. `asked`: what an engine is asked about; another
    system for *always possible* (`must`). `params`: of each of its actions, which parameters of the
    original it has. `weakened`: actions whose guard or obligations say less than they do in `full`;
    if there are none, the slice has the runs of `full` and no others."""

    full: System
    system: System
    asked: System
    sizes: Mapping[str, int]         # of the pools of `system` that are not single
    questions: tuple[Question, ...]  # each is a property of `system`, by its name
    params: Mapping[str, tuple[int, ...]]
    weakened: frozenset[str]

    @property
    def kept(self) -> frozenset[str]:
        """The variables of the slice."""
        return frozenset(v.name for v in self.system.variables)

    @property
    def variables_away(self) -> tuple[str, ...]:
        """The variables that it does not have, in the order of the system."""
        kept = self.kept
        return tuple(v.name for v in self.full.variables if v.name not in kept)

    @property
    def actions_away(self) -> tuple[str, ...]:
        """The actions that it does not have, in the order of the system."""
        return tuple(a.name for a in self.full.actions if a.name not in self.params)

    @property
    def pools_away(self) -> tuple[str, ...]:
        """The pools that it does not have, in the order of the system."""
        have = {p.name for p in self.system.pools}
        return tuple(p.name for p in self.full.pools if p.name not in have)


def cut(system: System, sizes: Mapping[str, int], kept: AbstractSet[str],
        questions: Iterable[Question]) -> Slice:
    """The slice of `system` over `kept` for `questions`. `sizes` has the size of every pool, 1 for
    single ones. A question about the graph of states comes alone; for `leads to` `kept` has to be
    closed under control and to have all that steers actions (`Dependence.steering`)."""
    asked = tuple(questions)
    knife = _Knife(system, sizes, kept, asked)
    actions, params, weakened = [], {}, set()
    for action in system.actions:
        parts = knife.action(action)
        if parts is None:
            continue
        actions.append(parts)
        own = {p.name for p in parts.params}
        params[action.name] = tuple(
            i for i, p in enumerate(action.params) if p.name in own)
        if knife.says_less(action):
            weakened.add(action.name)
    variables = tuple(v for v in system.variables if v.name in kept)
    properties = knife.properties(actions)
    certain = [e for a in system.actions if a.name in params for e in knife.certain(a)]
    spoken = _spoken_of(variables, actions, properties) | pools(*certain)
    part = System(
        system.name, tuple(_pool(p, kept, spoken) for p in system.pools if p.name in spoken),
        variables, tuple(actions), properties, (), (), system.policies, system.family,
        system.without)
    own_sizes = {p.name: sizes[p.name] for p in part.pools if not p.single}
    possible = [q for q in asked if q.kind is Kind.ALWAYS_POSSIBLE]
    return Slice(system, part, two_parts(part, system, kept, possible[0]) if possible else part,
                 own_sizes, asked, params, frozenset(weakened))


@dataclass(frozen=True)
class _Knife:
    system: System
    sizes: Mapping[str, int]
    kept: AbstractSet[str]
    questions: tuple[Question, ...]

    def action(self, action: Action) -> Action | None:
        """What is left of an action; None if nothing is."""
        updates = tuple(u for u in action.updates if u.var in self.kept)
        obligations = tuple(o for n, o in enumerate(action.obligations)
                            for o in self.obligation(action, n, o))
        if not (updates or self.asked_for(action)):
            return None
        left = replace(action, guard=above(action.guard, self.kept), updates=updates,
                       obligations=obligations,
                       label=replace(action.label, args=(), result=None, calls=()))
        mentioned = names(*of_action(left), *self.certain(action))
        return replace(left, params=tuple(
            p for p in action.params if p.name in mentioned or not self.has_values(p)))

    def certain(self, action: Action) -> Iterable[Expr]:
        """What else a guard is asked for (`must`)."""
        if any(q.kind is Kind.ALWAYS_POSSIBLE for q in self.questions):
            yield below(action.guard, self.kept)

    def asked_for(self, action: Action) -> bool:
        """Whether a question is about the action itself."""
        fires = {a for p in self.system.properties for a in p.actions
                 if any(q.prop == p.name and q.kind is Kind.FIRES for q in self.questions)}
        return (action.name in fires or any(q.action == action.name for q in self.questions)
                or any(q.kind is Kind.LEADS_TO for q in self.questions))

    def obligation(self, action: Action, number: int, whole: Obligation) -> Iterable[Obligation]:
        """What is left of an obligation: in all questions about it, and as an end of runs."""
        for question in self.questions:
            if (question.action, question.number) == (action.name, number):
                broken = above(whole.broken, self.kept)
                same = reads(whole.broken) <= self.kept
                yield replace(whole, property=question.name, broken=broken,
                              stops=whole.stops and same)
                if same and whole.stops:
                    return
        broken = below(whole.broken, self.kept)
        if whole.stops and broken != FALSE:
            yield replace(whole, broken=broken)

    def has_values(self, param: Param) -> bool:
        """Whether a parameter can always be given a value."""
        match param.sort:
            case RefSort(pool, none, _):
                return none or self.sizes[pool] > 0
            case _:
                return True

    def says_less(self, action: Action) -> bool:
        """Whether the slice may take `action` where the system would not."""
        exprs: list[Expr] = [action.guard]
        exprs += [o.broken for n, o in enumerate(action.obligations)
                  if o.stops or any((q.action, q.number) == (action.name, n)
                                    for q in self.questions)]
        return not reads(*exprs) <= self.kept

    def properties(self, actions: Iterable[Action]) -> tuple[Property, ...]:
        """The questions as properties, and the obligations that end runs beside them."""
        whole = {p.name: p for p in self.system.properties}
        left = {a.name for a in actions}
        made: dict[str, Property] = {}
        for question in self.questions:
            prop = replace(whole[question.prop], name=question.name, goal=False)
            if question.kind is Kind.FIRES:
                prop = replace(prop, actions=tuple(a for a in prop.actions if a in left))
            if question.kind is Kind.ALWAYS_POSSIBLE:
                # (What can be reached from everywhere can be from where the premise holds.)
                prop = replace(prop, formula=question.goal, premise=TRUE)
            if question.kind is Kind.NO_DEADLOCK:
                prop = replace(prop, kind=Kind.INVARIANT, formula=can_move(self.system, self.kept))
            made[question.name] = prop
        for action in actions:
            for obligation in action.obligations:
                if obligation.property not in made:
                    made[obligation.property] = whole[obligation.property]
        return tuple(made.values())


def _spoken_of(variables: Iterable[StateVar], actions: Iterable[Action],
               properties: Iterable[Property]) -> frozenset[str]:
    """The pools that a slice cannot do without."""
    found: set[str] = set()
    for var in variables:
        found.update(var.dims)
        if isinstance(var.sort, RefSort):
            found.add(var.sort.pool)
    for action in actions:
        found |= pools(*of_action(action))
        found.update(p.sort.pool for p in action.params if isinstance(p.sort, RefSort))
        found.update(pool for u in action.updates for w in u.writes for _, pool in w.binders)
    for prop in properties:
        found |= pools(*of_property(prop))
    return frozenset(found)


def _pool(pool: Pool, kept: AbstractSet[str], spoken: AbstractSet[str]) -> Pool:
    owner = pool.owner
    if owner is not None and (owner[0] not in spoken or (owner[1] and owner[1] not in kept)):
        owner = None
    return replace(pool, life=pool.life if pool.life in kept else "", owner=owner)

