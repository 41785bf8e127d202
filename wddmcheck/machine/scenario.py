"""A scenario on a machine, as a test: steps that Dxgkrnl, the GPU and the interrupt take, in this
order, and in the end a driver that has done nothing wrong.

    def test_a_context_goes_before_its_dpc(wddm_machine):
        with Scenario(wddm_machine) as run:
            run.DxgkDdiAddDevice()
            run.DxgkDdiStartDevice()
            process = run.DxgkDdiCreateProcess().process
            ...
            call = run.DxgkDdiDestroyContext(hContext=context, outcome="preempted")
            run.resume(call)
            run.DxgkDdiDpcRoutine()

The test fails where the machine finds a mistake. It passes where nothing is wrong at the end, and
where the driver does not let the scenario come about: a step returns something else than the
`outcome` that it needs, or cannot happen because of what the driver did before. (`prevented` then
says so.) It fails where it would say nothing about the driver: a step that this Dxgkrnl would never
take, a DDI that the driver does not have, a create that fails although nothing was made to fail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, Final, TypeVar

from wddmcheck.machine.dxgkrnl.calls import Call
from wddmcheck.machine.dxgkrnl.display_records import OsMemoryBasis, OsNotification, OsSession
from wddmcheck.machine.dxgkrnl.dma_objects import OsDmaBuffer
from wddmcheck.machine.dxgkrnl.objects import (
    OsAllocation,
    OsContext,
    OsContextAllocation,
    OsCpuEvent,
    OsDevice,
    OsDoorbell,
    OsGlobalFence,
    OsHwQueue,
    OsLocalFence,
    OsObject,
    OsOpening,
    OsOverlay,
    OsPagingBuffer,
    OsProcess,
    OsProcessEvent,
    OsResource,
)
from wddmcheck.machine.dxgkrnl.registry import events
from wddmcheck.machine.findings import BugCheck, OutOfReachError
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.miniport import Miniport

ANY: Final = "any"
"""The outcome of a step that may end in any way."""

SUCCESS: Final = "STATUS_SUCCESS"
_SETS_UP = tuple(f"DxgkDdi{verb}" for verb in ("Add", "Start", "Create", "Open", "Submit"))
O = TypeVar("O", bound=OsObject)  # noqa: E741
T = TypeVar("T")


class _PreventedError(Exception):
    """The driver does not let the scenario come about."""


class DriverMistake(AssertionError):  # noqa: N818 (it is what a test reports, not what we catch)
    """The driver did something wrong; the message has the findings."""


@dataclass(slots=True)
class Took:
    """A step of a call: what Dxgkrnl got from it."""

    call: Call
    made: list[OsObject]

    def all(self, kind: type[O]) -> list[O]:
        """The objects of a kind, in the order they were made."""
        return [o for o in self.made if isinstance(o, kind)]

    def _one(self, kind: type[O]) -> O:
        found = self.all(kind)
        if not found:
            name = kind.__name__.removeprefix("Os")
            raise _PreventedError(f"{self.call.name} makes no {name}")
        return found[0]

    @property
    def process(self) -> OsProcess:
        """The process that it made."""
        return self._one(OsProcess)

    @property
    def device(self) -> OsDevice:
        """The device that it made."""
        return self._one(OsDevice)

    @property
    def context(self) -> OsContext:
        """The context that it made."""
        return self._one(OsContext)

    @property
    def area(self) -> OsContextAllocation:
        """The (first) context allocation that the driver made in it."""
        return self._one(OsContextAllocation)

    @property
    def resource(self) -> OsResource:
        """The resource that it made."""
        return self._one(OsResource)

    @property
    def allocation(self) -> OsAllocation:
        """The (first) allocation that it made."""
        return self._one(OsAllocation)

    @property
    def allocations(self) -> list[OsAllocation]:
        """The allocations that it made."""
        return self.all(OsAllocation)

    @property
    def queue(self) -> OsHwQueue:
        """The hardware queue that it made."""
        return self._one(OsHwQueue)

    @property
    def doorbell(self) -> OsDoorbell:
        """The doorbell that it made."""
        return self._one(OsDoorbell)

    @property
    def fence(self) -> OsGlobalFence:
        """The native fence that it made."""
        return self._one(OsGlobalFence)

    @property
    def local_fence(self) -> OsLocalFence:
        """The native fence as it was opened."""
        return self._one(OsLocalFence)

    @property
    def cpu_event(self) -> OsCpuEvent:
        """The CPU event that it made."""
        return self._one(OsCpuEvent)

    @property
    def process_event(self) -> OsProcessEvent:
        """The event of a process of which user mode told the driver in it."""
        return self._one(OsProcessEvent)

    @property
    def opening(self) -> OsOpening:
        """The allocation as it was opened."""
        return self._one(OsOpening)

    @property
    def overlay(self) -> OsOverlay:
        """The overlay that it made."""
        return self._one(OsOverlay)

    @property
    def notification(self) -> OsNotification:
        """The frame notification that it made."""
        return self._one(OsNotification)

    @property
    def session(self) -> OsSession:
        """The protected session that it made."""
        return self._one(OsSession)

    @property
    def basis(self) -> OsMemoryBasis:
        """The memory basis that it made."""
        return self._one(OsMemoryBasis)

    @property
    def paging(self) -> OsPagingBuffer:
        """The paging buffer that it built."""
        return self._one(OsPagingBuffer)

    @property
    def dma_buffer(self) -> OsDmaBuffer:
        """The DMA buffer that it built."""
        return self._one(OsDmaBuffer)


@dataclass(slots=True)
class Scenario:
    """Runs a scenario on `machine`; `prevented` says at which step the driver did otherwise, "" if
    it went through. `strict`: a driver that does otherwise fails the test."""

    machine: Machine
    strict: bool = False
    prevented: str = ""
    steps: int = field(default=0)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name in self.machine.known_calls:
            return partial(self._call, name)
        if name in events():
            return lambda *args: self._step(partial(self.machine.happen, name, *args))
        raise AttributeError(f"a scenario has no `{name}`")

    def resume(self, took: Took, outcome: str = SUCCESS) -> Took:
        """Let a call go on."""
        __tracebackhide__ = True
        return self._took(lambda: self.machine.resume(took.call), outcome)

    def run_packet(self, context: OsContext) -> None:
        """The GPU starts the packet of a context."""
        __tracebackhide__ = True
        self._hardware(lambda: self.machine.run_packet(context))

    def complete_packet(self, context: OsContext) -> None:
        """The GPU finishes the packet of a context."""
        __tracebackhide__ = True
        self._hardware(lambda: self.machine.complete_packet(context))

    def save_idle_context(self, node: int = 0) -> None:
        """An idle node saves the context that it still holds."""
        __tracebackhide__ = True
        self._hardware(lambda: self.machine.save_idle_context(node))

    def preempt(self, node: int = 0) -> None:
        """A node serves the preemption that it was asked for."""
        __tracebackhide__ = True
        self._hardware(lambda: self.machine.preempt(node))

    def unplug(self) -> None:
        """The device is pulled out."""
        __tracebackhide__ = True
        self._hardware(self.machine.unplug)

    def aftermath(self) -> None:
        """Everything that was begun comes to its end, and the adapter is taken down."""
        __tracebackhide__ = True
        self._hardware(self.machine.aftermath)

    def run_paging_packet(self, paging: OsPagingBuffer) -> None:
        """The GPU carries out a paging packet."""
        __tracebackhide__ = True
        self._hardware(lambda: self.machine.run_paging_packet(paging))

    def read_aperture(self) -> None:
        """Something reads ahead through the aperture."""
        __tracebackhide__ = True
        self._hardware(self.machine.read_aperture)

    def vsync(self) -> None:
        """A vertical sync interrupt."""
        __tracebackhide__ = True
        self._hardware(self.machine.vsync)

    def run_until_idle(self) -> None:
        """Whatever can go on does: a call that then has not returned never will."""
        __tracebackhide__ = True
        self._hardware(self.machine.run_until_idle)

    # --- with -------------------------------------------------------------------------------------

    def __enter__(self) -> Scenario:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> bool:
        __tracebackhide__ = True
        match error:
            case None:
                return True
            case _PreventedError():
                self.prevented = f"step {self.steps}: {error}"
            case OutOfReachError() if error.driver:
                self.prevented = f"step {self.steps}: it cannot happen: {error}"
            case OutOfReachError():
                raise AssertionError(f"step {self.steps}: Dxgkrnl would never take this step: "
                                     f"{error}") from error
            case _:
                return False
        if self.strict:
            raise AssertionError(self.prevented) from None
        self.machine.notes.append(f"prevented at {self.prevented}")
        return True

    # --- inside -----------------------------------------------------------------------------------

    def _call(self, name: str, /, *, outcome: str = SUCCESS, whole: bool = False,
              failing: str | tuple[str, ...] = (), **args: object) -> Took:
        __tracebackhide__ = True
        if not self.machine.has(name):
            if not hasattr(Miniport, name):
                self.steps += 1
                raise _PreventedError(f"the driver has no {name}, which not every driver has")
            raise AssertionError(f"step {self.steps + 1}: the miniport has no {name}")

        def begin() -> Call:
            call = self.machine.call(name, failing=failing, **args)
            while whole and not call.returned:
                self.machine.resume(call)
            return call

        return self._took(begin, outcome)

    def _took(self, act: Callable[[], Call], outcome: str) -> Took:
        __tracebackhide__ = True     # a failure is shown at the line of the test
        call = self._step(act)
        ended = call.status.name if call.status is not None else SUCCESS
        found = ended if call.returned else call.at.partition(" ")[0]
        if call.status is not None and not call.status.succeeds and not call.failures.asked and (
                call.name.startswith(_SETS_UP)):
            raise AssertionError(f"step {self.steps}: {call.name} returns {ended} although nothing "
                                 "was made to fail")
        if outcome not in (ANY, found):
            raise _PreventedError(f"{call.name}: {found}, not {outcome}")
        made = [*call.made] if call.returned else [*call.making]
        return Took(call, made + [c.result for c in call.callbacks if c.result is not None])

    def _hardware(self, act: Callable[[], None]) -> None:
        __tracebackhide__ = True
        self._step(act)

    def _step(self, act: Callable[[], T]) -> T:
        """Take a step; what the machine finds in it fails the test here."""
        __tracebackhide__ = True
        self.steps += 1
        before = len(self.machine.findings)
        try:
            result = act()
        except BugCheck:
            raise DriverMistake(self._text(before)) from None
        if len(self.machine.findings) > before:
            raise DriverMistake(self._text(before))
        return result

    def _text(self, before: int) -> str:
        lines = [f"step {self.steps}:"]
        for finding in self.machine.findings[before:]:
            first, *more = finding.lines()
            lines += [f"  {first}", *(f"    {line}" for line in more)]
        return "\n".join(lines)
