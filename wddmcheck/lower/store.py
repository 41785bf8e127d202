"""The state variables of a model, and a symbolic state over them.

`Store` says which variable holds what. `Path` is one path through one atomic segment of a block:
what has been assumed (`guard`), written, owed (`obligations`) and bound so far. All expressions
of a path read the state before the segment; `read` looks through the writes made on the way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from wddmcheck.diagnostics.source import Span
from wddmcheck.ir.build import and_, eq, ite, mentions, ne, substitute
from wddmcheck.ir.expr import FALSE, TRUE, Const, Expr, Ite, Read, Var
from wddmcheck.ir.sorts import BOOL, NONE, EnumSort, IntRange, RefSort, Sort
from wddmcheck.ir.system import (
    CALL_AT,
    NOWHERE,
    Obligation,
    Origin,
    Param,
    StateVar,
    SubCall,
    Update,
    Write,
)
from wddmcheck.sema.check import CALL_POOL
from wddmcheck.sema.model import FieldInfo, Model, ObjectClass
from wddmcheck.sema.types import (
    BoolT,
    EnumT,
    ErrorT,
    IntT,
    NoneT,
    RefT,
    SetT,
    Type,
)

ABSENT = 0
IDLE = "idle"


def sort_for(type_: Type, *, dangling: bool = True) -> Sort:
    """The IR sort of a stored value of `type_` (sets are stored per element)."""
    match type_:
        case BoolT() | SetT():
            return BOOL
        case IntT(lo, hi):
            return IntRange(lo, hi)
        case EnumT(name, members):
            return EnumSort(name, members)
        case RefT(pool, _, raw):
            return RefSort(pool, none=True, dangling=dangling and not raw)
        case NoneT() | ErrorT():
            raise AssertionError(type_)


@dataclass(slots=True)
class Store:
    """All state variables by name, and how the language's places map to them."""

    model: Model
    variables: dict[str, StateVar] = field(default_factory=dict)
    raw: set[str] = field(default_factory=set)          # variables that hold raw references
    points: tuple[str, ...] = ()                        # control points, in discovery order

    def __post_init__(self) -> None:
        for cls in self.model.objects.values():
            members = ("absent", *cls.states)
            label = "life" if cls.states != ("live",) else ""
            self._add(StateVar(life_name(cls.name), (cls.name,), EnumSort(
                life_name(cls.name), members), ABSENT, label or "live", cls.origin))
            for info in cls.fields.values():
                if not self.implicit(cls, info):
                    self._field(cls, info)
        for info in self.model.globals.values():
            init = NONE if info.init is None else info.init
            self._add(StateVar(info.name, (), sort_for(info.type), init, info.name,
                               Origin(info.span)))
            if isinstance(info.type, RefT) and info.type.raw:
                self.raw.add(info.name)
        for rel in self.model.relations.values():
            self._add(StateVar(rel.name, (rel.left, rel.right), BOOL, 0, rel.name, rel.origin))

    def _field(self, cls: ObjectClass, info: FieldInfo) -> None:
        name = f"{cls.name}.{info.name}"
        origin = Origin(info.span)
        match info.type:
            case SetT(pool):
                self._add(StateVar(name, (cls.name, pool), BOOL, 0, info.name, origin))
                self._add(StateVar(stale_name(name), (cls.name,), BOOL, 0,
                                   f"{info.name} holds a dangling reference", origin))
            case RefT(raw=raw):
                init = NONE if info.init is None else info.init
                sort = sort_for(info.type, dangling=not info.owner)
                self._add(StateVar(name, (cls.name,), sort, init, info.name, origin))
                if raw:
                    self.raw.add(name)
            case _:
                self._add(StateVar(name, (cls.name,), sort_for(info.type), info.init or 0,
                                   info.name, origin))

    def implicit(self, cls: ObjectClass, info: FieldInfo) -> bool:
        """Whether a field needs no variable: the owner, where there is only one it could be."""
        return info.owner and self.model.objects[cls.owner or ""].single

    def _add(self, var: StateVar) -> None:
        self.variables[var.name] = var

    def call_variable(self, name: str, sort: Sort, init: int, label: str = "") -> StateVar:
        """The variable `name` of the pool of calls, made on first use."""
        if name not in self.variables:
            self._add(StateVar(name, (CALL_POOL,), sort, init, label))
        return self.variables[name]

    @property
    def at_sort(self) -> EnumSort:
        """The sort of the program counter of calls."""
        return EnumSort(CALL_AT, (IDLE, *self.points))

    def at(self, call: Expr, point: str) -> Expr:
        """Whether `call` stands at control point `point`."""
        sort = self.at_sort
        return eq(Read(CALL_AT, (call,), sort), Const(sort.members.index(point), sort))

    def life_sort(self, pool: str) -> EnumSort:
        """The sort of the life states of a class."""
        sort = self.variables[life_name(pool)].sort
        assert isinstance(sort, EnumSort)
        return sort

    def life_const(self, pool: str, state: str) -> Const:
        """A life state as a constant; "absent" is one."""
        sort = self.life_sort(pool)
        return Const(sort.members.index(state), sort)

    def of_pool(self, pool: str) -> list[StateVar]:
        """The variables whose first dimension is `pool` and that reset when a slot dies."""
        return [v for v in self.variables.values()
                if v.dims and v.dims[0] == pool and v.name != life_name(pool)
                and v.name not in self.model.relations]

    def references_to(self, pool: str) -> list[StateVar]:
        """The variables that hold references to `pool` which turn dangling."""
        return [v for v in self.variables.values()
                if isinstance(v.sort, RefSort) and v.sort.pool == pool and v.sort.dangling
                and v.name not in self.raw]


def life_name(pool: str) -> str:
    """The variable that holds life states of `pool`."""
    return f"{pool}.life"


def stale_name(set_variable: str) -> str:
    """The variable that tells whether a set lost a destroyed element that it still lists."""
    return f"{set_variable}.stale"


@dataclass(slots=True)
class Path:
    """One path through one segment; `fork` before trying alternatives."""

    store: Store
    params: list[Param] = field(default_factory=list)
    guard: list[Expr] = field(default_factory=list)
    writes: dict[str, tuple[Write, ...]] = field(default_factory=dict)
    obligations: list[Obligation] = field(default_factory=list)
    env: dict[str, tuple[Expr, Type]] = field(default_factory=dict)
    calls: list[SubCall] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)     # pools whose `create` failed
    turns: list[int] = field(default_factory=list)      # branch taken at each `either`, from 1
    fresh: set[str] = field(default_factory=set)   # parameters that name slots absent before
    held: tuple[str, ...] = ()                     # locks held
    irql: int | None = None
    call: Var | None = None                        # the in-flight call, once there is one
    dead: bool = False                             # an obligation is certainly broken

    def fork(self) -> Path:
        """An independent copy."""
        return Path(self.store, list(self.params), list(self.guard), dict(self.writes),
                    list(self.obligations), dict(self.env), list(self.calls), list(self.spans),
                    list(self.failed), list(self.turns), set(self.fresh), self.held, self.irql,
                    self.call, self.dead)

    def assume(self, cond: Expr) -> bool:
        """Add to the guard; false if the path is now impossible."""
        if cond == TRUE:
            return True
        if cond == FALSE or and_(*self.guard, cond) == FALSE:
            return False
        self.guard.append(cond)
        return True

    def oblige(self, property_: str, broken: Expr, message: str, span: Span | None, *,
               stops: bool = True, origin: Origin | None = None) -> None:
        """Owe that `broken` does not hold here."""
        if self.dead or and_(*self.guard, broken) == FALSE:
            return
        if stops and any(o.broken == broken and o.stops for o in self.obligations):
            return
        self.obligations.append(Obligation(
            property_, broken, stops, message, origin or (Origin(span) if span else NOWHERE)))
        if broken == TRUE and stops:
            self.dead = True

    def same(self, left: Expr, right: Expr) -> Expr:
        """Equality of two references as slots; a fresh slot equals nothing that was known."""
        for a, b in ((left, right), (right, left)):
            if isinstance(a, Var) and a.name in self.fresh and a != b:
                if isinstance(b, Ite):
                    return ite(b.cond, self.same(a, b.then), self.same(a, b.orelse))
                if isinstance(b, Var):
                    # Parameters are live objects or other fresh slots; bound variables range
                    # over all slots and may be this one.
                    if any(p.name == b.name for p in self.params):
                        return FALSE
                elif not mentions(b, self.fresh) and not self._raw(b):
                    return FALSE
        return eq(left, right)

    def _raw(self, expr: Expr) -> bool:
        return isinstance(expr, Read) and expr.var in self.store.raw

    def read(self, var: str, index: tuple[Expr, ...]) -> Expr:
        """The value of `var` at `index` as of now on this path."""
        declared = self.store.variables[var]
        value: Expr = Read(var, index, declared.sort)
        if index and isinstance(index[0], Var) and index[0].name in self.fresh:
            value = Const(declared.init, declared.sort)
        for write in self.writes.get(var, ()):
            names = {name: i for i, (name, _) in enumerate(write.binders)}
            bound: dict[str, Expr] = {}
            hits: list[Expr] = []
            for own, asked in zip(write.index, index, strict=True):
                if isinstance(own, Var) and own.name in names:
                    bound[own.name] = asked
                else:
                    hits.append(self.same(own, asked))
            where = substitute(write.where, bound)
            value = ite(and_(*hits, where), substitute(write.value, bound), value)
        return value

    def write(self, var: str, index: tuple[Expr, ...], value: Expr, where: Expr = TRUE,
              binders: tuple[tuple[str, str], ...] = ()) -> None:
        """Record a write; one that certainly overwrites an earlier one replaces it."""
        if where == FALSE:
            return
        new = Write(index, value, where, binders)
        earlier = self.writes.get(var, ())
        if where == TRUE and not binders:
            earlier = tuple(w for w in earlier if w.index != index or w.binders)
        self.writes[var] = (*earlier, new)

    def live(self, pool: str, ref: Expr) -> Expr:
        """Whether `ref`, which names a slot, names a live object."""
        return ne(self.read(life_name(pool), (ref,)), self.store.life_const(pool, "absent"))

    def updates(self) -> tuple[Update, ...]:
        """The writes as IR updates, in order of first write."""
        result = []
        for var, writes in self.writes.items():
            kept = tuple(w for w in writes if not _identity(var, w))
            if kept:
                result.append(Update(var, kept))
        return tuple(result)


def _identity(var: str, write: Write) -> bool:
    return isinstance(write.value, Read) and write.value.var == var \
        and write.value.index == write.index


def free_name(base: str, taken: Iterable[str]) -> str:
    """`base`, or `base_2`, ... whichever is not taken."""
    used = set(taken)
    name, n = base, 1
    while name in used:
        n += 1
        name = f"{base}_{n}"
    return name


__all__ = ["ABSENT", "IDLE", "Path", "Store", "free_name", "life_name", "sort_for",
           "stale_name"]
