"""A model and the machine side by side, for random runs: what the model does, the machine does too;
what the model forbids, the machine refuses.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.support.models import shipped
from tests.support.walks import choices
from wddmcheck.engines.explicit.codec import Packed
from wddmcheck.engines.explicit.compile import Instance, Program, compile_system
from wddmcheck.ir.evaluate import Layout, evaluate, initial_state
from wddmcheck.ir.expr import sort_of
from wddmcheck.ir.show import show_value
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import Phase
from wddmcheck.machine.findings import OutOfReachError
from wddmcheck.replay.agree import Pair
from wddmcheck.replay.views import Fields, FieldValue
from wddmcheck.replay.vocabulary import Act, Ref
from wddmcheck.report.story import Argument, StoryStep, Value, ValueKind

Call = tuple[str, tuple[tuple[str, str | None], ...]]
"""A block and its arguments: identities or plain values, None for no object."""

Beyond = Callable[["SideBySide", dict[str, str]], object]
"""Whether a call with these arguments is left out of the model for its size, as things are."""

TAKES_DOWN = ("Destroy", "Close", "Stop", "Remove", "Terminate", "SetPower", "Reset")

_PROGRAMS: dict[tuple[str, str, tuple[tuple[str, str], ...]], Program] = {}


def program(path: str, scope: str, policies: Mapping[str, str]) -> Program:
    """A shipped model at a scope, with policies, compiled once."""
    key = (path, scope, tuple(sorted(policies.items())))
    if key not in _PROGRAMS:
        system = shipped(path, dict(policies))
        _PROGRAMS[key] = compile_system(Layout.of(system, dict(dict(system.scopes)[scope])))
    return _PROGRAMS[key]


@dataclass(slots=True)
class SideBySide:
    """One run on both sides. `beyond` says, by block, what the model leaves out for its size:
    that is not forbidden. `took` and `refused` count blocks, `often` actions; `patience` is how
    likely it is to take something down."""

    program: Program
    beyond: Mapping[str, Beyond]
    pair: Pair = field(init=False)
    state: Packed = field(init=False)
    took: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    often: dict[str, int] = field(default_factory=dict)
    patience: float = 0

    def __post_init__(self) -> None:
        layout = self.program.codec.layout
        self.pair = Pair(layout)
        self.state = self.program.codec.pack(initial_state(layout))

    def something_happens(self, rng: random.Random) -> None:
        """A random step of the model: first an action, then its parameters. What was taken often is
        taken less, and what takes down, in some runs, seldom: else nothing gets far."""
        possible = choices(self.program, self.state)
        names = sorted(possible)
        (name,) = rng.choices(names, [self._weight(name, rng) for name in names])
        self.often[name] = self.often.get(name, 0) + 1
        step, self.state = rng.choice(possible[name])
        done = self.pair.take(step)
        assert not done.impossible, f"{done.step}: {done.impossible}"
        assert done.deviations == (), done.step
        assert done.findings == (), done.step
        self.took[done.step.block] = self.took.get(done.step.block, 0) + 1

    def something_forbidden(self, rng: random.Random) -> None:
        """A random call that the model forbids now; the machine has to refuse it."""
        if not self._another_call_fits():
            return
        allowed = {self._call_of(i) for i in _begun(self._enabled())}
        others: dict[str, list[Call]] = {}
        for instance in _begun(self.program.instances):
            call = self._call_of(instance)
            if call is not None and call not in allowed and not self._is_beyond(call):
                others.setdefault(call[0], []).append(call)
        if others:
            self._refuses(*rng.choice(others[rng.choice(sorted(others))]))

    def _weight(self, action: str, rng: random.Random) -> float:
        if not self.patience:
            self.patience = rng.choice((1.0, 0.2, 0.02))
        ends = any(word in action for word in TAKES_DOWN)
        return (self.patience if ends else 1.0) / (1 + self.often.get(action, 0))

    # --- for `beyond` ------------------------------------------------------------------------

    def full(self, pool: str) -> bool:
        """Whether the scope has no room for another object of a class."""
        return len(self.all(pool)) >= self.program.codec.layout.sizes[pool]

    def all(self, pool: str) -> list[Fields]:
        """The objects of a class."""
        told, pools = self.pair.runner.told.objects, self.pair.runner.pools
        return [fields for identity, fields in told.items() if pools.get(identity) == pool]

    def field(self, identity: str, name: str) -> FieldValue:
        """A field of an object, "" if it is as at first."""
        return self.pair.runner.told.objects[identity].get(name, "")

    # --- inside ------------------------------------------------------------------------------

    def _refuses(self, block: str, args: tuple[tuple[str, str | None], ...]) -> None:
        before = self.pair.runner.words.look(self.pair.machine)
        try:
            for act in self._acts(block, args):
                self._do(act)
        except OutOfReachError:
            assert self.pair.runner.words.look(self.pair.machine) == before
            self.refused[block] = self.refused.get(block, 0) + 1
            return
        raise AssertionError(f"the machine does {block} {args}, which the model forbids")

    def _acts(self, block: str, args: tuple[tuple[str, str | None], ...]) -> tuple[Act, ...]:
        kind = next(a.label.kind for a in self.program.codec.layout.system.actions
                    if a.label.block == block)
        step = StoryStep(0, "", block, kind, "whole",
                         tuple(Argument(n, self._value(v)) for n, v in args))
        return self.pair.runner.words.acts(step, self.pair.runner.pools)

    def _value(self, text: str | None) -> Value:
        if text is None:
            return Value(ValueKind.NONE, "none")
        if text in self.pair.runner.pools:
            return Value(ValueKind.OBJECT, text, text)
        return Value(ValueKind.PLAIN, text)

    def _do(self, act: Act) -> None:
        machine, names = self.pair.machine, self.pair.runner.names
        args = {n: names.record(v.identity) if isinstance(v, Ref) else v for n, v in act.args}
        if act.hardware:
            getattr(machine, act.name)(*args.values())
        else:
            machine.call(act.name, failing=act.failing, **args)

    def _another_call_fits(self) -> bool:
        """Whether the scope has room for another call: that it has not is no rule of Dxgkrnl's."""
        layout = self.program.codec.layout
        calls = next((p.name for p in layout.system.pools if p.calls), None)
        return calls is None or len(self.pair.machine.calls) < layout.sizes[calls]

    def _is_beyond(self, call: Call) -> bool:
        block, args = call
        rule = self.beyond.get(block)
        return rule is not None and bool(
            rule(self, {name: value or "" for name, value in args}))

    def _enabled(self) -> list[Instance]:
        good: list[tuple[int, Packed]] = []
        self.program.successors(self.state, good, [])
        return [self.program.instances[number] for number, _ in good]

    def _call_of(self, instance: Instance) -> Call | None:
        """What an instance asks Dxgkrnl or the hardware for; None if it names what is not there."""
        layout = self.program.codec.layout
        env = {p.name: v for p, v in zip(instance.action.params, instance.args, strict=True)}
        now = self.pair.narrator.now.state
        args: list[tuple[str, str | None]] = []
        for name, expr in instance.action.label.args:
            sort, value = sort_of(expr), evaluate(expr, layout, now, env)
            if not isinstance(sort, RefSort):
                args.append((name, show_value(value, sort)))
                continue
            identity = self.pair.narrator.who.current.get((sort.pool, value))
            if value >= 0 and (identity is None or self.pair.runner.names.record(identity) is None):
                return None
            args.append((name, identity if value >= 0 else None))
        return instance.action.label.block, tuple(args)


def _begun(instances: Iterable[Instance]) -> Iterator[Instance]:
    """Those that begin a call, or are a step of the hardware."""
    return (i for i in instances if i.action.label.phase in (Phase.WHOLE, Phase.ENTRY))
