"""The typed model: every name resolved, every expression typed. What `lower` consumes.

Expressions are `X...`, statements `S...`. Locals are identified by their name, which is unique
within a block (no shadowing).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from wddmcheck.diagnostics.source import Span
from wddmcheck.ir.system import NOWHERE, Origin
from wddmcheck.sema.types import BOOL, EnumT, IntT, Type

# --- expressions ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class XConst:
    """A literal: int, bool (0/1), enum member (index), or none (`NoneT`, -1)."""

    value: int
    type: Type


@dataclass(frozen=True, slots=True)
class XLocal:
    """A parameter, a local or a quantified variable."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class XGlobal:
    """A global variable."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class XSingle:
    """The only object of a `single` class; it may be absent."""

    pool: str
    type: Type


@dataclass(frozen=True, slots=True)
class XField:
    """`base.field`."""

    base: X
    pool: str
    field: str
    type: Type
    safe: bool
    span: Span


@dataclass(frozen=True, slots=True)
class XRelation:
    """A relation applied."""

    name: str
    left: X
    right: X


@dataclass(frozen=True, slots=True)
class XInFlight:
    """A call in flight: of `block` with these arguments (None: any), or of any block that holds
    `args[0]` where `block` is None."""

    block: str | None
    args: tuple[X | None, ...]


@dataclass(frozen=True, slots=True)
class XNot:
    """Negation."""

    arg: X


@dataclass(frozen=True, slots=True)
class XBool:
    """`and`, `or`, `=>` of two."""

    op: Literal["and", "or", "=>"]
    left: X
    right: X


@dataclass(frozen=True, slots=True)
class XCompare:
    """`==`, `!=`, `<`, `<=`, `>`, `>=`."""

    op: str
    left: X
    right: X


@dataclass(frozen=True, slots=True)
class XArith:
    """`+`, `-`."""

    op: Literal["+", "-"]
    left: X
    right: X
    type: IntT


@dataclass(frozen=True, slots=True)
class XIs:
    """A test of a reference: `test` is "none", "live", "dangling" or "state" (then `states` are
    life states of `pool`, any of which). `negated`: `is not`, which is as atomic as `is`."""

    arg: X
    pool: str
    test: Literal["none", "live", "dangling", "state"]
    states: tuple[str, ...] = ()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class XIn:
    """Membership of a reference in a set-valued field."""

    element: X
    set: XField


@dataclass(frozen=True, slots=True)
class XQuant:
    """`all`/`some`/`no`/`count` over the live objects of `pool` (that are in `set`, if given).
    For `all`, `body` must hold of those with `where`; for the others `body` is None."""

    quantifier: Literal["all", "some", "no", "count"]
    var: str
    pool: str
    set: XField | None
    where: X | None
    body: X | None


@dataclass(frozen=True, slots=True)
class XPolicy:
    """Whether policy `name` is one of `choices` in this run."""

    name: str
    choices: tuple[str, ...]


X: TypeAlias = (
    XConst | XLocal | XGlobal | XSingle | XField | XRelation | XInFlight | XNot | XBool
    | XCompare | XArith | XIs | XIn | XQuant | XPolicy
)


def type_of(x: X) -> Type:
    """The type of a typed expression."""
    match x:
        case XConst() | XLocal() | XGlobal() | XSingle() | XField() | XArith():
            return x.type
        case XQuant(quantifier="count"):
            return IntT(0, 1 << 16)
        case _:
            return BOOL


# --- statements ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SCreate:
    """Create an object; `target` is the local that names it ("" if none)."""

    target: str
    pool: str
    owner: X | None
    fields: tuple[tuple[str, X], ...]
    orelse: Body | None
    span: Span


@dataclass(frozen=True, slots=True)
class SCall:
    """Call a callback, routine or (from a thunk) DDI; `orelse` runs when its status is a
    failure; `target` receives the value it returns (none where it failed)."""

    target: str
    block: str
    args: tuple[X, ...]
    orelse: Body | None
    span: Span


@dataclass(frozen=True, slots=True)
class SChoose:
    """Pick any live object with `where`."""

    target: str
    pool: str
    where: X | None
    span: Span


@dataclass(frozen=True, slots=True)
class SLet:
    """Bind a value."""

    target: str
    value: X
    span: Span


@dataclass(frozen=True, slots=True)
class SAssign:
    """Assign to a field or a global variable."""

    target: XField | XGlobal
    value: X
    span: Span


@dataclass(frozen=True, slots=True)
class SBecomes:
    """A life-state transition."""

    target: X
    pool: str
    state: str
    span: Span


@dataclass(frozen=True, slots=True)
class SDestroy:
    """End an object's life."""

    target: X
    pool: str
    span: Span


@dataclass(frozen=True, slots=True)
class SEditSet:
    """Add to or remove from a set-valued field."""

    add: bool
    element: X
    set: XField
    span: Span


@dataclass(frozen=True, slots=True)
class SEditRelation:
    """Add a pair to or remove it from a relation."""

    add: bool
    relation: str
    left: X
    right: X
    span: Span


@dataclass(frozen=True, slots=True)
class SIf:
    """A conditional."""

    cond: X
    then: Body
    orelse: Body
    span: Span


@dataclass(frozen=True, slots=True)
class SFor:
    """All at once, for each live object of `pool` (in `set`) with `where`."""

    var: str
    pool: str
    set: XField | None
    where: X | None
    body: Body
    span: Span


@dataclass(frozen=True, slots=True)
class SWhile:
    """A loop; each turn passes a scheduling point."""

    cond: X
    body: Body
    span: Span


@dataclass(frozen=True, slots=True)
class SEither:
    """Nondeterministic choice of a branch."""

    branches: tuple[Body, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class SStep:
    """A scheduling point."""

    span: Span


@dataclass(frozen=True, slots=True)
class SWait:
    """A scheduling point that is left only while `cond` holds."""

    cond: X
    span: Span


@dataclass(frozen=True, slots=True)
class SLock:
    """Acquire or release a lock."""

    acquire: bool
    lock: str
    span: Span


@dataclass(frozen=True, slots=True)
class SReturn:
    """Leave the block."""

    status: str
    value: X | None
    span: Span


@dataclass(frozen=True, slots=True)
class SAssert:
    """The driver's own belief."""

    cond: X
    span: Span


S: TypeAlias = (
    SCreate | SCall | SChoose | SLet | SAssign | SBecomes | SDestroy | SEditSet | SEditRelation
    | SIf | SFor | SWhile | SEither | SStep | SWait | SLock | SReturn | SAssert
)
Body: TypeAlias = tuple[S, ...]

# --- declarations --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field of an object, or a global variable. `init` is encoded as `ir.sorts` says; None: a
    reference that `create` must be given. `os`: only the operating system's side may touch it."""

    name: str
    type: Type
    init: int | None
    os: bool
    owner: bool = False
    doc: str = ""
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ObjectClass:
    """An object class. `states` are its life states (the first is where `create` puts it);
    `transitions` are the declared ones."""

    name: str
    single: bool
    owner: str | None
    owner_field: str
    states: tuple[str, ...]
    transitions: frozenset[tuple[str, str]]
    fields: dict[str, FieldInfo]
    origin: Origin = field(default=NOWHERE, compare=False)
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """A two-place relation between live objects; pairs vanish with either of the two."""

    name: str
    left: str
    right: str
    os: bool
    origin: Origin = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock; `spin` raises IRQL to DISPATCH_LEVEL while it is held."""

    name: str
    spin: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Policy:
    """An open question of the documentation and its possible answers."""

    name: str
    choices: tuple[str, ...]
    default: str
    origin: Origin = field(default=NOWHERE, compare=False)
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Contract:
    """One `requires`."""

    cond: X
    origin: Origin


@dataclass(frozen=True, slots=True)
class ExitHook:
    """What the caller notes on return with `status` ("": any)."""

    status: str
    body: Body


@dataclass(frozen=True, slots=True)
class Block:
    """A ddi, callback, thunk, routine, gpu, interrupt, dpc or worker."""

    kind: str
    name: str
    params: tuple[tuple[str, Type], ...]
    result: Type | None
    irql: int | None          # None: not stated
    irql_at_most: bool
    level: int | None
    klass: str
    process: X | None
    returns: tuple[str, ...]
    requires: tuple[Contract, ...]
    entry: Body
    exits: tuple[ExitHook, ...]
    when: X | None
    body: Body
    origin: Origin = field(default=NOWHERE, compare=False)
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A property's claim, typed. `kind` as in `lang.ast.Claim`. For before/after, `formula` may
    name the block's parameters by `args` (position by position)."""

    kind: str
    formula: X | None = None
    target: X | None = None
    fair: tuple[str, ...] = ()
    block: str = ""
    args: tuple[str, ...] = ()
    status: str = ""


@dataclass(frozen=True, slots=True)
class PropertyDef:
    """A named claim with its basis."""

    name: str
    claim: Claim
    title: str
    bugchecks: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class ScopeDef:
    """Pool sizes; "Call" is the number of calls in flight."""

    name: str
    sizes: tuple[tuple[str, int], ...]
    default: bool


@dataclass(slots=True)
class Model:
    """Everything, by name, in declaration order. `family` is the model that this one extends in
    the end, or its own name."""

    name: str
    family: str
    objects: dict[str, ObjectClass] = field(default_factory=dict)
    enums: dict[str, EnumT] = field(default_factory=dict)
    globals: dict[str, FieldInfo] = field(default_factory=dict)
    relations: dict[str, Relation] = field(default_factory=dict)
    locks: dict[str, Lock] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    properties: dict[str, PropertyDef] = field(default_factory=dict)
    scopes: dict[str, ScopeDef] = field(default_factory=dict)
