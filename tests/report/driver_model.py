"""A hand-made system close to the real thing, with the defects that reports must explain.

The miniport forgets its context allocations, destroys a context while the GPU still has it as its
current one, and parks in DestroyContext, so that a second DestroyContext can overtake it. Sources
are a text with the names at the places that spans point at.
"""

from __future__ import annotations

from wddmcheck.diagnostics.source import SourceFile, SourceMap, Span
from wddmcheck.ir.build import and_, dangling_of, eq, exists, forall, ite, ne, none_of, not_, or_
from wddmcheck.ir.evaluate import Layout, initial_state, take
from wddmcheck.ir.expr import TRUE, Const, Expr, Read, Var, slot
from wddmcheck.ir.sorts import BOOL, NONE, EnumSort, RefSort
from wddmcheck.ir.system import (
    Action,
    Actor,
    Basis,
    Citation,
    Kind,
    Label,
    Obligation,
    Origin,
    Param,
    Phase,
    Pool,
    Property,
    StateVar,
    SubCall,
    System,
    Update,
    Write,
)
from wddmcheck.result.verdict import Step, Trace

PATH = "models/driver.wddm"
TEXT = """\
/// A miniport that forgets its context allocations.
model driver

ddi DxgkDdiCreateProcess() -> Process { ... }
ddi DxgkDdiCreateDevice(hKmdProcess: Process) -> Device { ... }
ddi DxgkDdiCreateContext(hDevice: Device) -> Context {
  let ctx = create Context(hDevice)
  let save = call DxgkCbCreateContextAllocation(ctx)
}
ddi DxgkDdiSubmitCommand(hContext: Context) { ... }
gpu Complete(c: Context) when c is Running { ... }
gpu SaveState() when current is not none { touch current }
ddi DxgkDdiDestroyContext(hContext: Context) {
  step
  destroy hContext
}
ddi DxgkDdiDestroyDevice(hDevice: Device) { destroy hDevice }
ddi DxgkDdiDestroyProcess(hKmdProcess: Process) { destroy hKmdProcess }

property ctx_allocs_freed_first
  before DxgkDdiDestroyProcess(hKmdProcess):
    no a: ContextAllocation where a.process == hKmdProcess
property current_is_live
  never current is dangling
"""


def span(text: str, within: str = "") -> Span:
    """The span of the first `text` after `within`."""
    start = TEXT.index(text, TEXT.index(within) if within else 0)
    return Span(PATH, start, start + len(text))


def sources() -> SourceMap:
    """The sources of the model."""
    result = SourceMap()
    result.add(SourceFile(PATH, TEXT))
    return result


def _life(name: str, *states: str) -> EnumSort:
    return EnumSort(f"{name}.life", ("absent", *states))


LIVES = {
    "Process": _life("Process", "live"), "Device": _life("Device", "live"),
    "Context": _life("Context", "Idle", "Running"),
    "ContextAllocation": _life("ContextAllocation", "live"),
}
POOLS = (
    Pool("Process", life="Process.life", short="proc"),
    Pool("Device", life="Device.life", owner=("Process", "Device.process"), short="dev"),
    Pool("Context", life="Context.life", owner=("Device", "Context.device"), short="ctx"),
    Pool("ContextAllocation", life="ContextAllocation.life", short="ctxalloc"),
    Pool("Call", calls=True, short="call"),
)
AT = EnumSort("Call.at", ("idle", "DxgkDdiDestroyContext@1"))


def _ref(pool: str, *, dangling: bool = True) -> RefSort:
    return RefSort(pool, none=True, dangling=dangling)


VARIABLES = (
    *(StateVar(f"{p}.life", (p,), s, 0, "live" if len(s.members) == 2 else "life")
      for p, s in LIVES.items()),
    StateVar("Device.process", ("Device",), _ref("Process", dangling=False), NONE, "process"),
    StateVar("Context.device", ("Context",), _ref("Device", dangling=False), NONE, "device"),
    StateVar("ContextAllocation.context", ("ContextAllocation",), _ref("Context"), NONE,
             "context"),
    StateVar("ContextAllocation.process", ("ContextAllocation",), _ref("Process"), NONE,
             "process"),
    StateVar("open", ("ContextAllocation", "Device"), BOOL, 0, "open"),
    StateVar("current", (), _ref("Context"), NONE, "current"),
    StateVar("ghost", (), BOOL, 0),
    StateVar("Call.at", ("Call",), AT, 0, "at"),
    StateVar("Call.hContext", ("Call",), _ref("Context"), NONE, "hContext"),
)
SORTS = {v.name: v.sort for v in VARIABLES}


def read(var: str, *index: Expr) -> Read:
    return Read(var, index, SORTS[var])


def life(pool: str, ref: Expr) -> Read:
    return read(f"{pool}.life", ref)


def state_of(pool: str, name: str) -> Const:
    return Const(LIVES[pool].members.index(name), LIVES[pool])


def alive(pool: str, ref: Expr) -> Expr:
    return ne(life(pool, ref), state_of(pool, "absent"))


def put(var: str, index: tuple[Expr, ...], value: Expr) -> Update:
    return Update(var, (Write(index, value),))


def page(name: str, *rules: str) -> Origin:
    return Origin(None, (Citation(Basis.STATED, f"NC:d3dkmddi.{name}", rules),))


def dangle(var: str, pool: str, gone: Expr) -> Update:
    """References in `var` to `gone` turn dangling."""
    dims = next(v.dims for v in VARIABLES if v.name == var)
    binders = tuple((f"y{i}", d) for i, d in enumerate(dims))
    index = tuple(slot(n, d) for n, d in binders)
    return Update(var, (Write(index, dangling_of(pool), eq(read(var, *index), gone), binders),))


proc, dev, ctx, save = (slot(n, p) for n, p in (
    ("proc", "Process"), ("dev", "Device"), ("ctx", "Context"), ("save", "ContextAllocation")))
hProcess, hDevice, hContext, call = (slot(n, p) for n, p in (  # noqa: N816
    ("hKmdProcess", "Process"), ("hDevice", "Device"), ("hContext", "Context"), ("call", "Call")))
parked = read("Call.hContext", call)


def _params(*variables: Var) -> tuple[Param, ...]:
    return tuple(Param(v.name, v.sort) for v in variables)


def _create_context() -> tuple[Action, ...]:
    origin = page("DXGKDDI_CREATECONTEXT", "CTX-01")
    guard = and_(alive("Device", hDevice), not_(alive("Context", ctx)))
    args = (("hDevice", hDevice),)
    path = (span("let ctx"), span("let save"))
    ok = Action(
        "DxgkDdiCreateContext/1",
        Label("DxgkDdiCreateContext", "ddi", Actor.OS, Phase.WHOLE, args, "STATUS_SUCCESS", ctx,
              (SubCall("DxgkCbCreateContextAllocation", (("hContext", ctx),), "STATUS_SUCCESS",
                       save),), path),
        _params(hDevice, ctx, save), and_(guard, not_(alive("ContextAllocation", save))),
        (put("Context.life", (ctx,), state_of("Context", "Idle")),
         put("Context.device", (ctx,), hDevice),
         put("ContextAllocation.life", (save,), state_of("ContextAllocation", "live")),
         put("ContextAllocation.context", (save,), ctx),
         put("ContextAllocation.process", (save,), read("Device.process", hDevice)),
         put("open", (save, hDevice), TRUE)), origin=origin)
    failed = Action(
        "DxgkDdiCreateContext/2",
        Label("DxgkDdiCreateContext", "ddi", Actor.OS, Phase.WHOLE, args, "STATUS_NO_MEMORY", None,
              (SubCall("DxgkCbCreateContextAllocation", (("hContext", ctx),),
                       "STATUS_NO_MEMORY"),), path),
        _params(hDevice, ctx), guard, (put("ghost", (), TRUE),), origin=origin)
    return ok, failed


def _destroy_context() -> tuple[Action, ...]:
    origin = page("DXGKDDI_DESTROYCONTEXT", "CTX-05")
    entry = Action(
        "DxgkDdiDestroyContext/1",
        Label("DxgkDdiDestroyContext", "ddi", Actor.OS, Phase.ENTRY, (("hContext", hContext),),
              path=(span("step"),), at="step", call_slot="call"),
        _params(hContext, call),
        and_(eq(life("Context", hContext), state_of("Context", "Idle")),
             eq(read("Call.at", call), Const(0, AT))),
        (put("Call.at", (call,), Const(1, AT)), put("Call.hContext", (call,), hContext)),
        origin=origin)
    gone = parked
    finish = Action(
        "DxgkDdiDestroyContext/2",
        Label("DxgkDdiDestroyContext", "ddi", Actor.OS, Phase.RETURN, (("hContext", parked),),
              "STATUS_SUCCESS", path=(span("step"), span("destroy hContext")), call_slot="call"),
        _params(call), eq(read("Call.at", call), Const(1, AT)),
        (put("Context.life", (gone,), state_of("Context", "absent")),
         put("Context.device", (gone,), none_of("Device")),
         dangle("ContextAllocation.context", "Context", gone), dangle("current", "Context", gone),
         Update("Call.hContext", (
             *dangle("Call.hContext", "Context", gone).writes,
             Write((call,), none_of("Context")))),
         put("Call.at", (call,), Const(0, AT))),
        (Obligation("no_double_destroy", eq(parked, dangling_of("Context")), True,
                    "`hContext` was destroyed before", Origin(span("destroy hContext"))),),
        origin)
    return entry, finish


def _destroy_device() -> Action:
    child = slot("c", "Context")
    return Action(
        "DxgkDdiDestroyDevice/1",
        Label("DxgkDdiDestroyDevice", "ddi", Actor.OS, args=(("hDevice", hDevice),),
              status="STATUS_SUCCESS", path=(span("destroy hDevice"),)),
        _params(hDevice), alive("Device", hDevice),
        (put("Device.life", (hDevice,), state_of("Device", "absent")),
         put("Device.process", (hDevice,), none_of("Process")),
         Update("open", (Write((slot("a", "ContextAllocation"), hDevice), Const(0, BOOL), TRUE,
                               (("a", "ContextAllocation"),)),))),
        (Obligation("no_orphan", exists("c", "Context", and_(
            alive("Context", child), eq(read("Context.device", child), hDevice))), True,
            "a Context that lives within `hDevice` is orphaned", Origin(span("destroy hDevice"))),),
        page("DXGKDDI_DESTROYDEVICE", "DEV-04"))


def _destroy_process() -> Action:
    device, left = slot("d", "Device"), slot("a", "ContextAllocation")
    return Action(
        "DxgkDdiDestroyProcess/1",
        Label("DxgkDdiDestroyProcess", "ddi", Actor.OS, args=(("hKmdProcess", hProcess),),
              status="STATUS_SUCCESS", path=(span("destroy hKmdProcess"),)),
        _params(hProcess), and_(alive("Process", hProcess), forall("d", "Device", or_(
            not_(alive("Device", device)), ne(read("Device.process", device), hProcess)))),
        (put("Process.life", (hProcess,), state_of("Process", "absent")),
         dangle("ContextAllocation.process", "Process", hProcess)),
        (Obligation("ctx_allocs_freed_first", exists("a", "ContextAllocation", and_(
            alive("ContextAllocation", left),
            eq(read("ContextAllocation.process", left), hProcess))), False,
            "a context allocation is left when its process is destroyed",
            INFERRED),),
        page("DXGKDDI_DESTROYPROCESS"))


INFERRED = Origin(
    span(TEXT[TEXT.index("before Dxgk"):TEXT.index("property current")].rstrip()),
    (Citation(Basis.INFERRED, "NC:d3dkmddi.DXGKDDI_DESTROYPROCESS", ("CTX-07", "PRC-04"),
              "the DestroyProcess page has no remarks; context allocations belong to contexts, and "
              "contexts to devices of the process"),))


def _actions() -> tuple[Action, ...]:
    current = read("current")
    touch = Obligation(
        "no_gpu_access_to_destroyed", eq(current, dangling_of("Context")), True,
        "`current` was destroyed", Origin(span("touch current")))
    return (
        Action("DxgkDdiCreateProcess/1",
               Label("DxgkDdiCreateProcess", "ddi", Actor.OS, status="STATUS_SUCCESS", result=proc),
               _params(proc), not_(alive("Process", proc)),
               (put("Process.life", (proc,), state_of("Process", "live")),),
               origin=page("DXGKDDI_CREATEPROCESS", "PRC-01")),
        Action("DxgkDdiCreateDevice/1",
               Label("DxgkDdiCreateDevice", "ddi", Actor.OS, args=(("hKmdProcess", hProcess),),
                     status="STATUS_SUCCESS", result=dev),
               _params(hProcess, dev), and_(alive("Process", hProcess),
                                            not_(alive("Device", dev))),
               (put("Device.life", (dev,), state_of("Device", "live")),
                put("Device.process", (dev,), hProcess)),
               origin=page("DXGKDDI_CREATEDEVICE", "DEV-01")),
        *_create_context(),
        Action("DxgkDdiSubmitCommand/1",
               Label("DxgkDdiSubmitCommand", "ddi", Actor.OS, args=(("hContext", hContext),),
                     status="STATUS_SUCCESS"),
               _params(hContext), eq(life("Context", hContext), state_of("Context", "Idle")),
               (put("Context.life", (hContext,), state_of("Context", "Running")),
                put("current", (), hContext))),
        Action("Complete/1", Label("Complete", "gpu", Actor.GPU, args=(("c", ctx),)),
               _params(ctx), eq(life("Context", ctx), state_of("Context", "Running")),
               (put("Context.life", (ctx,), state_of("Context", "Idle")),)),
        Action("SaveState/1", Label("SaveState", "gpu", Actor.GPU, path=(span("touch current"),)),
               (), ne(current, none_of("Context")),
               (put("current", (), ite(TRUE, none_of("Context"), none_of("Context"))),), (touch,)),
        *_destroy_context(), _destroy_device(), _destroy_process())


def _properties() -> tuple[Property, ...]:
    built_in = Origin(None, (Citation(Basis.LANGUAGE),))
    some_ctx = exists("c", "Context", eq(life("Context", slot("c", "Context")),
                                         state_of("Context", "Running")))
    no_process = forall("p", "Process", not_(alive("Process", slot("p", "Process"))))
    return (
        Property("ctx_allocs_freed_first", Kind.OBLIGATION,
                 title="a context allocation outlives its process", bugchecks=("0x10E/0x33",),
                 origin=INFERRED),
        Property("no_double_destroy", Kind.OBLIGATION, title="an object is destroyed twice",
                 origin=built_in),
        Property("no_orphan", Kind.OBLIGATION, title="an object outlives what it lives within",
                 origin=built_in),
        Property("no_gpu_access_to_destroyed", Kind.OBLIGATION,
                 title="the GPU reaches an object that was destroyed", origin=built_in),
        Property("current_is_live", Kind.INVARIANT,
                 ne(read("current"), dangling_of("Context")),
                 title="the GPU's current context was destroyed",
                 origin=Origin(span("never current is dangling"), (
                     Citation(Basis.ASSUMED, "", ("CTX-13",), "no page says who switches away"),))),
        Property("running_ends", Kind.LEADS_TO, some_ctx, not_(some_ctx), fair=("SaveState",),
                 title="a running context never completes", origin=built_in),
        Property("can_tear_down", Kind.ALWAYS_POSSIBLE, no_process,
                 title="the process can no longer be destroyed", origin=built_in),
        Property("no_deadlock", Kind.NO_DEADLOCK, title="nothing can ever happen again",
                 origin=built_in),
        Property("a_context_runs", Kind.REACHABLE, some_ctx, title="a context runs"),
        Property("fires:Complete", Kind.FIRES, actions=("Complete/1",), goal=True,
                 about="Complete", title="Complete can happen"),
        Property("fires:DxgkDdiDestroyContext", Kind.FIRES, actions=("DxgkDdiDestroyContext/1",),
                 goal=True, about="DxgkDdiDestroyContext",
                 title="DxgkDdiDestroyContext can be called"),
        Property("returns:DxgkDdiCreateContext:STATUS_NO_MEMORY", Kind.FIRES,
                 actions=("DxgkDdiCreateContext/2",), goal=True, about="DxgkDdiCreateContext",
                 title="DxgkDdiCreateContext can return STATUS_NO_MEMORY"),
        Property("premise:current_is_live", Kind.REACHABLE,
                 ne(read("current"), none_of("Context")), goal=True, about="current_is_live",
                 title="the premise of current_is_live can be true"),
    )


SYSTEM = System("driver", POOLS, VARIABLES, _actions(), _properties(),
                (("quick", (("Process", 1), ("Device", 1), ("Context", 1),
                            ("ContextAllocation", 1), ("Call", 1))),), ("quick",),
                (("G06", "leak"),))
QUICK = {"Process": 1, "Device": 1, "Context": 1, "ContextAllocation": 1, "Call": 1}
WIDE = {"Process": 1, "Device": 1, "Context": 2, "ContextAllocation": 2, "Call": 2}


def prop(name: str) -> Property:
    return next(p for p in SYSTEM.properties if p.name == name)


def run(scope: dict[str, int], *steps: tuple[object, ...], shortest: bool = True,
        loop: int | None = None) -> Trace:
    """The trace of steps (action, *args), by the oracle."""
    layout = Layout.of(SYSTEM, scope)
    actions = {a.name: a for a in SYSTEM.actions}
    state = start = initial_state(layout)
    done = []
    for name, *args in steps:
        outcome = take(layout, actions[str(name)], tuple(args), state)  # type: ignore[arg-type]
        assert outcome is not None, f"{name} is not enabled"
        done.append(Step(str(name), tuple(args), outcome.state))  # type: ignore[arg-type]
        state = outcome.state if outcome.state is not None else state
    return Trace(start, tuple(done), shortest, loop)


def leak() -> Trace:
    """The context allocation survives everything."""
    return run(QUICK, ("DxgkDdiCreateProcess/1", 0), ("DxgkDdiCreateDevice/1", 0, 0),
               ("DxgkDdiCreateContext/1", 0, 0, 0), ("DxgkDdiDestroyContext/1", 0, 0),
               ("DxgkDdiDestroyContext/2", 0), ("DxgkDdiDestroyDevice/1", 0),
               ("DxgkDdiDestroyProcess/1", 0))


def twice() -> Trace:
    """Two DestroyContext calls for one context."""
    return run(WIDE, ("DxgkDdiCreateProcess/1", 0), ("DxgkDdiCreateDevice/1", 0, 0),
               ("DxgkDdiCreateContext/2", 0, 0), ("DxgkDdiCreateContext/1", 0, 1, 0),
               ("DxgkDdiDestroyContext/1", 1, 0), ("DxgkDdiDestroyContext/1", 1, 1),
               ("DxgkDdiDestroyContext/2", 0), ("DxgkDdiDestroyContext/2", 1))


def gpu() -> Trace:
    """The GPU saves the state of a context that is gone; the slot is reused meanwhile."""
    return run(WIDE, ("DxgkDdiCreateProcess/1", 0), ("DxgkDdiCreateDevice/1", 0, 0),
               ("DxgkDdiCreateContext/1", 0, 0, 0), ("DxgkDdiSubmitCommand/1", 0),
               ("Complete/1", 0), ("DxgkDdiDestroyContext/1", 0, 0),
               ("DxgkDdiDestroyContext/2", 0), ("DxgkDdiCreateContext/1", 0, 0, 1),
               ("SaveState/1",))


def orphan() -> Trace:
    """The device goes before its context."""
    return run(QUICK, ("DxgkDdiCreateProcess/1", 0), ("DxgkDdiCreateDevice/1", 0, 0),
               ("DxgkDdiCreateContext/1", 0, 0, 0), ("DxgkDdiDestroyDevice/1", 0))


def invariant() -> Trace:
    """`current` dangles."""
    return run(QUICK, ("DxgkDdiCreateProcess/1", 0), ("DxgkDdiCreateDevice/1", 0, 0),
               ("DxgkDdiCreateContext/1", 0, 0, 0), ("DxgkDdiSubmitCommand/1", 0),
               ("Complete/1", 0), ("DxgkDdiDestroyContext/1", 0, 0),
               ("DxgkDdiDestroyContext/2", 0))


def lasso() -> Trace:
    """A context runs for ever while processes come and go."""
    return run({**QUICK, "Process": 2}, ("DxgkDdiCreateProcess/1", 0),
               ("DxgkDdiCreateDevice/1", 0, 0), ("DxgkDdiCreateContext/1", 0, 0, 0),
               ("DxgkDdiSubmitCommand/1", 0), ("SaveState/1",), ("DxgkDdiCreateProcess/1", 1),
               ("DxgkDdiDestroyProcess/1", 1), loop=5)
