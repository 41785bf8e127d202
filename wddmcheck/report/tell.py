"""Trace -> story. In: a system, pool sizes, a property, a trace and the sources. Out: a `Story`.

The trace is executed again by the oracle on the way (`report.narrate`); one that does not
re-execute, or does not show what it should, is an `InternalError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.diagnostics.source import SourceMap
from wddmcheck.ir.evaluate import Layout, initial_state
from wddmcheck.ir.show import show_expr
from wddmcheck.ir.system import Kind, Property, System
from wddmcheck.report.forecast import forecasts
from wddmcheck.report.identities import Identities
from wddmcheck.report.lives import lives
from wddmcheck.report.moment import Moment
from wddmcheck.report.narrate import Narrator
from wddmcheck.report.places import Places, cited, clean
from wddmcheck.report.story import Size, Story, StoryStep, Waiting, Why
from wddmcheck.report.witness import witnesses
from wddmcheck.result.needs import Needs
from wddmcheck.result.verdict import Trace


def tell(system: System, scope: Mapping[str, int], prop: Property, trace: Trace, *,
         violated: bool = True, sources: SourceMap | None = None,
         needs: Needs | None = None) -> Story:
    """The story of `trace`, which violates `prop` at `scope`, or witnesses it if not `violated`.
    `needs` is what the violation needs of the policies, if that is known.
    Raises `InternalError` if the trace does not re-execute."""
    return _Teller(system, Layout.of(system, scope), prop, trace, violated,
                   Places(sources or SourceMap()), needs).story()


@dataclass(slots=True)
class _Teller:
    """What one telling needs."""

    system: System
    layout: Layout
    prop: Property
    trace: Trace
    violated: bool
    places: Places
    needs: Needs | None = None

    def story(self) -> Story:
        """Execute the trace and tell it."""
        if self.trace.initial != initial_state(self.layout):
            raise InternalError("a trace does not start in the initial state")
        narrator = Narrator(self.layout, self.places)
        steps = tuple(narrator.take(step) for step in self.trace.steps)
        return self._finish(steps, narrator.now, narrator.who, tuple(narrator.waiting.values()))

    # --- the end -------------------------------------------------------------------------------

    def _finish(self, steps: tuple[StoryStep, ...], last: Moment, who: Identities,
                waiting: tuple[Waiting, ...]) -> Story:
        prop = self.prop
        count = len(steps)
        objects: tuple[str, ...] = ()
        broken_at: int | None = count if self.violated else None
        where = f"after step {count}" if count else "in the initial state"
        match prop.kind:
            case Kind.OBLIGATION:
                own = [f for f in steps[-1].faults if f.property == prop.name] if steps else []
                if self.violated and not own:
                    raise InternalError(f"a trace does not violate {prop.name}")
                ends = own[0].message if own else ""
                objects = own[0].objects if own else ()
            case Kind.INVARIANT:
                if self.violated and last.value(prop.formula):
                    raise InternalError(f"a trace does not violate {prop.name}")
                ends = f"the rule does not hold {where}"
                objects = witnesses(prop.formula, last, who)
            case Kind.NO_DEADLOCK:
                ends = f"nothing can happen {where}"
            case Kind.ALWAYS_POSSIBLE:
                ends = f"{where}, no run reaches the goal any more"
                objects = witnesses(prop.formula, last, who)
            case Kind.LEADS_TO:
                loop = self.trace.loop
                broken_at = None
                ends = "what should come never does" + (
                    f": steps {loop + 1} to {count} repeat for ever"
                    if loop is not None and loop < count else "")
            case Kind.REACHABLE | Kind.FIRES:
                ends = f"reached {where}"
        return Story(
            self.system.name, prop.name, self.violated,
            tuple(Size(p.name, self.layout.sizes[p.name]) for p in self.system.pools
                  if not p.single),
            steps, lives(prop, steps, who, objects), self._why(), self.trace.shortest, ends,
            broken_at, self.trace.loop, objects, waiting, self.system.family)

    def _why(self) -> Why:
        prop = self.prop
        text, place = self.places.claim(prop.origin.span, prop.name)
        return Why(clean(prop.title), prop.kind.value, text or self._claim(), place,
                   cited(prop.origin), prop.bugchecks, tuple(sorted(self.system.policies)),
                   self.needs, forecasts(prop.bugchecks), self.system.without)

    def _claim(self) -> str:
        """The claim from the IR, for properties that have no text of their own."""
        prop = self.prop
        match prop.kind:
            case Kind.INVARIANT | Kind.REACHABLE | Kind.ALWAYS_POSSIBLE:
                return f"{prop.kind.value} {show_expr(prop.formula)}"
            case Kind.LEADS_TO:
                return f"{show_expr(prop.formula)} leads to {show_expr(prop.target)}"
            case Kind.OBLIGATION | Kind.FIRES | Kind.NO_DEADLOCK:
                return ""
