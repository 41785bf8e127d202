"""A small hand-built system, engines that say what they are told to, and a way to run commands."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import pytest

from wddmcheck.cli.main import run
from wddmcheck.engines.base import CheckTask, Progress, Tick, silent
from wddmcheck.ir.expr import (
    TRUE,
    Binary,
    BinOp,
    Const,
    Expr,
    Not,
    Or,
    Quant,
    QuantOp,
    Read,
    Var,
)
from wddmcheck.ir.sorts import BOOL, IntRange, RefSort
from wddmcheck.ir.system import (
    Action,
    Actor,
    Basis,
    Citation,
    Kind,
    Label,
    Origin,
    Param,
    Pool,
    Property,
    StateVar,
    System,
    Update,
    Write,
)
from wddmcheck.pipeline import Loaded
from wddmcheck.result.verdict import (
    CheckResult,
    Enumeration,
    Exploration,
    Proved,
    Reached,
    Step,
    Trace,
    Verdict,
    Violated,
)

TOP = 3
NUMBER = IntRange(0, TOP)
N = Read("n", (), NUMBER)


def const(value: int) -> Const:
    return Const(value, NUMBER)


def is_(value: int) -> Expr:
    return Binary(BinOp.EQ, N, const(value), BOOL)


def flag(slot: str) -> Read:
    return Read("Thing.on", (Var(slot, RefSort("Thing")),), BOOL)


def set_(var: str, index: tuple[Expr, ...], value: Expr) -> tuple[Update, ...]:
    return (Update(var, (Write(index, value),)),)


def action(name: str, guard: Expr, updates: tuple[Update, ...],
           params: tuple[Param, ...] = (), status: str = "") -> Action:
    return Action(name, Label(name, "ddi", Actor.OS, status=status), params, guard, updates)


THING = RefSort("Thing")
UP = action("Up", Binary(BinOp.LT, N, const(TOP), BOOL),
            set_("n", (), Binary(BinOp.ADD, N, const(1), IntRange(0, TOP + 1))),
            status="STATUS_SUCCESS")
RESET = action("Reset", Not(is_(0)), set_("n", (), const(0)))
TURN_ON = action("TurnOn", Not(flag("t")), set_("Thing.on", (Var("t", THING),), TRUE),
                 (Param("t", THING),))
TURN_OFF = action("TurnOff", flag("t"), set_("Thing.on", (Var("t", THING),), Const(0, BOOL)),
                  (Param("t", THING),))

DOC = Origin(None, (Citation(Basis.ASSUMED, why="it is a test"),))
PROPERTIES = (
    Property("in_range", Kind.INVARIANT, Binary(BinOp.LE, N, const(TOP), BOOL),
             title="the number is too large", origin=DOC),
    Property("never_top", Kind.INVARIANT, Not(is_(TOP)), title="the number is at its top"),
    Property("things_fine", Kind.INVARIANT,
             Quant(QuantOp.FORALL, "x", "Thing", Or((flag("x"), Not(flag("x"))))),
             title="a thing is wrong"),
    Property("can_be_two", Kind.REACHABLE, is_(2)),
    Property("fires:Up", Kind.FIRES, actions=("Up",), goal=True, about="Up", title="Up can happen"),
    Property("premise:things_fine", Kind.REACHABLE,
             Quant(QuantOp.EXISTS, "y", "Thing", TRUE), goal=True, about="things_fine",
             title="the premise of things_fine can be true"),
)
SYSTEM = System(
    "tiny",
    (Pool("Box", single=True), Pool("Thing", short="thing"),
     Pool("Call", calls=True, short="call")),
    (StateVar("n", (), NUMBER, 0, "n"), StateVar("Thing.on", ("Thing",), BOOL, 0, "on")),
    (UP, RESET, TURN_ON, TURN_OFF), PROPERTIES,
    (("one", (("Thing", 1), ("Call", 1))), ("two", (("Thing", 2), ("Call", 2))),
     ("none", (("Thing", 0), ("Call", 1)))),
    ("one",))


def without(*names: str, system: System = SYSTEM) -> System:
    """`system` without some properties."""
    from dataclasses import replace

    return replace(system, properties=tuple(p for p in system.properties if p.name not in names))


def run_of(*names: str, things: int = 1) -> Trace:
    """The trace that takes actions without parameters."""
    n, steps = 0, []
    rest = (0,) * things
    for name in names:
        n = n + 1 if name == "Up" else 0
        steps.append(Step(name, (), (n, *rest)))
    return Trace((0, *rest), tuple(steps), True)


PROVED = Proved(Enumeration(8, True))
VIOLATED = Violated(run_of("Up", "Up", "Up"))
REACHED = Reached(run_of("Up", "Up"))
FIRED = Reached(run_of("Up"))
GOOD: dict[str, Verdict] = {
    "in_range": PROVED, "never_top": PROVED, "things_fine": PROVED, "can_be_two": REACHED,
    "fires:Up": FIRED, "premise:things_fine": Reached(None),
}
COMPLETE = Exploration("interpret", True, 8, 20, 5, True)

Answer = Callable[[CheckTask], CheckResult]


def answering(verdicts: Mapping[str, Verdict], exploration: Exploration = COMPLETE) -> Answer:
    """An engine's answer: these verdicts, to what it is asked about."""
    return lambda task: CheckResult(exploration, {
        n: verdicts[n] for n in task.properties if n in verdicts})


@dataclass
class FakeEngine:
    """Says what it is told to, and remembers what it was asked."""

    name: ClassVar[str] = "fake"
    answer: Answer
    tasks: list[CheckTask] = field(default_factory=list)

    def check(self, task: CheckTask, progress: Progress = silent) -> CheckResult:
        self.tasks.append(task)
        progress(Tick("fake", 1, 10))
        return self.answer(task)


def engines(monkeypatch: pytest.MonkeyPatch, **answers: Answer) -> dict[str, FakeEngine]:
    """Replace the engines by fakes, and the re-check of evidence by nothing."""
    fakes = {name: FakeEngine(answer) for name, answer in answers.items()}
    monkeypatch.setattr("wddmcheck.engines.registry.names", lambda: tuple(fakes))
    monkeypatch.setattr("wddmcheck.engines.registry.get", fakes.__getitem__)
    return fakes


def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """No re-check: for verdicts that are not true of the tiny system."""
    monkeypatch.setattr("wddmcheck.evidence.recheck.recheck", lambda *_, **__: None)


def model(monkeypatch: pytest.MonkeyPatch, system: System = SYSTEM) -> None:
    """Let every path name `system`."""
    monkeypatch.setattr("wddmcheck.pipeline.load_model",
                        lambda path, *_: Loaded(path, system, digest="ab" * 32))


@dataclass(frozen=True)
class Result:
    """What a command did."""

    code: int
    out: str
    err: str


def wddmcheck(*args: str) -> Result:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(list(args))
    return Result(code, out.getvalue(), err.getvalue())

