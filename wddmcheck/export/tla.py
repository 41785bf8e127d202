"""TLA+ for TLC: one operator an action, with the configuration in the same file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from wddmcheck.export import header, tla_words
from wddmcheck.export.claims import blocks, goal
from wddmcheck.export.render import Renderer, conjuncts
from wddmcheck.export.request import Claims, Exported, Request, Stated, Support, claims
from wddmcheck.export.scoped import Scoped, at_scope
from wddmcheck.export.tla_updates import Updates
from wddmcheck.export.tla_words import folded
from wddmcheck.ir.build import not_
from wddmcheck.ir.expr import FALSE, Expr
from wddmcheck.ir.sorts import BOOL
from wddmcheck.ir.system import Action, Kind, Property, StateVar

SOME, ALL, OR, UNION = "\\E", "\\A", " \\/ ", " \\union "
ADDED = ("tick", "faulted")
"""Variables that only claims about infinite runs need."""
_WITNESS = "TLC only looks for violations; ask for it by name, and the violation is the witness"
SUPPORT = {
    Kind.INVARIANT: Support(Stated.ALWAYS),
    Kind.OBLIGATION: Support(Stated.ALWAYS),
    Kind.NO_DEADLOCK: Support(Stated.ALWAYS),
    Kind.REACHABLE: Support(Stated.BY_NAME, _WITNESS),
    Kind.FIRES: Support(Stated.BY_NAME, _WITNESS),
    Kind.ALWAYS_POSSIBLE: Support(Stated.NEVER, "no formula of linear time says so"),
    Kind.LEADS_TO: Support(Stated.BY_NAME, "it needs two more variables; ask for it by name"),
}
_NO_SYMMETRY = Support(Stated.NEVER, "TLC cannot check it with --symmetry on")

_RUN = """\
Run: java -cp tla2tools.jar tlc2.TLC -workers 1 -config {name}.tla {name}.tla
The file has to be called {name}.tla; the configuration is at its end. With one worker runs are
shortest. An obligation is broken by a step: its invariant is violated in the state before that
step, which TLC does not show. `-continue` goes on after a violation."""
_FAIR = """
Two variables are not the model's: `tick` turns with every step, so that a step that changes
nothing is not stuttering, and `faulted` says that a step broke an obligation, which ends the
run. TLC counts states with these."""


def export(request: Request) -> Exported:
    """The TLA+ text: a module, and the configuration of TLC after it."""
    scoped = with_a_variable(at_scope(request.system, request.scope))
    support = {**SUPPORT, Kind.LEADS_TO: _NO_SYMMETRY} if request.symmetry else SUPPORT
    chosen = claims(scoped.system, request.properties, support)
    words = tla_words.words(scoped)
    render = Renderer(words.dialect, {v.name: v for v in scoped.system.variables})
    writer = _Writer(scoped, chosen, words, render, Updates(words, render))
    body = [*writer.declarations(), "", *writer.init(), "", *writer.actions(), *writer.next(), "",
            *writer.properties()]
    if request.symmetry:
        body += [*writer.symmetry(), ""]
    head = header.lines(scoped, chosen, words.names.changed("pool", "variable", "property"),
                        _RUN.format(name=request.name) + _FAIR * writer.temporal)
    lines = [f" MODULE {request.name} ".center(80, "-"),
             *(f"\\* {line}".rstrip() for line in head), "EXTENDS Integers, FiniteSets, TLC", "",
             *body, "=" * 80, "", f" CONFIG {request.name} ".center(80, "-"),
             *writer.configuration(request.symmetry), "=" * 80]
    return Exported("\n".join(lines) + "\n", chosen.left_out)


def with_a_variable(scoped: Scoped) -> Scoped:
    """The same with a variable that never changes, if there is none: TLC needs one."""
    nothing = StateVar("nothing", (), BOOL, 0)
    return scoped if scoped.system.variables else replace(
        scoped, system=replace(scoped.system, variables=(nothing,)))


@dataclass(frozen=True, slots=True)
class _Writer:
    scoped: Scoped
    chosen: Claims
    words: tla_words.Words
    render: Renderer
    updates: Updates

    @property
    def temporal(self) -> bool:
        """Whether claims about infinite runs are stated."""
        return bool(self.chosen.of(Kind.LEADS_TO))

    def declarations(self) -> Iterator[str]:
        """Constants, pools, variables."""
        yield from folded(f"CONSTANTS {', '.join(self.words.constants())}", "")
        for pool in self.words.pools():
            yield from folded(f"{self.words.pool(pool)} == "
                              f"{{{', '.join(self.words.slots(pool))}}}", "")
        names = [self.words.variable(v.name) for v in self.scoped.system.variables]
        added = [self.words.added(name) for name in ADDED if self.temporal]
        yield from folded(f"VARIABLES {', '.join(names + added)}", "")
        if added:
            yield from folded(f"{self.words.added('model_vars')} == <<{', '.join(names)}>>", "")
        yield from folded(f"vars == <<{', '.join(names + added)}>>", "")

    def init(self) -> Iterator[str]:
        """The one initial state."""
        yield "Init =="
        for var in self.scoped.system.variables:
            value = self.words.value(var.init, var.sort)
            if var.dims:
                ranges = ", ".join(f"{self.words.local(f'i{n}')} \\in {self.words.pool(p)}"
                                   for n, p in enumerate(var.dims))
                value = f"[{ranges} |-> {value}]"
            yield f"  /\\ {self.words.variable(var.name)} = {value}"
        if self.temporal:
            yield from (f"  /\\ {self.words.added(name)} = FALSE" for name in ADDED)

    # --- actions ----------------------------------------------------------------------------------

    def actions(self) -> Iterator[str]:
        """For each action: when it is enabled, what it must not break, and what it does."""
        for action in self.scoped.system.actions:
            status = f", {action.label.status}" if action.label.status else ""
            yield (f"\\* {action.name}: {action.label.actor.value}, {action.label.phase.value}"
                   f"{status}")
            yield f"{self.call(action, 'enabled')} =="
            yield from self.conjunction([*map(self.render.operand, conjuncts(action.guard))])
            for number, obligation in enumerate(action.obligations, 1):
                yield f"{self.call(action, f'breaks_{number}')} ==  \\* {obligation.property}"
                yield from folded(self.render(obligation.broken), "  ")
            yield f"{self.call(action)} =="
            yield from self.conjunction([
                # TLC takes the guard of a step apart, but evaluates a comparison as it stands.
                f"{self.call(action, 'enabled')} = TRUE",
                *(f"~{self.call(action, f'breaks_{n}')}"
                  for n, o in enumerate(action.obligations, 1) if o.stops),
                *(f"{self.words.variable(u.var)}' = {self.updates.value(u)}"
                  for u in action.updates), *self.unchanged(action)])
            yield ""

    def conjunction(self, parts: list[str]) -> Iterator[str]:
        for part in parts:
            yield from folded(f"/\\ {part}", "  ", "     ")

    def unchanged(self, action: Action) -> Iterator[str]:
        changed = {u.var for u in action.updates}
        rest = [self.words.variable(v.name) for v in self.scoped.system.variables
                if v.name not in changed]
        if rest:
            yield f"UNCHANGED <<{', '.join(rest)}>>"

    def call(self, action: Action, part: str = "") -> str:
        """The operator of an action, or of a part of it, with its parameters."""
        name = self.words.names.of("action", action.name)
        if part:
            name = self.words.names.of(f"part {part}", action.name, f"{name}_{part}")
        args = ", ".join(self.words.local(p.name) for p in action.params)
        return f"{name}({args})" if args else name

    def ranges(self, action: Action, quantifier: str) -> str:
        """What binds the parameters of an action."""
        bound = ", ".join(f"{self.words.local(p.name)} \\in {self.words.values(p.sort)}"
                          for p in action.params)
        return f"{quantifier} {bound} : " if bound else ""

    def next(self) -> Iterator[str]:
        """All steps."""
        if self.temporal:
            yield from self.fair_steps()
            return
        yield "Next =="
        for action in self.scoped.system.actions:
            yield from folded(f"\\/ {self.ranges(action, SOME)}{self.call(action)}",
                              "  ", "     ")
        if not self.scoped.system.actions:
            yield "  FALSE /\\ UNCHANGED vars"

    def fair_steps(self) -> Iterator[str]:
        """All steps by block, and the fairness that claims ask for."""
        found = blocks(self.scoped.system)
        tick, faulted = map(self.words.added, ADDED)
        for block, actions in found.items():
            yield f"{self.words.block(block)} =="
            yield f"  /\\ ~{faulted} /\\ {tick}' = ~{tick}"
            for action in actions:
                step = (f"{self.ranges(action, SOME)}{self.call(action)} /\\ "
                        f"UNCHANGED {faulted}")
                first = action == actions[0]
                yield from folded("/\\ " * first + f"\\/ {step}", "  " if first else "     ",
                                  "        " if first else "   ")
                yield from self.fault(action, faulted)
            yield ""
        yield "Next =="
        yield from (f"  \\/ {self.words.block(block)}" for block in found)
        yield "Spec == Init /\\ [][Next]_vars /\\ WF_vars(Next)"

    def fault(self, action: Action, faulted: str) -> Iterator[str]:
        """The step of an instance that breaks an obligation and so ends the run."""
        broken = [self.call(action, f"breaks_{n}")
                  for n, o in enumerate(action.obligations, 1) if o.stops]
        if broken:
            yield from folded(
                f"\\/ {self.ranges(action, SOME)}({self.call(action, 'enabled')} /\\ "
                f"({OR.join(broken)})) = TRUE /\\ {faulted}' = TRUE /\\ "
                f"UNCHANGED {self.words.added('model_vars')}", "     ", "   ")

    # --- properties -------------------------------------------------------------------------------

    def properties(self) -> Iterator[str]:
        """Every property as an invariant."""
        for prop in self.chosen.properties:
            yield f"{self.name(prop)} =="
            yield from self.claim(prop)
            yield ""

    def name(self, prop: Property) -> str:
        return self.words.names.of("property", prop.name)

    def claim(self, prop: Property) -> Iterator[str]:
        system = self.scoped.system
        match prop.kind:
            case Kind.INVARIANT:
                yield from self.formula(prop.formula)
            case Kind.REACHABLE | Kind.FIRES:
                yield from self.formula(not_(goal(system, prop)))
            case Kind.NO_DEADLOCK:
                yield from self.deadlock()
            case Kind.OBLIGATION:
                yield from self.obligation(prop)
            case Kind.LEADS_TO:
                yield from self.leads_to(prop)
            case _:
                raise AssertionError(prop.kind)

    def formula(self, formula: Expr) -> Iterator[str]:
        if formula == FALSE:
            return iter(["  vars # vars"])  # TLC rejects an invariant that mentions no variable
        return self.conjunction([*map(self.render.operand, conjuncts(formula))])

    def deadlock(self) -> Iterator[str]:
        """Some instance is enabled, even if it ends the run."""
        for action in self.scoped.system.actions:
            yield from folded(f"\\/ {self.ranges(action, SOME)}"
                              f"{self.call(action, 'enabled')}", "  ", "     ")
        if not self.scoped.system.actions:
            yield "  vars # vars"

    def obligation(self, prop: Property) -> Iterator[str]:
        """No enabled instance breaks it before another obligation stops the instance."""
        for action in self.scoped.system.actions:
            stopped: list[str] = []
            for number, obligation in enumerate(action.obligations, 1):
                part = self.call(action, f"breaks_{number}")
                if obligation.property == prop.name:
                    fine = OR.join([*stopped, f"~{part}"])
                    yield from folded(
                        f"/\\ {self.ranges(action, ALL)}"
                        f"{self.call(action, 'enabled')} => ({fine})", "  ", "     ")
                if obligation.stops:
                    stopped.append(part)

    def leads_to(self, prop: Property) -> Iterator[str]:
        """A claim about all fair runs; one that ends in a fault is the finding of that fault."""
        fair = " /\\ ".join(f"WF_vars({self.words.block(b)})" for b in prop.fair
                            if b in blocks(self.scoped.system))
        target = f"{self.render.operand(prop.target)} \\/ {self.words.added('faulted')}"
        claim = f"({self.render(prop.formula)}) ~> ({target})"
        yield from folded(f"({fair}) => ({claim})" if fair else claim, "  ")

    # --- configuration ----------------------------------------------------------------------------

    def symmetry(self) -> Iterator[str]:
        """Slots of a pool are interchangeable."""
        sets = [f"Permutations({self.words.pool(p)})" for p in self.scoped.pools
                if self.scoped.sizes[p] > 1]
        yield from folded(f"Symmetry == {UNION.join(sets) or '{}'}", "")

    def configuration(self, symmetry: bool) -> Iterator[str]:
        """What TLC reads."""
        yield from ["SPECIFICATION Spec"] if self.temporal else ["INIT Init", "NEXT Next"]
        yield "CHECK_DEADLOCK FALSE"
        yield "CONSTANTS"
        for name in self.words.constants():
            yield f"  {name} = {name}"
        always = [p for p in self.chosen.properties if p.kind is not Kind.LEADS_TO]
        for word, stated in (("INVARIANTS", always),
                             ("PROPERTIES", self.chosen.of(Kind.LEADS_TO))):
            if stated:
                yield word
                yield from (f"  {self.name(p)}" for p in stated)
        if symmetry and any(self.scoped.sizes[p] > 1 for p in self.scoped.pools):
            yield "SYMMETRY Symmetry"
