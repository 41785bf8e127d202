"""The machine as its caller drives it: a miniport, a GPU and Dxgkrnl, one step at a time.

    machine = Machine(ReferenceMiniport)
    machine.DxgkDdiAddDevice()
    machine.DxgkDdiStartDevice()
    process = machine.DxgkDdiCreateProcess().created()
    ...
    call = machine.DxgkDdiDestroyContext(hContext=context)   # may pause half way
    machine.DxgkDdiDpcRoutine()                              # so that this can happen meanwhile
    machine.resume(call)

A step that Dxgkrnl or the hardware would not do now raises `OutOfReachError`. What the driver does
wrong is kept in `findings`; a bug check also ends the run by raising `BugCheck`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from wddmcheck.machine.dxgkrnl import audit, callbacks, memory, residency
from wddmcheck.machine.dxgkrnl.calls import Call, CallbackMade, Steps, clash, drive, new_call
from wddmcheck.machine.dxgkrnl.objects import (
    HandleTable,
    Memory,
    OsAllocation,
    OsContext,
    OsContextAllocation,
    OsObject,
    OsOpening,
    OsPagingBuffer,
    OsProcess,
    PowerComponent,
)
from wddmcheck.machine.dxgkrnl.registry import RUNS, events, load
from wddmcheck.machine.findings import BugCheck, Finding, OutOfReachError
from wddmcheck.machine.gpu.device import NODES, Gpu
from wddmcheck.machine.image import Image
from wddmcheck.machine.locks import SpinLock
from wddmcheck.machine.miniport import Factory, Kernel, Miniport, Wait
from wddmcheck.machine.policies import Policies
from wddmcheck.machine.pool import Pool
from wddmcheck.machine.processor import Processor
from wddmcheck.machine.structs import DXGKRNL_INTERFACE, NULL, Handle


@dataclass(slots=True)
class Adapter:
    """Dxgkrnl's record of the adapter. `state`: absent, added, started, settling (SetPowerState
    runs), asleep (in D3) or exclusive (between the calls of exclusive access); `removed`: the
    driver knows of a surprise removal; `stopping`: a StopDevice has to follow; `resetting`: from
    ResetFromTimeout to the end of RestartFromTimeout, and `cleaning_up` between the two;
    `to_reset`: the reset of an engine did not work; `awaits_resume`: between ResetHwEngine and
    ResumeHwEngine; `queried`: its capabilities are known; `unborn`: the handle that was left of the
    context whose creation failed last, NULL if that is over."""

    state: str = "absent"
    kmd: Handle = 0
    handle: Handle = 0
    dpc_queued: bool = False
    removed: bool = False
    stopping: bool = False
    resetting: bool = False
    cleaning_up: bool = False
    to_reset: bool = False
    awaits_resume: bool = False
    queried: bool = False
    unborn: Handle = NULL

    @property
    def up(self) -> bool:
        """Whether it is started, in whatever state of power."""
        return self.state not in ("absent", "added")

    @property
    def awake(self) -> bool:
        """Whether it is started, and not in D3; it may be on its way there."""
        return self.up and self.state != "asleep"

    @property
    def settled(self) -> bool:
        """Whether it is started, and neither its power nor its IOMMU domain is being changed."""
        return self.state in ("started", "asleep")


@dataclass(slots=True)
class Paging:
    """The paging transfer under way, if there is one; `closing` are allocations that were closed
    and that a packet still reads, `kept` context allocations that were destroyed and that a node
    still holds. `memory` says how far Dxgkrnl goes; `mapped`: the driver has written the page
    tables of the paging process."""

    transferring: bool = False
    allocation: OsAllocation | None = None
    closing: list[OsOpening] = field(default_factory=list)
    kept: list[OsContextAllocation] = field(default_factory=list)
    memory: Memory = Memory.AUTOMATIC
    mapped: bool = False

    @property
    def ready(self) -> bool:
        """Whether paging commands can run."""
        return self.mapped or self.memory is not Memory.PAGE_TABLES


@dataclass(slots=True)
class Fences:
    """What the scheduler knows of a node: the last fences submitted and reported complete, and
    that of the preemption under way, or 0. `timed_out`: it has noticed a timeout and does not
    listen to the node until that is reset (TDR-01); `seen` is the last complete fence then."""

    last_submitted: int = 0
    last_completed: int = 0
    preempting: int = 0
    timed_out: bool = False
    seen: int = 0


@dataclass(slots=True, eq=False, repr=False)
class Machine:
    """A machine with one adapter. `factory` makes the miniport, whose DriverEntry may follow. `ran`
    is the context whose packet each node ran last. `notes` are for whoever drives it."""

    factory: Factory
    policies: Policies = field(default_factory=Policies)
    processor: Processor = field(default_factory=Processor)
    gpu: Gpu = field(default_factory=Gpu)
    handles: HandleTable = field(default_factory=HandleTable)
    adapter: Adapter = field(default_factory=Adapter)
    paging: Paging = field(default_factory=Paging)
    calls: list[Call] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    stopped: Finding | None = None
    steps: int = 0
    last_fence: int = 0
    fences: list[Fences] = field(default_factory=lambda: [Fences() for _ in range(NODES)])
    component: PowerComponent = field(default_factory=PowerComponent)
    interrupt_lock: SpinLock = field(default_factory=lambda: SpinLock("interrupt"))
    running: Call | None = None
    ran: dict[int, OsContext] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    pool: Pool = field(init=False)
    kernel: Kernel = field(init=False)
    miniport: Miniport = field(init=False)
    image: Image = field(init=False)
    interface: DXGKRNL_INTERFACE = field(init=False)

    def __post_init__(self) -> None:
        self.pool = Pool(self.processor, fails=self._pool_fails,
                         on_free=partial(audit.on_free, self))
        self.interface = callbacks.interface(self)
        self.kernel = Kernel(self.pool, self.processor, self.dpcs_done,
                             partial(residency.waits, self))
        self.miniport = self.factory(self.kernel)
        self.image = Image(loaded=not hasattr(self.miniport, "DriverEntry"))

    def __repr__(self) -> str:
        return f"<Machine with {type(self.miniport).__name__}, {self.steps} steps taken>"

    # --- steps ------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if not name.startswith("_") and name in load():
            return partial(self.call, name)
        if not name.startswith("_") and name in events():
            return partial(self.happen, name)
        raise AttributeError(f"a machine has no `{name}`")

    @property
    def known_calls(self) -> Collection[str]:
        """The DDIs that this Dxgkrnl calls, and what runs of a driver without it."""
        return load().keys()

    def has(self, name: str) -> bool:
        """Whether the driver has what a call runs: the method of that name, or what `RUNS` says."""
        return all(callable(getattr(self.miniport, n, None)) for n in RUNS.get(name, (name,)))

    def call(self, name: str, /, *, failing: str | tuple[str, ...] = (), **args: object) -> Call:
        """Begin a DDI and run it to its first pause, or to its return. `failing`: what fails in it,
        see `Failures`. Raises `OutOfReachError`, `BugCheck`."""
        side = load().get(name)
        if side is None:
            raise OutOfReachError(f"this Dxgkrnl never calls {name}")
        if not self.has(name):
            raise OutOfReachError(f"the driver has no {name}", driver=True)
        call = new_call(name, dict(args), (failing,) if isinstance(failing, str) else failing)
        call.steps = side(self, call, **args)
        if not self._advance(call):
            self.calls.append(call)
        return call

    def happen(self, name: str, /, *args: object) -> OsObject | None:
        """Something that the operating system or user mode does by itself; what it made. Raises
        `OutOfReachError`, `BugCheck`."""
        happens = events().get(name)
        if happens is None:
            raise OutOfReachError(f"nothing called {name} ever happens here")
        made: list[OsObject | None] = []
        self._hardware(lambda: made.append(happens(self, *args)))
        return made[0]

    def resume(self, call: Call) -> Call:
        """Run a paused call to its next pause, or to its return. Does nothing for one that has
        returned. Raises `OutOfReachError` if it waits for what has not happened, `BugCheck`."""
        if call.returned:
            return call
        if call.waiting is not None and not call.waiting.ready():
            raise OutOfReachError(f"{call.name} still waits for {call.waiting.what}", driver=True)
        if self._advance(call):
            self.calls.remove(call)
        return call

    def run_packet(self, context: OsContext) -> None:
        """The GPU starts the packet of a context. Raises `OutOfReachError`, `BugCheck`."""
        self._hardware(lambda: self.gpu.run_packet(context.node, context.fence))
        self.ran[context.node] = context

    def complete_packet(self, context: OsContext) -> None:
        """The GPU finishes the packet of a context, reads its inputs and raises its interrupt.
        Raises `OutOfReachError`, `BugCheck`."""
        self._hardware(lambda: self.gpu.complete_packet(context.node, context.fence))

    def save_idle_context(self, node: int = 0) -> None:
        """An idle node saves the context that it still holds. Raises `OutOfReachError`,
        `BugCheck`."""
        self._hardware(lambda: self.gpu.working(node).save_idle_context())

    def preempt(self, node: int = 0) -> None:
        """A node serves the preemption that the driver has asked for, and raises its interrupt.
        Raises `OutOfReachError`, `BugCheck`."""
        self._hardware(lambda: self.gpu.preempt(node))

    def run_paging_packet(self, buffer: OsPagingBuffer) -> None:
        """The GPU carries out a paging packet and raises its interrupt. Raises `OutOfReachError`,
        `BugCheck`."""
        self._hardware(lambda: self.gpu.run_paging(buffer.fence))
        residency.carried_out(self, buffer)

    def read_aperture(self) -> None:
        """Something reads ahead through the aperture, and raises an interrupt. Raises
        `OutOfReachError`, `BugCheck`."""
        self._hardware(self.gpu.read_aperture)

    def vsync(self) -> None:
        """A vertical sync interrupt. Raises `OutOfReachError`."""
        self._hardware(self.gpu.vsync)

    def hang(self, node: int = 0) -> None:
        """The packet on a node never ends. Raises `OutOfReachError`."""
        self._hardware(lambda: self.gpu.working(node).hang())

    def unplug(self) -> None:
        """The device disappears from the bus. Raises `OutOfReachError`."""
        self._hardware(self.gpu.unplug)

    def run_until_idle(self) -> None:
        """Whatever can go on does, until nothing can; reports the calls that are stuck. Raises
        `BugCheck`."""
        from wddmcheck.machine.progress import run_until_idle

        run_until_idle(self)
    def aftermath(self) -> None:
        """Everything that was begun comes to its end, and the adapter is taken down: see
        `machine.aftermath`. Raises `BugCheck`."""
        from wddmcheck.machine.aftermath import aftermath  # it drives machines, as tests do
        aftermath(self)

    def end_failed_create(self) -> None:
        """What Dxgkrnl does about a context whose creation failed: by policy G01 it forgets it, or
        destroys it. Raises `OutOfReachError`, `BugCheck`."""
        self.require(self.adapter.unborn != NULL, "no creation of a context has failed")
        if self.policies.G01 == "after_failure":
            self.call("DxgkDdiDestroyContext", hContext=None)
        self.adapter.unborn = NULL

    # --- for Dxgkrnl's side of the calls ----------------------------------------------------------

    def require(self, fact: object, why: str, *, driver: bool = False) -> None:
        """Raise `OutOfReachError` unless `fact` holds: Dxgkrnl would not make this call."""
        if not fact:
            raise OutOfReachError(why, driver=driver)

    def admit(self, call: Call, process: OsProcess | None = None) -> None:
        """Check that `call` may overlap the calls in flight. Raises `OutOfReachError`."""
        call.process = process if self.policies.G26 != "dropped" else None
        for other in self.calls:
            why = clash(call, other) if other.inner is not call else ""
            if why:
                raise OutOfReachError(f"{call.name} cannot overlap {other.name}: {why}",
                                      driver=True)

    def busy(self, item: OsObject) -> bool:
        """Whether a call in flight is about an object."""
        return any(item in call.args.values() for call in self.calls)

    def dpcs_done(self) -> bool:
        """Whether no DPC is queued, and none runs, nor an ISR."""
        return not self.adapter.dpc_queued and not any(c.interrupt for c in self.calls)

    def driver(self, call: Call, *args: object) -> Steps:
        """Run the driver's DDI with `args`; the value is its status."""
        result = yield from drive(self.miniport, call.name, args)
        if call.facts.has_status:
            call.status = audit.status(self, call, result)
            return call.status
        return result

    def report(self, finding: Finding) -> None:
        """Keep a finding, with the step it belongs to."""
        self.findings.append(Finding(finding.kind, finding.message, finding.objects, finding.stop,
                                     finding.where, finding.details, self.steps))

    def callback(self, name: str, args: tuple[tuple[str, object], ...],
                 made: CallbackMade | None = None) -> None:
        """Note a callback of the running call."""
        if self.running is not None:
            self.running.callbacks.append(made or CallbackMade(name, args))

    # --- inside -----------------------------------------------------------------------------------

    def _advance(self, call: Call) -> bool:
        """Run a call to its next pause or to its end; whether that was its end."""
        self._begin_step()
        ended, call.waiting = call.waiting, None
        call.callbacks = []
        self.running, self.pool.caller = call, call.innermost
        try:
            with self.processor.at(call.irql):
                try:
                    call.waiting = self._to_pause(call, ended)
                finally:
                    call.irql = self.processor.irql
        except StopIteration as end:
            call.returned = True
            call.result = end.value
            self._leave(call)
        except BugCheck as end:
            self._stop(end)
        except OutOfReachError:
            self.steps -= 1
            raise
        finally:
            self.running, self.pool.caller = None, None
            while self.kernel.noticed:
                self.report(self.kernel.noticed.pop(0))
        return call.returned

    def _to_pause(self, call: Call, ended: Wait | None) -> Wait | None:
        """Run a call to its next pause: what it waits for, None if it is preempted. Raises
        `StopIteration` at its end."""
        assert call.steps is not None
        if ended is not None:
            ended.then()
        while True:
            pause = next(call.steps)
            if not isinstance(pause, Wait):
                return None
            if pause.parks or not pause.ready():
                return pause
            pause.then()

    def _leave(self, call: Call) -> None:
        """The thread of a call leaves the driver."""
        try:
            self.kernel.at_return(call, call.name)
        except BugCheck as end:
            self._stop(end)

    def _hardware(self, act: Callable[[], None]) -> None:
        self._begin_step()
        try:
            act()
        except BugCheck as end:
            self._stop(end)
        except OutOfReachError:
            self.steps -= 1
            raise

    def _begin_step(self) -> None:
        if self.stopped is not None:
            raise OutOfReachError(f"the machine has stopped: {self.stopped.message}", driver=True)
        self.steps += 1
        memory.unmap_closed(self)
        memory.unmap_kept(self)

    def _stop(self, end: BugCheck) -> None:
        self.report(end.finding)
        self.stopped = self.findings[-1]
        raise end

    def _pool_fails(self, kind: str) -> bool:
        call = self.running
        if call is None:
            return False
        named = call.failures.take(f"pool:{kind}")
        return call.failures.take("pool:*") or named

