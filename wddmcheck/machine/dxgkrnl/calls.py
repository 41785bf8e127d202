"""Calls into the driver: one at a time makes progress, others may be in flight, paused.

The rules about which calls may overlap are those of "Threading and Synchronization" (levels zero to
three, one thread of a class at level one), as the rules GEN-01 to GEN-04 have them.
"""

from __future__ import annotations

import traceback
from collections.abc import Generator
from dataclasses import dataclass, field
from inspect import isgenerator
from typing import TYPE_CHECKING, TypeAlias

from wddmcheck.machine.dxgkrnl.facts import CallFacts, facts
from wddmcheck.machine.findings import BugCheck, Finding, Kind, OutOfReachError
from wddmcheck.machine.miniport import Preempt, Wait
from wddmcheck.machine.processor import Irql
from wddmcheck.machine.status import NtStatus

if TYPE_CHECKING:
    from wddmcheck.machine.dxgkrnl.objects import OsObject, OsProcess

Steps: TypeAlias = Generator[Preempt | Wait, None, "NtStatus | bool | int | None"]


@dataclass(frozen=True, slots=True)
class CallbackMade:
    """A callback that the driver made: arguments and result as Dxgkrnl's objects where they name
    some, None for NULL."""

    name: str
    args: tuple[tuple[str, object], ...]
    status: NtStatus = NtStatus.STATUS_SUCCESS
    result: OsObject | None = None


@dataclass(slots=True, eq=False)
class Failures:
    """What is to fail in a call: "pool:Context", "pool:Context:2" (the second one), "pool:*:3" (the
    third allocation of whatever class), a callback's name, or a word that a DDI knows ("version",
    "parameter", "hardware", "dma buffer", "busy"). Each happens once. `asked`: there are any."""

    wanted: set[str] = field(default_factory=set)
    asked: bool = False
    seen: dict[str, int] = field(default_factory=dict)

    def take(self, what: str) -> bool:
        """Whether this occurrence of `what` fails."""
        count = self.seen[what] = self.seen.get(what, 0) + 1
        for name in (f"{what}:{count}", *((what,) if count == 1 else ())):
            if name in self.wanted:
                self.wanted.discard(name)
                return True
        return False


@dataclass(slots=True, eq=False)
class Call:
    """A call of a DDI. `status` is None until it returns; `at` says where it is, `irql` at which
    level; `callbacks` are those of its last stretch; `made` are the objects that Dxgkrnl got from
    it, `making` those that it will get. `level` is its threading level, `beside` are calls that may
    overlap it all the same. `interrupt`: it is an ISR or a DPC; `thread`: a thread of the driver's
    own. `inner` is the DDI that it has led to, where user mode asks for what takes several;
    `bad_handle`: it was told that a handle names nothing."""

    name: str
    args: dict[str, object]
    facts: CallFacts
    failures: Failures = field(default_factory=Failures)
    process: OsProcess | None = None
    irql: Irql = Irql.PASSIVE_LEVEL
    level: int = 0
    beside: frozenset[str] = frozenset()
    interrupt: bool = False
    thread: bool = False
    steps: Steps | None = None
    status: NtStatus | None = None
    result: object = None
    returned: bool = False
    waiting: Wait | None = None
    callbacks: list[CallbackMade] = field(default_factory=list)
    made: list[OsObject] = field(default_factory=list)
    making: list[OsObject] = field(default_factory=list)
    inner: Call | None = None
    bad_handle: bool = False

    @property
    def innermost(self) -> Call:
        """The DDI that runs: the one that it has led to, or itself."""
        return self.inner or self

    @property
    def at(self) -> str:
        """Where it is: "returned", "preempted", or what it waits for."""
        if self.returned:
            return "returned"
        return f"waits for {self.waiting.what}" if self.waiting is not None else "preempted"

    @property
    def succeeded(self) -> bool:
        """Whether it has returned with success."""
        return self.status is not None and self.status.succeeds

    def created(self) -> OsObject:
        """The object that the call made. Raises `OutOfReachError` if it made none."""
        if not self.made:
            raise OutOfReachError(f"{self.name} made nothing: it returned "
                                  f"{self.status.name if self.status is not None else 'nothing'}",
                                  driver=True)
        return self.made[0]


def new_call(name: str, args: dict[str, object], failing: tuple[str, ...]) -> Call:
    """A call that has not begun."""
    form = facts(name)
    return Call(name, args, form, Failures(set(failing), bool(failing)), irql=form.lowest,
                level=form.level)


def clash(call: Call, other: Call) -> str:
    """Why two calls may not overlap, "" if they may. No level holds back ISRs, DPCs and threads of
    the driver's own."""
    if call.interrupt or other.interrupt or call.thread or other.thread:
        return ""
    for one, two in ((call, other), (other, call)):
        if one.level >= 2 and two.name not in one.beside:
            return f"{one.name} is at threading level {one.level}: nothing else runs"
    if call.level == other.level == 1 and call.facts.klass == other.facts.klass:
        return f"both are in the class {call.facts.klass or 'of level one'}"
    if call.process is not None and call.process is other.process:
        return "both belong to one process"
    return ""


def drive(miniport: object, name: str, args: tuple[object, ...]) -> Steps:
    """Run a DDI of the driver to its end, yielding its pauses; the value is what it returns. Raises
    `BugCheck`, also for any exception in the driver: nobody handles it there."""
    try:
        result = getattr(miniport, name)(*args)
        while isgenerator(result):
            try:
                pause = next(result)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            if not isinstance(pause, Preempt | Wait):
                raise TypeError(f"{name} yielded {pause!r}; a DDI yields PREEMPT or a Wait")
            yield pause
    except (BugCheck, OutOfReachError):
        raise
    except Exception as error:
        if not _by_driver(error):
            raise
        raise BugCheck(Finding(Kind.BAD_ACCESS, f"{name} raised {type(error).__name__}: {error}",
                               (), "0x7E", _place(error))) from error
    return result  # type: ignore[no-any-return]


def _by_driver(error: Exception) -> bool:
    """Whether the exception comes from a driver, rather than from this machine itself."""
    here = __name__.rpartition(".")[0]
    trace = error.__traceback__
    module = ""
    while trace is not None:
        module, trace = str(trace.tb_frame.f_globals.get("__name__", "")), trace.tb_next
    return not module.startswith(here)


def _place(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    name = last.filename.replace("\\", "/").rpartition("/")[2]
    return f"{name}:{last.lineno} in {last.name}"
