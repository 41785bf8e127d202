"""Which actions fail, read off their labels: what the environment, and not the driver, decided.

A *cause* is one failure of an action. In the order of the path:

* a callback that returns no success is one; a status of the DDI around it, that is no success
  either, follows from it, and so counts no more, unless the same `return` is reached without it;
* a status of the DDI that follows from nothing is one, at the `return` that gives it;
* an object that could not be created is one, unless a status tells of it;
* the start of a block that the catalogue lists is one, for each place where a call may be paused
  meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wddmcheck.diagnostics.source import Span
from wddmcheck.ir.build import and_, eq, exists, ne, not_
from wddmcheck.ir.expr import TRUE, Binary, BinOp, Const, Expr, Read, Var, sort_of
from wddmcheck.ir.sorts import EnumSort, RefSort
from wddmcheck.ir.status import succeeds
from wddmcheck.ir.system import CALL_AT, Action, Phase, System
from wddmcheck.ir.walk import conjuncts
from wddmcheck.result.sweep import Failure, Kind
from wddmcheck.sweep.catalogue import Event


@dataclass(frozen=True, slots=True)
class Cause:
    """A failure of an action, if `when` holds in the state before. `family` is "" but for events:
    after another block's event of the family it counts no more."""

    failure: Failure
    when: Expr = TRUE
    family: str = ""


@dataclass(frozen=True, slots=True)
class Causes:
    """All failures of a system, each once, and the causes of each action that has any. The causes
    in one inner tuple exclude each other; those of different ones add up."""

    failures: tuple[Failure, ...]
    of: Mapping[str, tuple[tuple[Cause, ...], ...]]


def causes(system: System, events: Mapping[str, Event]) -> Causes:
    """The failures that `system` has, `events` among them, in the order of its actions."""
    reader = _Reader(system, events, _pauses(system))
    of = {a.name: found for a in system.actions if (found := tuple(reader.of(a)))}
    failures = dict.fromkeys(c.failure for groups in of.values() for group in groups
                             for c in group)
    return Causes(tuple(failures), of)


@dataclass(frozen=True, slots=True)
class _Pause:
    """A place where calls of `block` pause; `number` is the member of `CALL_AT`."""

    number: int
    block: str
    place: Span | None


def _pauses(system: System) -> tuple[_Pause, ...]:
    """All of them, from the actions that stop there."""
    at = next((v for v in system.variables if v.name == CALL_AT), None)
    if at is None:
        return ()
    found: dict[int, _Pause] = {}
    for action in system.actions:
        for update in action.updates:
            if update.var != CALL_AT or not action.label.at:
                continue
            for write in update.writes:
                if isinstance(write.value, Const) and write.value.value:
                    place = action.label.path[-1] if action.label.path else None
                    found.setdefault(write.value.value,
                                     _Pause(write.value.value, action.label.block, place))
    return tuple(found[n] for n in sorted(found))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the causes of one action after another."""

    system: System
    events: Mapping[str, Event]
    pauses: tuple[_Pause, ...]

    def of(self, action: Action) -> Iterator[tuple[Cause, ...]]:
        """Groups of causes that exclude each other."""
        label = action.label
        event = self.events.get(label.block)
        if event is not None and label.phase in (Phase.WHOLE, Phase.ENTRY):
            yield tuple(self._event(action, event))
        failures = list(self._calls(action))
        status = label.status or label.towards
        if not succeeds(status) and (not failures or self._also_alone(action, status)):
            place = label.path[-1] if label.path else None
            failures.append(Failure(Kind.STATUS, label.block, status, label.block,
                                    self._after(action), place))
        for nth, pool in enumerate(label.failed[len(failures):], 1):
            failures.append(Failure(Kind.CREATE, pool, "", label.block, self._after(action),
                                    turn=nth))
        for failure in failures:
            yield (Cause(failure),)

    def _calls(self, action: Action) -> Iterator[Failure]:
        """Callbacks, and DDIs that a thunk calls, that fail without one that failed before."""
        ddis = {a.label.block for a in self.system.actions if a.label.kind in ("ddi", "thunk")}
        turns: dict[str, int] = {}
        explained = False
        for call in action.label.calls:
            turns[call.name] = turns.get(call.name, 0) + 1
            if succeeds(call.status):
                explained = explained and call.name not in ddis
                continue
            if not (explained and call.name in ddis):
                kind = Kind.STATUS if call.name in ddis else Kind.CALLBACK
                yield Failure(kind, call.name, call.status, action.label.block,
                              self._after(action), turn=turns[call.name])
            explained = True

    def _also_alone(self, action: Action, status: str) -> bool:
        """Whether the same `return` is reached on the same turns where all calls succeed: then it
        does not follow from a call that failed."""
        own = action.label
        after = self._after(action)
        return any(
            b.label.block == own.block and b.label.status == status
            and b.label.path[-1:] == own.path[-1:] and len(b.label.turns) == len(own.turns)
            and b.label.turns[-1:] == own.turns[-1:] and self._after(b) == after
            and all(succeeds(c.status) for c in b.label.calls)
            for b in self.system.actions)

    def _event(self, action: Action, event: Event) -> Iterator[Cause]:
        """An event for each place where a call may be paused; the first that is counts."""
        counts = and_(*(ne(value, Const(value_sort.members.index(event.unless), value_sort))
                        for _, value in action.label.args
                        if isinstance(value_sort := sort_of(value), EnumSort)
                        and event.unless in value_sort.members))
        before: list[Expr] = []
        for pause in self.pauses:
            here = self._somewhere(pause)
            yield Cause(self._happening(action, event, pause),
                        and_(counts, here, *map(not_, before)), event.family)
            before.append(here)
        yield Cause(self._happening(action, event, None), and_(counts, *map(not_, before)),
                    event.family)

    def _happening(self, action: Action, event: Event, pause: _Pause | None) -> Failure:
        return Failure(Kind.EVENT, action.label.block, "", action.label.block,
                       pause.place if pause else None, during=pause.block if pause else "",
                       title=event.title, page=event.page)

    def _somewhere(self, pause: _Pause) -> Expr:
        """Some call is paused there."""
        at = next(v for v in self.system.variables if v.name == CALL_AT)
        pool = at.dims[0]
        where = Read(CALL_AT, (Var("paused", RefSort(pool)),), at.sort)
        return exists("paused", pool, eq(where, Const(pause.number, at.sort)))

    def _after(self, action: Action) -> Span | None:
        """Where the call had paused whose segment the action is."""
        if action.label.phase not in (Phase.RESUME, Phase.RETURN):
            return None
        for part in conjuncts(action.guard):
            match part:
                case Binary(BinOp.EQ, Read(var, _, _), Const(number, _)) if var == CALL_AT:
                    return next((p.place for p in self.pauses if p.number == number), None)
        return None
