"""Promela for SPIN: one process in one state, each action instance one `d_step`.

Parameters and quantifiers are filled in, so that nothing is in a state but the model's variables:
"states, stored" is the number of reachable states.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from wddmcheck.export import header, promela_words
from wddmcheck.export import promela_fairness as fairness
from wddmcheck.export.cells import Cells
from wddmcheck.export.claims import goal, selected
from wddmcheck.export.instantiate import Instantiate, constant
from wddmcheck.export.order import sequence
from wddmcheck.export.promela_words import folded
from wddmcheck.export.render import Renderer, conjuncts
from wddmcheck.export.request import Claims, Exported, Request, Stated, Support, claims
from wddmcheck.export.scoped import Scoped, at_scope
from wddmcheck.ir.build import and_, not_
from wddmcheck.ir.evaluate import Layout, instances
from wddmcheck.ir.expr import FALSE, Const, Expr
from wddmcheck.ir.show import show_value
from wddmcheck.ir.system import Action, Kind, Obligation

NAMED = 3
"""A condition that this many guards share gets a name, if it is longer than `LONG`."""
LONG = 60

_WITNESS = "SPIN only looks for violations; ask for it by name, and the violation is the witness"
SUPPORT = {
    Kind.INVARIANT: Support(Stated.ALWAYS),
    Kind.OBLIGATION: Support(Stated.ALWAYS),
    Kind.NO_DEADLOCK: Support(Stated.ALWAYS),
    Kind.REACHABLE: Support(Stated.BY_NAME, _WITNESS),
    Kind.FIRES: Support(Stated.BY_NAME, _WITNESS),
    Kind.ALWAYS_POSSIBLE: Support(Stated.NEVER, "no formula of linear time says so"),
    Kind.LEADS_TO: Support(Stated.BY_NAME, "it needs two more variables; ask for it by name"),
}


def export(request: Request) -> Exported:
    """The Promela text. Raises `CannotExportError`."""
    scoped = at_scope(request.system, request.scope)
    chosen = claims(scoped.system, request.properties, SUPPORT)
    writer = _Writer.of(scoped, chosen)
    body = list(writer.body())
    declared = list(writer.declarations())
    head = header.lines(scoped, chosen, writer.words.names.changed(
        "variable", "member", "property"), _RUN + fairness.RUN * bool(writer.fair))
    lines = ["/*", *(f" * {line}".rstrip().replace("*/", "* /") for line in head), " */",
             *declared, "", *body]
    return Exported("\n".join(lines) + "\n", chosen.left_out)


_RUN = """\
Run: spin -a FILE && gcc -O2 -DSAFETY -DNOREDUCE -DBFS -o pan pan.c && ./pan
-DBFS finds shortest runs; without it the search is depth-first, to the depth of ./pan -m1000000.
`assertion violated NAME` is a violation of property NAME; `./pan -c0` goes on after it. A step
that breaks an obligation leaves the state as it is, so that "states, stored" are the reachable
states of the model. `spin -t -p -g FILE` shows the run."""


@dataclass(slots=True)
class _Writer:
    scoped: Scoped
    chosen: Claims
    ground: Instantiate
    cells: Cells
    words: promela_words.Words
    render: Renderer
    shared: dict[str, str] = field(default_factory=dict)  # conditions that have a name
    aside: int = 0  # how many places for values that are computed early
    fair: fairness.Fairness | None = None  # where claims about infinite runs are stated

    @classmethod
    def of(cls, scoped: Scoped, chosen: Claims) -> _Writer:
        variables = {v.name: v for v in scoped.system.variables}
        ground = Instantiate(variables, scoped.sizes, frozenset(scoped.sizes))
        words = promela_words.words(scoped, chosen)
        render = Renderer(words.dialect, variables)
        claimed = chosen.of(Kind.LEADS_TO)
        fair = fairness.Fairness(scoped.system, claimed, ground, render, words) if claimed else None
        return cls(scoped, chosen, ground, Cells(ground), words, render, fair=fair)

    # --- declarations -----------------------------------------------------------------------------

    def declarations(self) -> Iterator[str]:
        """Everything before the process; `body` has to be known."""
        yield from self.words.constants()
        yield from (self.words.declaration(v) for v in self.scoped.system.variables)
        names = [self.words.prop(p.name) for p in self.chosen.properties
                 if p.kind not in (Kind.NO_DEADLOCK, Kind.LEADS_TO)]
        if names:
            yield "/* never true: an assertion is reached only where its property is violated */"
            yield from folded(f"bool {', '.join(names)};", "")
        yield from (f"int {self.temporary(n)};" for n in range(self.aside))
        if self.fair:
            yield from self.fair.variables()
        for text, name in self.shared.items():
            yield f"#define {name} ({text})"

    def temporary(self, number: int) -> str:
        return self.words.names.of("temporary", str(number), f"new_{number + 1}")

    # --- the process ------------------------------------------------------------------------------

    def body(self) -> Iterator[str]:
        """The process."""
        steps = [(action, env) for action in self.scoped.system.actions
                 for env in self.values(action)]
        guards = [self.guard(action, env) for action, env in steps]
        self.share(guards)
        yield f"active proctype {self.words.process}()"
        yield "{"
        if not self.chosen.deadlock:
            yield "end:"
        yield "  do"
        for (action, env), guard in zip(steps, guards, strict=True):
            if guard != FALSE:
                yield from self.step(action, env, guard)
        yield from self.monitors()
        yield from self.everything_is_read()
        yield "  od"
        yield "}"
        if self.fair:
            yield from self.fair.claims()

    def everything_is_read(self) -> Iterator[str]:
        """An option that is never there. SPIN leaves variables out of the state that nothing
        reads (`spin -o2` is needed to stop it); here all are read."""
        read = [self.render.element(self.cells.read(next(self.cells.places(v.name))))
                for v in self.scoped.system.variables]
        yield from folded(":: " + " && ".join(["false", *(f"{place} != 0" for place in read)]),
                          "  ", "       ")

    def values(self, action: Action) -> Iterator[dict[str, Const]]:
        """All instances of an action."""
        layout = Layout(self.scoped.system, self.scoped.sizes)
        for args in instances(layout, action):
            yield {p.name: constant(value, p.sort)
                   for p, value in zip(action.params, args, strict=True)}

    def guard(self, action: Action, env: dict[str, Const]) -> Expr:
        """When the instance is taken: its guard, and that nothing that is not reported stops it."""
        guard = self.ground(action.guard, env)
        if not self.in_guard(action):
            return guard
        return and_(guard, *(not_(self.ground(o.broken, env)) for o in action.obligations
                             if o.stops))

    def in_guard(self, action: Action) -> bool:
        """Whether obligations only take instances away: none is reported, and an instance that has
        no successor need not be told from one that is not enabled."""
        return not self.chosen.deadlock and not self.fair and not any(
            o.property in self.chosen.obligations for o in action.obligations)

    def share(self, guards: list[Expr]) -> None:
        """Name the conditions that many guards have."""
        found = Counter(text for guard in guards for text in map(self.render, conjuncts(guard)))
        for text, times in found.items():
            if times >= NAMED and len(text) > LONG:
                self.shared[text] = self.words.names.fresh(f"condition_{len(self.shared) + 1}")

    def conjunction(self, guard: Expr) -> str:
        """A guard, what is quick to test first."""
        parts = sorted(conjuncts(guard), key=lambda part: len(self.render(part)))
        return " && ".join(self.shared.get(self.render(part), self.render.operand(part))
                           for part in parts)

    def step(self, action: Action, env: dict[str, Const], guard: Expr) -> Iterator[str]:
        """One instance."""
        yield f"  /* {_call(action, env)} */".replace("/*/", "/ */")
        yield from folded(f":: d_step {{ {self.conjunction(guard)} ->", "  ", "       ")
        obligations = () if self.in_guard(action) else selected(action, self.chosen.obligations)
        yield from self.checked(list(obligations), action, env, "       ")
        yield "     }"

    def checked(self, obligations: list[Obligation], action: Action, env: dict[str, Const],
                indent: str) -> Iterator[str]:
        """Obligations in order, then the updates."""
        if not obligations:
            yield from self.assignments(action, env, indent)
            return
        stops = obligations[0].stops
        # Those that stop are alternatives; one that does not stop is a statement of its own.
        number = next((n for n, o in enumerate(obligations) if not o.stops),
                      len(obligations)) if stops else 1
        yield indent + "if"
        for obligation in obligations[:number]:
            broken = self.render(self.ground(obligation.broken, env))
            done = []
            if obligation.property in self.chosen.obligations:
                done.append(f"assert({self.words.prop(obligation.property)})")
            if self.fair and obligation.stops:
                done.append(self.fair.fault)
            what = "; ".join(done) or "skip"
            yield from folded(f":: {broken} -> {what}", indent, "     ")
        rest = obligations[number:]
        if stops:
            yield indent + ":: else ->"
            yield from self.checked(rest, action, env, indent + "   ")
            yield indent + "fi"
        else:
            yield indent + ":: else"
            yield indent + "fi;"
            yield from self.checked(rest, action, env, indent)

    def assignments(self, action: Action, env: dict[str, Const], indent: str) -> Iterator[str]:
        """The updates, one after the other, with the values that they have together."""
        new = self.cells.assigned(action.updates, env)
        order = sequence({cell: self.cells.read_by(value) for cell, value in new.items()})
        self.aside = max(self.aside, len(order.early))
        kept = {cell: self.temporary(n) for n, cell in enumerate(order.early)}
        texts = [f"{kept[cell]} = {self.render(new[cell])}" for cell in order.early]
        texts += [f"{self.place(cell)} = {self.render(new[cell])}" for cell in order.direct]
        for cell, name in kept.items():
            texts += [f"{self.place(cell)} = {name}", f"{name} = 0"]
        if self.fair:
            texts += self.fair.taken(action)
        for number, text in enumerate(texts or ["skip"], 1):
            yield from folded(text + ";" * (number < len(texts)), indent)

    def place(self, cell: tuple[str, tuple[int, ...]]) -> str:
        return self.render.element(self.cells.read(cell))

    def monitors(self) -> Iterator[str]:
        """What is looked at in every state."""
        for prop in self.chosen.of(Kind.INVARIANT):
            yield from self.monitor(prop.name, not_(self.ground(prop.formula, {})))
        for prop in self.chosen.of(Kind.REACHABLE, Kind.FIRES):
            yield from self.monitor(prop.name, self.ground(goal(self.scoped.system, prop), {}))

    def monitor(self, name: str, found: Expr) -> Iterator[str]:
        """An option that is there only where something is found."""
        if found != FALSE:
            yield from folded(f":: d_step {{ {self.render(found)} -> "
                              f"assert({self.words.prop(name)}) }}", "  ", "       ")


def _call(action: Action, env: dict[str, Const]) -> str:
    args = ", ".join(f"{name} {show_value(value.value, value.sort)}"
                     for name, value in env.items())
    status = f" {action.label.status}" if action.label.status else ""
    return f"{action.name}({args}){status}"
