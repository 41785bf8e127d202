"""What statements do to a path: create, destroy, assign, edit, and `for`, which does it to many.

An ordinary statement acts on one object; in a `for` body it acts on every object of the range at
once, which the IR writes with binders. All turns of a `for` read the state in which it starts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
from wddmcheck.diagnostics.source import Span
from wddmcheck.ir.build import (
    and_,
    at_most,
    dangling_of,
    eq,
    exists,
    is_slot,
    ite,
    less,
    mentions,
    none_of,
    not_,
    or_,
    substitute,
)
from wddmcheck.ir.expr import FALSE, TRUE, Const, Expr, Var, sort_of
from wddmcheck.ir.sorts import BOOL, IntRange, RefSort
from wddmcheck.ir.system import StateVar
from wddmcheck.lower.exprs import Lowerer, Traps, an, spell
from wddmcheck.lower.store import ABSENT, Path, life_name, stale_name
from wddmcheck.sema.model import (
    SAssign,
    SBecomes,
    SDestroy,
    SEditRelation,
    SEditSet,
    X,
    XField,
    XGlobal,
    XSingle,
    type_of,
)
from wddmcheck.sema.types import NoneT, RefT

DOUBLE_DESTROY = "no_double_destroy"
ORPHAN = "no_orphan"
LEAK = "no_leak"
LIFE = "legal_life_transitions"
RANGE = "integers_in_range"


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns of a `for`: `var` ranges over `pool` where `cond` holds. None outside a `for`."""

    var: str
    pool: str
    cond: Expr


@dataclass(slots=True)
class Effects:
    """Applies simple statements to `path`. `view` is the path that expressions read: the same
    path, or in a `for` the state where it started."""

    path: Path
    lower: Lowerer
    turns: Turns | None = None
    lenient: bool = False      # hooks: what does not exist is passed over
    only_if: Expr = TRUE       # hooks: the conditions of the `if`s around

    # --- obligations and writes, for one or for all turns ------------------------------------

    def owe(self, property_: str, broken: Expr, message: str, span: Span | None) -> None:
        """Owe that `broken` holds in no turn."""
        if self.lenient:
            return
        if self.turns is not None:
            broken = exists(self.turns.var, self.turns.pool, and_(self.turns.cond, broken))
        self.path.oblige(property_, broken, message, span)

    def trap(self, traps: Traps, span: Span) -> None:
        """Owe that none of `traps` happens."""
        for trap in traps:
            self.owe(trap.property, trap.broken, trap.message, trap.span or span)

    def write(self, var: str, index: tuple[Expr, ...], value: Expr, span: Span,
              where: Expr = TRUE) -> None:
        """Write in one place, or in each turn's place."""
        turns = self.turns
        where = and_(self.only_if, where)
        if turns is None:
            self.path.write(var, index, value, where)
            return
        where = and_(turns.cond, where)
        own = Var(turns.var, RefSort(turns.pool))
        if own in index and not any(mentions(i, (turns.var,)) for i in index if i != own):
            self.path.write(var, index, value, where, ((turns.var, turns.pool),))
        elif not any(mentions(e, (turns.var,)) for e in (*index, value)):
            self.path.write(var, index, value, exists(turns.var, turns.pool, where))
        else:
            raise UserError((Diagnostic(
                "WC155", f"the turns of this `for` would write `{var}` in each other's way", span,
                help="in `for x in ...`, write only to fields of x, or use `while` with "
                     "`choose` and `step`"),))

    def value(self, x: X, span: Span, pool_of: X | None = None) -> Expr:
        """The value of `x`; `none` takes its class from `pool_of`."""
        if isinstance(type_of(x), NoneT) and pool_of is not None:
            target = type_of(pool_of)
            assert isinstance(target, RefT)
            return none_of(target.pool)
        value, traps = self.lower.value(x)
        self.trap(traps, span)
        return value

    def deref(self, x: X, at: X, span: Span) -> Expr:
        """The value of a reference that is used, with what can be wrong about it owed."""
        value, traps = self.lower.deref(x, at)
        self.trap(traps, span)
        return value

    # --- statements --------------------------------------------------------------------------

    def assign(self, s: SAssign) -> None:
        """`target = value`."""
        value = self.value(s.value, s.span, s.target)
        index: tuple[Expr, ...] = ()
        if isinstance(s.target, XGlobal):
            name = s.target.name
        else:
            name = f"{s.target.pool}.{s.target.field}"
            index = (self.deref(s.target.base, s.target, s.span),)
        self.in_range(self.path.store.variables[name], value, spell(s.target), s.span)
        self.write(name, index, value, s.span)

    def in_range(self, var: StateVar, value: Expr, text: str, span: Span) -> None:
        """Owe that an integer stays in its declared range."""
        have = sort_of(value)
        if isinstance(var.sort, IntRange) and isinstance(have, IntRange):
            lo, hi = var.sort.lo, var.sort.hi
            outside = []
            if have.lo < lo:
                outside.append(less(value, Const(lo, IntRange(lo, lo))))
            if have.hi > hi:
                outside.append(not_(at_most(value, Const(hi, IntRange(hi, hi)))))
            self.owe(RANGE, or_(*outside), f"`{text}` leaves {lo}..{hi}", span)

    def becomes(self, s: SBecomes) -> None:
        """A life-state transition, which must be declared."""
        ref = self.deref(s.target, s.target, s.span)
        store = self.path.store
        cls = store.model.objects[s.pool]
        life = self.lower.path.read(life_name(s.pool), (ref,))
        allowed = [eq(life, store.life_const(s.pool, a)) for a, b in sorted(cls.transitions)
                   if b == s.state]
        self.owe(LIFE, not_(or_(*allowed)),
                 f"`{spell(s.target)}` cannot become {s.state} from its present life state",
                 s.span)
        self.write(life_name(s.pool), (ref,), store.life_const(s.pool, s.state), s.span)

    def edit_set(self, s: SEditSet) -> None:
        """`add x to s`, `remove x from s`."""
        base = self.deref(s.set.base, s.set, s.span)
        element = self.deref(s.element, s.element, s.span)
        self.write(f"{s.set.pool}.{s.set.field}", (base, element), Const(int(s.add), BOOL), s.span)

    def edit_relation(self, s: SEditRelation) -> None:
        """`add (x, y) to r`, `remove (x, y) from r`."""
        left = self.deref(s.left, s.left, s.span)
        right = self.deref(s.right, s.right, s.span)
        self.write(s.relation, (left, right), Const(int(s.add), BOOL), s.span)

    def destroy(self, s: SDestroy) -> None:
        """End a life: owe that it is one, that nothing lives within it; then every reference to
        it dangles and every variable of the slot is as at first."""
        value, traps = self.lower.value(s.target)
        self.trap(traps, s.span)
        for trap in self.lower.reference_traps(value, s.target, s.target):
            property_ = DOUBLE_DESTROY if trap.property == "no_use_after_destroy" \
                or isinstance(s.target, XSingle) else trap.property
            message = (f"`{spell(s.target)}` was destroyed before"
                       if property_ == DOUBLE_DESTROY else trap.message)
            self.owe(property_, trap.broken, message, s.span)
        self._orphans(s, value)
        self._forget(s.pool, value)
        self._reset(s.pool, value, s.span)
        if self.turns is not None and isinstance(value, Var) and value.name == self.turns.var:
            before = self.lower.gone.get(value.name, FALSE)
            self.lower.gone[value.name] = or_(before, self.turns.cond)

    def _orphans(self, s: SDestroy, value: Expr) -> None:
        """Nothing may live within what is destroyed; with the root goes everything."""
        model = self.path.store.model
        root = model.objects[s.pool].single
        for child in model.objects.values():
            free = child.owner is None and not child.single and root
            if child.owner != s.pool and not free:
                continue
            name = self.lower.names(child.name[0].lower() + child.name[1:])
            ref = Var(name, RefSort(child.name))
            alive = self.lower.path.live(child.name, ref)
            if not root:
                owner = self.lower.path.read(f"{child.name}.{child.owner_field}", (ref,))
                alive = and_(alive, self.path.same(owner, value))
            word = "is leaked" if root else "is orphaned"
            self.owe(LEAK if root else ORPHAN, exists(name, child.name, alive),
                     f"{an(child.name)} that lives within `{spell(s.target)}` {word}", s.span)

    def _is_destroyed(self, pool: str, value: Expr, ref: Expr) -> Expr:
        """Whether `ref` names an object that this statement destroys."""
        turns = self.turns
        if turns is None or not mentions(value, (turns.var,)):
            return self.path.same(ref, value)
        # Destroying the loop variable: those references whose object has a turn.
        if not isinstance(value, Var):
            raise UserError((Diagnostic(
                "WC155", "in `for`, only the loop's own object can be destroyed", None,
                help="loop over the objects to destroy"),))
        return and_(is_slot(ref), substitute(turns.cond, {turns.var: ref}))

    def _forget(self, pool: str, value: Expr) -> None:
        """References to what is destroyed turn dangling; sets and relations lose it."""
        path, store = self.path, self.path.store
        for var in store.references_to(pool):
            names = [(self.lower.names("y"), dim) for dim in var.dims]
            index = tuple(Var(n, RefSort(d)) for n, d in names)
            held = path.read(var.name, index)
            hit = self._is_destroyed(pool, value, held)
            if hit != FALSE:
                path.write(var.name, index, dangling_of(pool), hit, tuple(names))
        for local, (bound, type_) in list(path.env.items()):
            if isinstance(type_, RefT) and type_.pool == pool and not type_.raw:
                hit = self._is_destroyed(pool, value, bound)
                if hit != FALSE:
                    path.env[local] = (ite(hit, dangling_of(pool), bound), type_)
        for var in store.variables.values():
            if len(var.dims) != 2:
                continue
            for side in (0, 1):
                if var.dims[side] == pool and (side == 1 or var.name in store.model.relations):
                    self._leave(var, side, pool, value)

    def _leave(self, var: StateVar, side: int, pool: str, value: Expr) -> None:
        """Take what is destroyed out of a set or relation; a set remembers that it did."""
        path = self.path
        names = [(self.lower.names("y"), dim) for dim in var.dims]
        index = tuple(Var(n, RefSort(d)) for n, d in names)
        gone = self._is_destroyed(pool, value, index[side])
        if var.name not in path.store.model.relations:
            listed = exists(names[1][0], names[1][1], and_(gone, path.read(var.name, index)))
            path.write(stale_name(var.name), (index[0],), Const(1, BOOL), listed, (names[0],))
        path.write(var.name, index, Const(0, BOOL), gone, tuple(names))

    def _reset(self, pool: str, value: Expr, span: Span) -> None:
        store = self.path.store
        for var in store.of_pool(pool):
            init = Const(var.init, var.sort)
            if len(var.dims) == 1:
                self.write(var.name, (value,), init, span)
            else:
                name = self.lower.names("y")
                element = Var(name, RefSort(var.dims[1]))
                if self.turns is None:
                    self.path.write(var.name, (value, element), init, TRUE,
                                    ((name, var.dims[1]),))
                else:
                    self.path.write(var.name, (value, element), init, self.turns.cond,
                                    ((self.turns.var, pool), (name, var.dims[1])))
        self.write(life_name(pool), (value,), Const(ABSENT, store.life_sort(pool)), span)


def for_turns(path: Path, lower: Lowerer, var: str, pool: str, members: XField | None,
              where: X | None, span: Span, outer: Effects) -> Effects:
    """The effects of a `for` body: expressions read the state as it is now."""
    view = path.fork()
    name, inner, cond, traps = replace(lower, path=view).range_over(var, pool, members)
    outer.trap(traps, span)
    if where is not None:
        more, traps = inner.cond(where)
        for trap in traps:
            outer.owe(trap.property, exists(name, pool, and_(cond, trap.broken)), trap.message,
                      trap.span or span)
        cond = and_(cond, more)
    return Effects(path, inner, Turns(name, pool, cond), outer.lenient, outer.only_if)
