"""Small random systems that use all of the IR: two pools, an absent-or-live life, references that
dangle, integers, a relation, a global; actions with parameters, binders and obligations."""

from __future__ import annotations

from random import Random

from wddmcheck.ir.expr import (
    FALSE,
    TRUE,
    And,
    Binary,
    BinOp,
    Const,
    Count,
    Expr,
    Ite,
    Not,
    Or,
    Quant,
    QuantOp,
    Read,
    Var,
    sort_of,
)
from wddmcheck.ir.sorts import BOOL, BoolSort, EnumSort, IntRange, RefSort, Sort
from wddmcheck.ir.system import (
    Action,
    Actor,
    Kind,
    Label,
    Obligation,
    Param,
    Pool,
    Property,
    StateVar,
    System,
    Update,
    Write,
)

LIFE = EnumSort("life", ("absent", "idle", "busy"))
SMALL = IntRange(0, 2)
VARIABLES = (
    StateVar("life", ("P",), LIFE, 0),
    StateVar("to", ("P",), RefSort("Q", none=True, dangling=True), -1),
    StateVar("n", ("P",), SMALL, 0),
    StateVar("on", ("Q",), BOOL, 0),
    StateVar("up", ("Q",), RefSort("P", none=True), -1),
    StateVar("rel", ("P", "Q"), BOOL, 0),
    StateVar("g", (), LIFE, 1),
    StateVar("one", ("S",), SMALL, 1),
)
POOLS = (Pool("P", life="life"), Pool("Q"), Pool("S", single=True))


class Maker:
    """Makes expressions over variables in scope."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.names = 0

    def fresh(self) -> str:
        self.names += 1
        return f"v{self.names}"

    def bool_(self, scope: list[Var], depth: int) -> Expr:
        r = self.random
        if depth == 0 or r.random() < 0.15:
            return self.atom(scope)
        match r.randrange(9):
            case 0:
                return Not(self.bool_(scope, depth - 1))
            case 1 | 2:
                return And(tuple(self.bool_(scope, depth - 1) for _ in range(r.randint(0, 3))))
            case 3 | 4:
                return Or(tuple(self.bool_(scope, depth - 1) for _ in range(r.randint(0, 3))))
            case 5 | 6:
                var = Var(self.fresh(), RefSort(r.choice("PQ")))
                return Quant(r.choice(list(QuantOp)), var.name, var.sort.pool,
                             self.bool_([*scope, var], depth - 1))
            case 7:
                return Ite(*(self.bool_(scope, depth - 1) for _ in range(3)), BOOL)
            case _:
                return self.compare(scope, depth)

    def compare(self, scope: list[Var], depth: int) -> Expr:
        op = self.random.choice((BinOp.EQ, BinOp.NE, BinOp.LT, BinOp.LE))
        return Binary(op, self.int_(scope, depth), self.int_(scope, depth), BOOL)

    def int_(self, scope: list[Var], depth: int) -> Expr:
        r = self.random
        if depth == 0 or r.random() < 0.3:
            return r.choice((Const(r.randint(0, 2), SMALL), self.read("n", scope),
                             self.read("one", scope)))
        match r.randrange(4):
            case 0:
                op = r.choice((BinOp.ADD, BinOp.SUB))
                return Binary(op, self.int_(scope, depth - 1), self.int_(scope, depth - 1),
                              IntRange(-9, 9))
            case 1:
                var = Var(self.fresh(), RefSort(r.choice("PQ")))
                return Count(var.name, var.sort.pool, self.bool_([*scope, var], depth - 1))
            case 2:
                return Ite(self.bool_(scope, depth - 1), self.int_(scope, depth - 1),
                           self.int_(scope, depth - 1), IntRange(-9, 9))
            case _:
                return self.read("n", scope)

    def ref(self, pool: str, scope: list[Var], nested: bool = True) -> Expr:
        r = self.random
        known = [v for v in scope if isinstance(v.sort, RefSort) and v.sort.pool == pool]
        if known and r.random() < 0.7:
            return r.choice(known)
        if pool == "S":
            return Const(0, RefSort("S"))
        if nested and r.random() < 0.8:
            return self.read("to" if pool == "Q" else "up", scope, nested=False)
        return Const(r.choice((-1, -2)), RefSort(pool, True, True))

    def read(self, name: str, scope: list[Var], nested: bool = True) -> Expr:
        var = next(v for v in VARIABLES if v.name == name)
        return Read(name, tuple(self.ref(d, scope, nested) for d in var.dims), var.sort)

    def value(self, sort: Sort, scope: list[Var]) -> Expr:
        """A value that stays within `sort`."""
        r = self.random
        match sort:
            case BoolSort():
                return self.bool_(scope, 1) if r.random() < 0.4 else TRUE
            case EnumSort(_, members):
                return Const(r.randrange(len(members)), sort)
            case RefSort(pool, _, dangling):
                slots = [v for v in scope if sort_of(v) == RefSort(pool)]
                options: list[Expr] = [*slots, *slots, Const(-1, sort)]
                if dangling:
                    options.append(Const(-2, sort))
                return r.choice(options)
            case IntRange(lo, hi):
                e = self.int_(scope, 2)
                low, high = Const(lo, sort), Const(hi, sort)
                return Ite(Binary(BinOp.LT, e, low, BOOL), low,
                           Ite(Binary(BinOp.LT, high, e, BOOL), high, e, sort), sort)

    def atom(self, scope: list[Var]) -> Expr:
        r = self.random
        name = r.choice(VARIABLES).name
        read = self.read(name, scope)
        match sort_of(read):
            case BoolSort():
                return read
            case EnumSort(_, members) as sort:
                return Binary(BinOp.EQ, read, Const(r.randrange(len(members)), sort), BOOL)
            case RefSort(pool):
                return Binary(r.choice((BinOp.EQ, BinOp.NE)), read, self.ref(pool, scope), BOOL)
            case sort:
                return Binary(BinOp.LE, read, Const(r.randint(0, 2), sort), BOOL)

    def pattern(self) -> Expr:
        """Some slots that look so and so, none of it as at first."""
        r = self.random
        bound = [Var(self.fresh(), RefSort(r.choice("PPQ"))) for _ in range(r.randint(1, 3))]
        parts: list[Expr] = []
        while len(parts) < r.randint(2, 4):
            var = r.choice(VARIABLES)
            read = self.read(var.name, bound, nested=r.random() < 0.3)
            const = Const(var.init, var.sort)
            parts.append(Binary(BinOp.NE, read, const, BOOL) if r.random() < 0.6
                         else self.bool_(bound, 1))
        body: Expr = And(tuple(parts))
        for v in bound:
            body = Quant(QuantOp.EXISTS, v.name, v.sort.pool, body)
        return body

    def action(self, number: int) -> Action:
        r = self.random
        sorts: list[Sort] = [RefSort("P"), RefSort("Q"), RefSort("Q", none=True), RefSort("P"),
                             SMALL, LIFE, BOOL]
        params = tuple(Param(f"a{number}_{i}", s)
                       for i, s in enumerate([*sorts[:2], *r.sample(sorts, r.randint(0, 1))]))
        scope = [Var(p.name, p.sort) for p in params]
        updates = []
        for var in r.sample(VARIABLES, r.randint(1, 2)):
            updates.append(Update(var.name, tuple(
                self.write(var, scope) for _ in range(r.randint(1, 2)))))
        obligations = tuple(
            Obligation(f"O{r.randrange(2)}",
                       And((self.bool_(scope, 1), self.atom(scope))),
                       stops=r.random() < 0.5) for _ in range(r.randint(0, 2)))
        guard = Or((self.bool_(scope, 2), self.atom(scope)))
        return Action(f"A{number}", Label(f"A{number}", "ddi", Actor.OS), params, guard,
                      tuple(updates), obligations)

    def write(self, var: StateVar, scope: list[Var]) -> Write:
        r = self.random
        if r.random() < 0.25 and var.dims:
            binders = tuple((self.fresh(), d) for d in var.dims)
            bound = [Var(n, RefSort(d)) for n, d in binders]
            if len(binders) == 2 and r.random() < 0.5:
                binders, bound = binders[:1], bound[:1]
                index: tuple[Expr, ...] = (bound[0], self.ref(var.dims[1], scope))
            else:
                index = tuple(bound)
            inner = [*scope, *bound]
            return Write(index, self.value(var.sort, inner), self.bool_(inner, 2), binders)
        own = {v.sort.pool: v for v in scope if isinstance(v.sort, RefSort)}
        index = tuple(own.get(d, self.ref(d, scope)) if r.random() < 0.8 else self.ref(d, scope)
                      for d in var.dims)
        return Write(index, self.value(var.sort, scope),
                     TRUE if r.random() < 0.7 else self.bool_(scope, 1))


def random_system(seed: int) -> System:
    maker = Maker(seed)
    actions = tuple(maker.action(i) for i in range(maker.random.randint(4, 7)))
    properties = (
        *(Property(f"I{i}", Kind.INVARIANT, Not(maker.pattern()))
          for i in range(8)),
        *(Property(f"R{i}", Kind.REACHABLE, maker.pattern())
          for i in range(4)),
        Property("O0", Kind.OBLIGATION), Property("O1", Kind.OBLIGATION),
        *(Property(f"F{a.name}", Kind.FIRES, actions=(a.name,), goal=True) for a in actions),
        Property("D", Kind.NO_DEADLOCK), Property("never", Kind.REACHABLE, FALSE, goal=True),
    )
    return System(f"random{seed}", POOLS, VARIABLES, actions, properties)
