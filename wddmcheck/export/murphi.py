"""Murphi, as Rumur reads it: one rule an action, parameters as rulesets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wddmcheck.export import header, murphi_words
from wddmcheck.export.claims import breaks, clean, faults, goal, selected
from wddmcheck.export.murphi_text import MurphiText
from wddmcheck.export.murphi_words import folded
from wddmcheck.export.order import sequence
from wddmcheck.export.render import conjuncts
from wddmcheck.export.request import Claims, Exported, Request, Stated, Support, claims
from wddmcheck.export.scalarsets import without_optional
from wddmcheck.export.scoped import Scoped, at_scope
from wddmcheck.ir.build import and_
from wddmcheck.ir.expr import FALSE, Expr, Read, Var
from wddmcheck.ir.system import Action, Kind, Obligation, Param, Property, StateVar, Update
from wddmcheck.ir.walk import everything, of_write

SUPPORT = {
    Kind.INVARIANT: Support(Stated.ALWAYS),
    Kind.OBLIGATION: Support(Stated.ALWAYS),
    Kind.NO_DEADLOCK: Support(Stated.ALWAYS),
    Kind.REACHABLE: Support(Stated.ALWAYS),
    Kind.FIRES: Support(Stated.ALWAYS),
    Kind.ALWAYS_POSSIBLE: Support(Stated.ALWAYS),
    Kind.LEADS_TO: Support(Stated.NEVER, "Murphi has no claims about all runs"),
}

_RUN = """\
Run: rumur --threads 1 --symmetry-reduction {symmetry} --deadlock-detection {deadlock} \\
           -o model.c FILE &&
     gcc -O3 -mcx16 -o model model.c -lpthread && ./model
The verifier names the property that is violated, and its run is shortest; `rumur --max-errors N`
goes on after it. A state that violates an invariant has no successors. `liveness` is looked at
last, and not at all once N errors were found. {more}"""
_STUCK = "no_deadlock is shown as `deadlock`."
_OFF = ""


def export(request: Request) -> Exported:
    """The Murphi text."""
    scoped = at_scope(request.system, request.scope)
    if request.symmetry:
        scoped = without_optional(scoped)
    chosen = claims(scoped.system, request.properties, SUPPORT)
    words = murphi_words.words(scoped, request.symmetry)
    writer = _Writer(scoped, chosen, words, MurphiText.of(scoped, words))
    rules = list(writer.rules())
    properties = [line for p in chosen.properties for line in writer.prop(p)]
    functions = list(writer.functions())
    run = _RUN.format(symmetry="exhaustive" if request.symmetry else "off",
                      deadlock="stuck" if chosen.deadlock else "off",
                      more=_STUCK if chosen.deadlock else _OFF)
    changed = [pair for space in ("pool", "variable", *(
        s for s, _ in words.names.given if s.startswith("member of")))
        for pair in words.names.changed(space)]
    head = header.lines(scoped, chosen, list(dict.fromkeys(changed)), run)
    lines = [*(f"-- {line}".rstrip() for line in head), "", *words.types(), *writer.variables(), "",
             *functions, *writer.start(), "", *rules, *properties]
    return Exported("\n".join(lines) + "\n", chosen.left_out)


@dataclass(frozen=True, slots=True)
class _Writer:
    scoped: Scoped
    chosen: Claims
    words: murphi_words.Words
    render: MurphiText

    # --- state ------------------------------------------------------------------------------------

    def variables(self) -> Iterator[str]:
        """Declarations of variables."""
        if self.scoped.system.variables:
            yield "var"
        for var in self.scoped.system.variables:
            yield from self.words.declared(var, self.words.variable(var.name))

    def functions(self) -> Iterator[str]:
        """Functions that expressions call; all expressions have to be written."""
        lines = list(self.faulty()) if self.chosen.of(Kind.ALWAYS_POSSIBLE) else []
        for name, (first, *rest) in self.words.functions.items():
            yield f"function {name}{first}"
            yield from rest
            yield ""
        yield from lines

    def faulty(self) -> Iterator[str]:
        """A function that says whether some step ends the run."""
        yield "-- whether a step is possible that breaks an obligation"
        yield f"function {self.words.names.of('function', 'faulty')}(): boolean;"
        yield "begin"
        for action, found in faults(self.scoped.system):
            yield f"  -- {action.name}"
            yield from folded(f"if {self.render(found)} then return true; end;", "  ")
        yield "  return false;"
        yield "end;"
        yield ""

    def start(self) -> Iterator[str]:
        """The one initial state."""
        yield "startstate"
        yield "begin"
        for var in self.scoped.system.variables:
            names = tuple(f"i_{n}" for n in range(len(var.dims)))
            loops = list(zip(names, var.dims, strict=True))
            index = "".join(f"[{self.words.local(n)}]" for n in names)
            yield from self.loops(loops, self.words.assigned(
                var.sort, self.words.variable(var.name), index,
                self.words.value(var.init, var.sort)), "  ")
        yield "end;"

    def loops(self, binders: list[tuple[str, str]], body: list[str],
              indent: str) -> Iterator[str]:
        """Statements for all values of bound variables."""
        if not binders:
            yield from (line for text in body for line in folded(
                text, indent + text[:len(text) - len(text.lstrip())]))
            return
        (name, pool), *rest = binders
        yield f"{indent}for {self.words.local(name)}: {self.words.pool(pool)} do"
        yield from self.loops(rest, body, indent + "  ")
        yield f"{indent}end;"

    # --- rules ------------------------------------------------------------------------------------

    def rules(self) -> Iterator[str]:
        """All rules."""
        for action in self.scoped.system.actions:
            guard, obligations = self.split(action)
            if guard != FALSE:
                yield from self.rule(action.params, action.name, guard,
                                     self.effect(action, obligations))
            for number, obligation in enumerate(action.obligations):
                if not obligation.stops and obligation.property in self.chosen.obligations:
                    yield from self.rule(
                        action.params, f"{action.name} breaks {obligation.property}",
                        breaks(action, number), [f"error {_string(obligation.property)};"])

    def split(self, action: Action) -> tuple[Expr, tuple[Obligation, ...]]:
        """The guard of an action, and the obligations that its rule looks at. Where none of them
        is reported, what stops an instance is part of the guard."""
        stopping = tuple(o for o in selected(action, self.chosen.obligations) if o.stops)
        reported = any(o.property in self.chosen.obligations for o in stopping)
        if reported or self.chosen.deadlock:
            return action.guard, stopping
        return and_(action.guard, clean(action)), ()

    def rule(self, params: tuple[Param, ...], name: str, guard: Expr,
             effect: list[str]) -> Iterator[str]:
        """A rule."""
        indent = "  " if params else ""
        if params:
            names = "; ".join(f"{self.words.local(p.name)}: {self.words.type(p.sort)}"
                              for p in params)
            yield from folded(f"ruleset {names} do", "")
        yield f"{indent}rule {_string(name)}"
        for number, part in enumerate(conjuncts(guard)):
            yield from folded("& " * bool(number) + self.render.operand(part), indent + "  ")
        yield f"{indent}==>"
        yield from (indent + line for line in effect)
        yield f"{indent}end;"
        if params:
            yield "end;"
        yield ""

    def effect(self, action: Action, obligations: tuple[Obligation, ...]) -> list[str]:
        """The body of an action's rule: declarations, `begin`, statements."""
        early = self.order(action)
        new = {name: self.words.names.of("new", name, f"new_{name}") for name in early[0]}
        declared = [line for name in early[0]
                    for line in self.words.declared(self.variable(name), new[name])]
        lines = ["var", *declared] if declared else []
        lines.append("begin")
        word = "if"
        for obligation in obligations:
            lines += folded(f"{word} {self.render(obligation.broken)} then", "  ", "    ")
            if obligation.property in self.chosen.obligations:
                lines.append(f"    error {_string(obligation.property)};")
            word = "elsif"
        if obligations:
            lines.append("  else")
        lines += self.statements(action, early, new, "    " if obligations else "  ")
        if obligations:
            lines.append("  end;")
        return lines

    def order(self, action: Action) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The variables whose new value is made aside, and the others in the order of their
        assignments."""
        reads = {u.var: frozenset(e.var for w in u.writes for e in everything(*of_write(w))
                                  if isinstance(e, Read)) for u in action.updates}
        order = sequence(reads, frozenset(u.var for u in action.updates if reads_itself(u)))
        return order.early, order.direct

    def variable(self, name: str) -> StateVar:
        return next(v for v in self.scoped.system.variables if v.name == name)

    def statements(self, action: Action, order: tuple[tuple[str, ...], tuple[str, ...]],
                   new: dict[str, str], indent: str) -> Iterator[str]:
        """The updates."""
        updates = {u.var: u for u in action.updates}
        for name in order[0]:
            var, own = self.variable(name), self.words.variable(name)
            yield from (indent + line for line in self.words.copied(var, own, new[name]))
            yield from self.update(updates[name], new[name], indent)
        for name in order[1]:
            yield from self.update(updates[name], self.words.variable(name), indent)
        for name in order[0]:
            var, own = self.variable(name), self.words.variable(name)
            yield from (indent + line for line in self.words.copied(var, new[name], own))

    def update(self, update: Update, target: str, indent: str) -> Iterator[str]:
        """The writes to one variable, here called `target`."""
        sort = self.variable(update.var).sort
        for write in update.writes:
            body = []
            for tests, index, value in self.render.writes(update.var, write):
                lines = self.words.assigned(sort, target, index, value)
                body += [f"if {' & '.join(tests)} then", *(f"  {line}" for line in lines),
                         "end;"] if tests else lines
            yield from self.loops(list(write.binders), body, indent)

    # --- properties -------------------------------------------------------------------------------

    def prop(self, prop: Property) -> Iterator[str]:
        """A property that is a formula over states; obligations are in the rules."""
        system = self.scoped.system
        match prop.kind:
            case Kind.INVARIANT:
                yield from self.claim("invariant", prop, prop.formula)
            case Kind.REACHABLE | Kind.FIRES:
                yield from self.claim("cover", prop, goal(system, prop))
            case Kind.ALWAYS_POSSIBLE:
                # A run that ends in a fault is the finding of that fault, not of this property.
                function = self.words.names.of("function", "faulty")
                goal_or_fault = f"{self.render.operand(prop.formula)} | {function}()"
                yield from folded(f"liveness {_string(prop.name)} {goal_or_fault};", "")
            case _:
                pass

    def claim(self, word: str, prop: Property, formula: Expr) -> Iterator[str]:
        """A property of a kind that Rumur knows."""
        yield from folded(f"{word} {_string(prop.name)} {self.render(formula)};", "")


def reads_itself(update: Update) -> bool:
    """Whether assignments one by one could read what an earlier one has written."""
    for number, write in enumerate(update.writes):
        own = [e for e in everything(*of_write(write))
               if isinstance(e, Read) and e.var == update.var]
        if own and number:
            return True
        if own and write.binders:
            indexed = {i.name for i in write.index if isinstance(i, Var)}
            if any(read.index != write.index for read in own) or any(
                    name not in indexed for name, _ in write.binders):
                return True
    return False


def _string(text: str) -> str:
    """A string: names of the language need no escape, those of other systems may."""
    return '"' + text.replace("\\", "/").replace('"', "'") + '"'
