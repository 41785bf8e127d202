"""One step as a circuit: from a state, a chosen action and its arguments to the next state.

All actions share one selector and one set of arguments: the j-th parameter of a pool is the same
`Value` in every action, so that `life[x]` is encoded once however many actions read it. The
number of a pool's parameters before position j is the same in every action that uses position j,
which is what `canonical` rests on.
"""

from __future__ import annotations

from dataclasses import dataclass

from wddmcheck.engines.smt.circuit import FALSE, TRUE, Circuit, Lit
from wddmcheck.engines.smt.encode import Encoder, Env, FreeVariables, Value, lit_of
from wddmcheck.engines.smt.layout import Layout
from wddmcheck.engines.smt.writes import landings
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import Action, Write


@dataclass(frozen=True, slots=True)
class Breach:
    """An obligation as met in a step: `lit` says that the step is an instance of `action` that
    breaks it and no earlier one that stops."""

    action: int
    property: str
    lit: Lit


def state_inputs(circuit: Circuit, layout: Layout, prefix: str) -> list[Value]:
    """A state of fresh inputs."""
    return [tuple(zip(w.domain, circuit.one_of([f"{prefix}{w.name}={v}" for v in w.domain]),
                      strict=True)) for w in layout.words]


class Arguments:
    """The shared arguments. `positions` has one value for each (class of sorts, number)."""

    def __init__(self, circuit: Circuit, layout: Layout) -> None:
        self.circuit = circuit
        self._domains: dict[tuple[object, int], set[int]] = {}
        self._keys: list[list[tuple[object, int]]] = []
        self._own: list[list[tuple[int, ...]]] = []
        for action in layout.system.actions:
            domains = layout.arguments(action)
            used: dict[object, int] = {}
            keys = []
            for param, domain in zip(action.params, domains, strict=True):
                sort = param.sort
                kind: object = sort.pool if isinstance(sort, RefSort) else domain
                number = used[kind] = used.get(kind, -1) + 1
                keys.append((kind, number))
                self._domains.setdefault((kind, number), set()).update(domain)
            self._keys.append(keys)
            self._own.append(domains)
        self.positions: dict[tuple[object, int], Value] = {}
        for n, (key, values) in enumerate(self._domains.items()):
            domain = tuple(sorted(values))
            lits = circuit.one_of([f"arg{n}={v}" for v in domain]) if domain else []
            self.positions[key] = tuple(zip(domain, lits, strict=True))

    def possible(self, action: int) -> bool:
        """Whether every parameter has a value at this scope."""
        return all(self._own[action])

    def values(self, action: int) -> list[Value]:
        """The arguments of `action`, cut to their domains, in order of its parameters."""
        return [tuple((v, lit) for v, lit in self.positions[key] if v in own)
                for key, own in zip(self._keys[action], self._own[action], strict=True)]

    def outside(self, action: int) -> list[Lit]:
        """Literals of values that the shared positions have and the parameters do not."""
        return [lit for key, own in zip(self._keys[action], self._own[action], strict=True)
                for v, lit in self.positions[key] if v not in own]

    def canonical(self) -> Lit:
        """That slots are first mentioned in the order of their numbers: every instance has a
        renaming of slots that does. (Positions that an action does not use come last.)"""
        parts = []
        for (kind, number), value in self.positions.items():
            if not isinstance(kind, str):
                continue
            for v, lit in value:
                if v >= 1:
                    earlier = [lit_of(self.positions[kind, i], v - 1) for i in range(number)]
                    parts.append(self.circuit.implies(lit, self.circuit.or_(earlier)))
        return self.circuit.and_(parts)


class StepEncoding:
    """The step template over the state `now`.

    `always` are the constraints of an enabled instance; `next_lits[w]` is the value of word w
    after it; `faulted` says that the instance has no successor, `escape` that it writes a value
    outside the sort of a variable (the IR leaves open what that means).
    """

    def __init__(self, circuit: Circuit, layout: Layout, now: list[Value],
                 free: FreeVariables) -> None:
        self.circuit = circuit
        self.layout = layout
        self.encoder = Encoder(circuit, layout, now, free)
        self.arguments = Arguments(circuit, layout)
        actions = layout.system.actions
        self.chosen = circuit.one_of([f"act={a.name}" for a in actions]) if actions else []
        self.always: list[Lit] = []
        self.breaches: list[Breach] = []
        self.stopped: list[Lit] = []
        self._changes: list[dict[int, list[tuple[Lit, Lit]]]] = [
            {} for _ in layout.words]              # word -> value -> [(chosen, condition)]
        self._hits: list[dict[Lit, list[Lit]]] = [{} for _ in layout.words]
        for number, action in enumerate(actions):
            self._action(number, action)
        self.always += circuit.exactly_one(self.chosen)
        if not actions:
            self.always.append(FALSE)
        for value in self.arguments.positions.values():
            self.always += circuit.exactly_one([lit for _, lit in value])
        self.faulted = circuit.or_(
            [circuit.and_((a, s)) for a, s in zip(self.chosen, self.stopped, strict=True)])
        escapes: list[Lit] = []
        self.next = [self._next(w, escapes) for w in range(len(layout.words))]
        self.escape = circuit.or_(escapes)
        self.canonical = self.arguments.canonical()

    def env(self, action: int) -> dict[str, Value]:
        """The arguments of `action` by parameter name."""
        params = self.layout.system.actions[action].params
        return {p.name: v for p, v in zip(params, self.arguments.values(action), strict=True)}

    def _action(self, number: int, action: Action) -> None:
        circuit, chosen = self.circuit, self.chosen[number]
        if not self.arguments.possible(number):
            self.always.append(chosen ^ 1)
            self.stopped.append(FALSE)
            return
        env = self.env(number)
        guard = self.encoder.lit(action.guard, env)
        self.always.append(circuit.implies(chosen, guard))
        self.always += [circuit.implies(chosen, lit ^ 1)
                        for lit in self.arguments.outside(number)]
        stopped: Lit = FALSE
        if guard == FALSE:
            self.stopped.append(FALSE)
            return
        for owed in action.obligations:
            broken = self.encoder.lit(owed.broken, env)
            met = circuit.and_((chosen, guard, broken, stopped ^ 1))
            if met != FALSE:
                self.breaches.append(Breach(number, owed.property, met))
            if owed.stops:
                stopped = circuit.or_((stopped, broken))
        self.stopped.append(stopped)
        if stopped == TRUE:
            return
        for update in action.updates:
            for place in self.layout.places(update.var):
                self._word(place, chosen, update.writes, env)

    def _word(self, place: int, chosen: Lit, writes: tuple[Write, ...], env: Env) -> None:
        """What the writes of the chosen action do to one word."""
        values, missed = landings(self.encoder, place, writes, env)
        for v, condition in values:
            self._changes[place].setdefault(v, []).append((chosen, condition))
        if missed != TRUE:
            self._hits[place].setdefault(missed ^ 1, []).append(chosen)

    def _next(self, place: int, escapes: list[Lit]) -> Value:
        circuit = self.circuit
        word, now = self.layout.words[place], dict(self.encoder.words[place])
        hits = [circuit.and_((hit, circuit.or_(who))) for hit, who in self._hits[place].items()]
        keep = circuit.or_(hits) ^ 1
        result = []
        for v in sorted({*word.domain, *self._changes[place]}):
            shared: dict[Lit, list[Lit]] = {}
            for chosen, condition in self._changes[place].get(v, ()):
                shared.setdefault(condition, []).append(chosen)
            lits = [circuit.and_((c, circuit.or_(who))) for c, who in shared.items()]
            if v in word.domain:
                lits.append(circuit.and_((keep, now.get(v, FALSE))))
                result.append((v, circuit.or_(lits)))
            else:
                escapes += lits
        return tuple(result)
