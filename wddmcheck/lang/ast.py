"""The abstract syntax tree: what the text says, before any name is resolved.

All nodes are frozen, hold tuples, and carry a `span` outside equality, so that a tree that was
printed and parsed again equals the first one. Grammar: spec/grammar.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from wddmcheck.diagnostics.source import Span

NO_SPAN = Span("", 0, 0)


def _span() -> Span:
    return field(default=NO_SPAN, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier at a place."""

    text: str
    span: Span = _span()


# --- annotations ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Annotation:
    """`@doc("UID", "RULE", ...)`, `@inferred("RULE", "why")`, `@assumed("why")`,
    `@bugcheck("0x10E", "0x33")`: the name without `@`, and its string arguments."""

    name: str
    args: tuple[str, ...]
    span: Span = _span()


# --- types ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BoolType:
    """`bool`"""

    span: Span = _span()


@dataclass(frozen=True, slots=True)
class RangeType:
    """`0..3`"""

    lo: int
    hi: int
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class EnumType:
    """`{ Idle, Busy }` written in place"""

    members: tuple[Name, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class NamedType:
    """`Context`, `Context?` (`optional`), `raw Context?` (`raw`), or the name of an enum"""

    name: Name
    optional: bool = False
    raw: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class SetType:
    """`set of Context`"""

    element: Name
    span: Span = _span()


Type: TypeAlias = BoolType | RangeType | EnumType | NamedType | SetType

# --- expressions ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IntLit:
    """`3`"""

    value: int
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class BoolLit:
    """`true`, `false`"""

    value: bool
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class NoneLit:
    """`none`"""

    span: Span = _span()


@dataclass(frozen=True, slots=True)
class NameExpr:
    """A local, a parameter, a global variable, an enum member or a single object"""

    name: Name
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class FieldExpr:
    """`base.field`, or `base?.field` (`safe`)"""

    base: Expr
    field: Name
    safe: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class ApplyExpr:
    """`open(a, d)`: a relation applied to objects"""

    name: Name
    args: tuple[Expr, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class InFlightExpr:
    """`in_flight(DxgkDdiRender, c)`: a call of that block with those arguments is in flight (`_`
    is None and matches all; missing trailing arguments match all). `in_flight(c)` with an object
    expression and no block name: `block` is None and a call of any block holds it."""

    block: Name | None
    args: tuple[Expr | None, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class UnaryExpr:
    """`not e` (op "not"), `-e` (op "-")"""

    op: str
    arg: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class BinaryExpr:
    """op is one of: `=>` `or` `and` `==` `!=` `<` `<=` `>` `>=` `+` `-` `in`"""

    op: str
    left: Expr
    right: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class IsExpr:
    """`e is Idle`, `e is not none`, `e is live`, `e is dangling`, `e is Idle or Running` is not
    offered: `states` has one name, or several for `e is one of Idle, Running`."""

    arg: Expr
    states: tuple[Name, ...]
    negated: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class QuantExpr:
    """`all x: C where p: e` and `some`, `no`, `count` (without the last part: `body` None means
    true). `domain` is an object class name or a set-valued expression after `in`:
    `some a in c.buffers where p`. For `all`, `body` is required; for `some`/`no`/`count`
    `where` holds the condition and `body` is None."""

    quantifier: str
    var: Name
    domain: Name | Expr
    where: Expr | None
    body: Expr | None
    span: Span = _span()


Expr: TypeAlias = (
    IntLit | BoolLit | NoneLit | NameExpr | FieldExpr | ApplyExpr | InFlightExpr
    | UnaryExpr | BinaryExpr | IsExpr | QuantExpr
)

# --- statements ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CreateExpr:
    """`create Context(hDevice, fence: 0)`: at most one positional argument, the owner"""

    pool: Name
    owner: Expr | None
    fields: tuple[tuple[Name, Expr], ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class CallExpr:
    """`call DxgkCbQueueDpc(a)`, of a callback, a DDI (from a thunk) or a routine"""

    block: Name
    args: tuple[Expr, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class ChooseExpr:
    """`choose c: Context where e`, a statement that declares `c`: any object that fits. It is held
    as `Let(c, ChooseExpr(c, Context, e))`."""

    var: Name
    pool: Name
    where: Expr | None
    span: Span = _span()


Source: TypeAlias = CreateExpr | CallExpr | ChooseExpr | Expr
"""What may stand right of `let x =`."""


@dataclass(frozen=True, slots=True)
class Let:
    """`let x = source [or {...} | or return ...]`; `orelse` runs where the create or call fails"""

    name: Name
    value: Source
    orelse: tuple[Stmt, ...] | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Do:
    """`call F(x) [or ...]`, `create C(...) [or ...]` as a statement"""

    value: CallExpr | CreateExpr
    orelse: tuple[Stmt, ...] | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Assign:
    """`target = value`; target is a NameExpr or a FieldExpr"""

    target: Expr
    value: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Becomes:
    """`c becomes Running`: a life-state transition"""

    target: Expr
    state: Name
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Destroy:
    """`destroy c`"""

    target: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Edit:
    """`add x to c.buffers`, `remove x from c.buffers`, `add (a, d) to open`: `add` tells which;
    `elements` has one expression for a set, two for a relation"""

    add: bool
    elements: tuple[Expr, ...]
    target: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class If:
    """`if c {...} else if ... else {...}`"""

    cond: Expr
    then: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...] | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class For:
    """`for x in Context where e {...}`: all at once; `domain` as in QuantExpr"""

    var: Name
    domain: Name | Expr
    where: Expr | None
    body: tuple[Stmt, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class While:
    """`while e {...}`; every turn must pass a `step` or `wait until`"""

    cond: Expr
    body: tuple[Stmt, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Either:
    """`either {...} or {...} or {...}`: any one of them"""

    branches: tuple[tuple[Stmt, ...], ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class StepStmt:
    """`step`: others may run here"""

    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Wait:
    """`wait until e`"""

    cond: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class LockStmt:
    """`acquire L` / `release L`"""

    acquire: bool
    lock: Name
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Return:
    """`return`, `return STATUS_SUCCESS`, `return STATUS_SUCCESS, ctx`, `return e` (routine)"""

    status: Name | None = None
    value: Expr | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Assert:
    """`assert e`: the driver's own belief"""

    cond: Expr
    span: Span = _span()


Stmt: TypeAlias = (
    Let | Do | Assign | Becomes | Destroy | Edit | If | For | While | Either | StepStmt | Wait
    | LockStmt | Return | Assert
)

# --- declarations --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scope:
    """`[default] scope review { Process 2, Device 2, calls 2 }`"""

    name: Name
    sizes: tuple[tuple[Name, int], ...]
    default: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class EnumDecl:
    """`enum Power { D0, D3 }`"""

    name: Name
    members: tuple[Name, ...]
    doc: str = ""
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Field:
    """`[os] name: type [= value]` in an object"""

    name: Name
    type: Type
    init: Expr | None = None
    os: bool = False
    doc: str = ""
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class LifePath:
    """`Idle -> Running -> Lost` or with `<->`: states and, between them, whether both ways"""

    states: tuple[Name, ...]
    both_ways: tuple[bool, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class ObjectDecl:
    """`[single] object Context [within Device [as dev]] { life ...; fields }`"""

    name: Name
    owner: Name | None = None
    owner_field: Name | None = None
    single: bool = False
    life: tuple[LifePath, ...] = ()
    fields: tuple[Field, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    doc: str = ""
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class VarDecl:
    """`[os] var name: type [= value]`"""

    name: Name
    type: Type
    init: Expr | None = None
    os: bool = False
    doc: str = ""
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class RelationDecl:
    """`[os] relation open(Allocation, Device)`"""

    name: Name
    left: Name
    right: Name
    os: bool = False
    annotations: tuple[Annotation, ...] = ()
    doc: str = ""
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class LockDecl:
    """`lock AdapterLock spin` or `mutex`"""

    name: Name
    kind: str = "spin"
    doc: str = ""
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class PolicyDecl:
    """`policy G04: strict | lenient | adversarial = strict` (without `=`: the first)"""

    name: Name
    choices: tuple[Name, ...]
    default: Name | None = None
    annotations: tuple[Annotation, ...] = ()
    doc: str = ""
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class ParamDecl:
    """`hDevice: Device`"""

    name: Name
    type: Type
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Irql:
    """`irql PASSIVE_LEVEL`, `irql <= DISPATCH_LEVEL` (`at_most`)"""

    level: Name
    at_most: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Level:
    """`level 1 class gpu_scheduler`, `level 0 of hDevice.process`"""

    level: int
    klass: Name | None = None
    process: Expr | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Requires:
    """`requires e`: the caller's obligation, with its basis"""

    cond: Expr
    annotations: tuple[Annotation, ...] = ()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Hook:
    """`entry {...}` (`at` "entry"), `exit {...}`, `exit STATUS_SUCCESS {...}`: what the caller
    notes; runs in the same atomic step"""

    at: str
    status: Name | None
    body: tuple[Stmt, ...]
    annotations: tuple[Annotation, ...] = ()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class BlockDecl:
    """A ddi, callback, thunk, routine, gpu, interrupt, dpc or worker block.

    `header` is False in `replace ddi NAME {...}`, which replaces the body and keeps the contract.
    `when` is for gpu, interrupt, dpc and worker blocks.
    """

    kind: str
    name: Name
    params: tuple[ParamDecl, ...] = ()
    result: Type | None = None
    irql: Irql | None = None
    level: Level | None = None
    returns: tuple[Name, ...] = ()
    requires: tuple[Requires, ...] = ()
    hooks: tuple[Hook, ...] = ()
    when: Expr | None = None
    body: tuple[Stmt, ...] = ()
    header: bool = True
    annotations: tuple[Annotation, ...] = ()
    doc: str = ""
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Claim:
    """What a property claims. `kind`: "invariant", "never", "reachable", "always possible",
    "leads to", "before", "after", "builtin". `block`, `args` and `status` are for before/after
    (`args` name the block's parameters); `target` and `fair` for leads to."""

    kind: str
    formula: Expr | None = None
    target: Expr | None = None
    fair: tuple[Name, ...] = ()
    block: Name | None = None
    args: tuple[Name, ...] = ()
    status: Name | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class PropertyDecl:
    """`property NAME: claim`"""

    name: Name
    claim: Claim
    annotations: tuple[Annotation, ...] = ()
    doc: str = ""
    span: Span = _span()


Decl: TypeAlias = (
    Scope | EnumDecl | ObjectDecl | VarDecl | RelationDecl | LockDecl | PolicyDecl | BlockDecl
    | PropertyDecl
)


@dataclass(frozen=True, slots=True)
class Replace:
    """`replace DECL` in a variant"""

    decl: BlockDecl | PropertyDecl | ObjectDecl
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Remove:
    """`remove property NAME`, `remove ddi NAME`, ... in a variant"""

    kind: str
    name: Name
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Import:
    """`import "gpu.wddm"`"""

    path: str
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Extends:
    """`extends miniport [from "../miniport.wddm"]`"""

    base: Name
    path: str | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class File:
    """One file: `model NAME [extends BASE [from "PATH"]]` or `part NAME`, then imports and
    declarations in order."""

    name: Name
    part: bool = False
    extends: Extends | None = None
    imports: tuple[Import, ...] = ()
    decls: tuple[Decl | Replace | Remove, ...] = ()
    doc: str = ""
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Program:
    """A model and all that it needs, in dependency order: what a file extends or imports stands
    before it; `files[-1]` is the one that was asked for."""

    files: tuple[File, ...]

    @property
    def family(self) -> str:
        """The model at the end of the chain of `extends`: itself, if it extends nothing."""
        by_name = {file.name.text: file for file in self.files if not file.part}
        file = self.files[-1]
        while file.extends is not None:
            file = by_name[file.extends.base.text]
        return file.name.text
