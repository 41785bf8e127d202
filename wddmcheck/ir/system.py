"""The transition system: what every engine and exporter consumes.

A `System` does not fix the sizes of its pools; a *scope* (`Mapping[pool, size]`) does, per run.
All slots of a pool are interchangeable: nothing in the IR can tell two slots apart.

A state assigns each variable a value at each index tuple. The flat form, used by engines and
traces, is a tuple of integers: variables in declaration order, each row-major over its dimensions.

Meaning (spec/semantics.md has it in full). In state s, an action instance (an action with values
for its parameters) is *enabled* if its guard holds. An enabled instance first meets its
`obligations`, in order: one whose `broken` condition holds is a violation of its property, and if
`stops` is set the instance has no successor (later obligations are not looked at). Otherwise the
successor is s with all updates applied simultaneously: every expression of an action reads s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from wddmcheck.diagnostics.source import Span
from wddmcheck.ir.expr import TRUE, Expr
from wddmcheck.ir.sorts import Sort


class Basis(Enum):
    """On whose word something rests."""

    STATED = "stated"      # @doc: the page says so
    INFERRED = "inferred"  # @inferred: follows from what pages say; `why` tells how
    ASSUMED = "assumed"    # @assumed: no sentence; `why` tells the reason
    LANGUAGE = "built in"  # the semantics of references, ownership, ... itself


@dataclass(frozen=True, slots=True)
class Citation:
    """A source: `uid` is a documentation page UID ("NC:d3dkmddi.DXGKDDI_DESTROYCONTEXT") or "",
    `rules` are ids of the rule catalogue ("CTX-05"), `why` is prose for INFERRED and ASSUMED."""

    basis: Basis
    uid: str = ""
    rules: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something comes from: for people, never for engines."""

    span: Span | None = None
    citations: tuple[Citation, ...] = ()


NOWHERE = Origin()


@dataclass(frozen=True, slots=True)
class Pool:
    """A class of interchangeable slots. `single` pools have size 1 in every scope; `calls` marks
    the pool of in-flight calls. `life` names the variable that holds the life state of a slot;
    its member 0 is `absent`. `owner` is (owner pool, variable) for `object C within D`; the
    variable is "" where the owner is single, and so needs none."""

    name: str
    single: bool = False
    calls: bool = False
    life: str = ""
    owner: tuple[str, str] | None = None
    short: str = ""  # prefix of identities in traces: "ctx" gives ctx#0


@dataclass(frozen=True, slots=True)
class StateVar:
    """A total function from slots of `dims` (pool names) to `sort`; `init` is its value everywhere
    in the initial state and for absent slots. `label` is the name in the model's words (`device`
    for variable `Context.device`); an empty label hides it from traces."""

    name: str
    dims: tuple[str, ...]
    sort: Sort
    init: int
    label: str = ""
    origin: Origin = field(default=NOWHERE, compare=False)


CALL_AT = "Call.at"
"""The variable that says where each call in flight is paused; its member 0 is "nowhere"."""


@dataclass(frozen=True, slots=True)
class Param:
    """An action parameter: the environment picks any value of `sort` (a `RefSort` ranges over all
    slots, plus NONE if `none`; never DANGLING)."""

    name: str
    sort: Sort


@dataclass(frozen=True, slots=True)
class Write:
    """One write of an update: for all values of `binders` (name, pool) with `where`, the variable
    at `index` becomes `value`. With no binders it is a single assignment under a condition. Each
    index expression is a binder of the write or an expression without binders."""

    index: tuple[Expr, ...]
    value: Expr
    where: Expr = TRUE
    binders: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Update:
    """The writes to one variable. All read the old state; where two hit the same place, the later
    one wins. Writes at an index that is not a slot are ignored."""

    var: str
    writes: tuple[Write, ...]


@dataclass(frozen=True, slots=True)
class Obligation:
    """Taking the action while `broken` holds violates property `property`. `stops`: the run ends
    there (a fault of the built-in kinds); otherwise it goes on (a written before/after)."""

    property: str
    broken: Expr
    stops: bool
    message: str = ""  # what happened, in the model's words
    origin: Origin = field(default=NOWHERE, compare=False)


class Actor(Enum):
    """Who acts."""

    OS = "OS"
    UMD = "UMD"
    KMD = "KMD"
    GPU = "GPU"
    ISR = "ISR"
    DPC = "DPC"


class Phase(Enum):
    """Which part of a block an action executes."""

    WHOLE = "whole"        # entry to return, atomic
    ENTRY = "entry"        # entry to the first `step` or `wait until`
    RESUME = "resume"      # between two such points
    RETURN = "return"      # from such a point to the return


@dataclass(frozen=True, slots=True)
class SubCall:
    """A callback or nested DDI made within an action, for people: values in the old state. With
    `binders` it is made once for each of their values that satisfies `where`."""

    name: str
    args: tuple[tuple[str, Expr], ...]
    status: str = ""
    result: Expr | None = None
    binders: tuple[tuple[str, str], ...] = ()
    where: Expr = TRUE


@dataclass(frozen=True, slots=True)
class Label:
    """What an action is in the model's words. `args` are shown as the call's arguments (old
    state), `result` is what a create returns (a parameter that names a fresh slot, usually)."""

    block: str               # name of the DDI, gpu block, ...
    kind: str                # "ddi", "thunk", "gpu", "interrupt", "dpc", "worker"
    actor: Actor
    phase: Phase = Phase.WHOLE
    args: tuple[tuple[str, Expr], ...] = ()
    status: str = ""         # "STATUS_SUCCESS" for WHOLE and RETURN of a DDI
    result: Expr | None = None
    calls: tuple[SubCall, ...] = ()
    path: tuple[Span, ...] = ()    # statements executed, in order
    at: str = ""             # for ENTRY and RESUME: where it stops, in words ("step at 61")
    call_slot: str = ""      # name of the parameter that is the in-flight call, if any
    failed: tuple[str, ...] = ()   # pools for which `create` failed on the way
    turns: tuple[int, ...] = ()    # which branch it takes at each `either`, from 1
    towards: str = ""        # of a path that a fault ends for certain: the status it was to return


@dataclass(frozen=True, slots=True)
class Action:
    """A guarded, atomic, parametrised state change."""

    name: str                # unique and stable: "DxgkDdiDestroyContext/2"
    label: Label
    params: tuple[Param, ...]
    guard: Expr
    updates: tuple[Update, ...]
    obligations: tuple[Obligation, ...] = ()
    origin: Origin = field(default=NOWHERE, compare=False)


class Kind(Enum):
    """What a property claims about all runs."""

    INVARIANT = "invariant"              # `formula` holds in every reachable state
    OBLIGATION = "obligation"            # no action breaks an obligation that names the property
    REACHABLE = "reachable"              # some reachable state satisfies `formula`
    FIRES = "fires"                      # some action of `actions` can be taken without a fault
    ALWAYS_POSSIBLE = "always possible"  # AG (premise -> EF formula)
    LEADS_TO = "leads to"                # G(formula -> F target), weak fairness of `fair` blocks
    NO_DEADLOCK = "no deadlock"          # every reachable state has an enabled action


@dataclass(frozen=True, slots=True)
class Property:
    """A claim. `goal` marks coverage goals made by the tool (a DDI fires, a status is returned, a
    premise can be true): an unreached goal makes the run HOLLOW rather than violated, and `about`
    names the property or block whose hollowness it shows. Of a written before/after, `about` is
    the block that it speaks of. `premise` says from which states something is always possible:
    from all, in what is lowered."""

    name: str
    kind: Kind
    formula: Expr = TRUE
    target: Expr = TRUE
    fair: tuple[str, ...] = ()       # block names (Label.block)
    actions: tuple[str, ...] = ()    # action names, for FIRES
    goal: bool = False
    about: str = ""
    title: str = ""                  # one sentence: what is wrong when it is violated
    bugchecks: tuple[str, ...] = ()  # documented stop codes, "0x10E/0x33"
    premise: Expr = TRUE
    origin: Origin = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class System:
    """The whole transition system. `scopes` maps scope names to sizes; `default_scopes` are those
    that a plain `verify` runs. `policies` records the choices that were lowered in, `without` the
    guarantees of the environment that were left out; `family` is the name of the model that this
    one extends in the end, or its own."""

    name: str
    pools: tuple[Pool, ...]
    variables: tuple[StateVar, ...]
    actions: tuple[Action, ...]
    properties: tuple[Property, ...]
    scopes: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
    default_scopes: tuple[str, ...] = ()
    policies: tuple[tuple[str, str], ...] = ()
    family: str = ""
    without: tuple[str, ...] = ()
