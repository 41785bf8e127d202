"""The next value of a variable, as a function that is changed in places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from wddmcheck.export.instantiate import binary
from wddmcheck.export.render import Renderer
from wddmcheck.export.tla_words import Words
from wddmcheck.ir.build import and_, exists, mentions, substitute
from wddmcheck.ir.expr import TRUE, BinOp, Const, Expr, Var, sort_of
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import StateVar, Update, Write


@dataclass(frozen=True, slots=True)
class Updates:
    """Writes the right sides of `variable' = ...`."""

    words: Words
    render: Renderer

    def value(self, update: Update) -> str:
        """The new value of the whole variable."""
        var = self.render.variables[update.var]
        name = self.words.variable(var.name)
        writes = [w for write in update.writes for w in self._tight(write)]
        if not var.dims:
            return self._layered(name, [(w.where, w.value) for w in writes])
        if all(w.where == TRUE and not w.binders and not self._tests(var, w) for w in writes):
            places = ", ".join(
                f"![{', '.join(map(self.render.inner, w.index))}] = {self.render(w.value)}"
                for w in writes)
            return f"[{name} EXCEPT {places}]"
        return self._mapped(var, name, writes)

    def _mapped(self, var: StateVar, name: str, writes: list[Write]) -> str:
        """A function over all places: the last write that hits one decides."""
        places = self._places(var, writes)
        layers: list[tuple[Expr, Expr]] = []
        for write in writes:
            bound = {b for b, _ in write.binders}
            meant: dict[str, Expr] = {}
            hit: list[Expr] = []
            for place, index in zip(places, write.index, strict=True):
                if isinstance(index, Var) and index.name in bound and index.name not in meant:
                    meant[index.name] = place
                else:
                    hit.append(binary(BinOp.EQ, place, substitute(index, meant)))
            hit.append(substitute(write.where, meant))
            layers.append((and_(*hit), substitute(write.value, meant)))
        here = ", ".join(self.words.local(p.name) for p in places)
        ranges = ", ".join(f"{self.words.local(p.name)} \\in {self.words.pool(pool)}"
                           for p, pool in zip(places, var.dims, strict=True))
        return f"[{ranges} |-> {self._layered(f'{name}[{here}]', layers)}]"

    def _places(self, var: StateVar, writes: list[Write]) -> list[Var]:
        """Names for the place: those of the binders, where there is one write."""
        if len(writes) == 1 and len({str(i) for i in writes[0].index}) == len(var.dims) and all(
                isinstance(i, Var) and i.name in dict(writes[0].binders)
                for i in writes[0].index):
            return [i for i in writes[0].index if isinstance(i, Var)]
        return [Var(f"{pool.lower()}'{number}", RefSort(pool))
                for number, pool in enumerate(var.dims, 1)]

    def _layered(self, old: str, layers: list[tuple[Expr, Expr]]) -> str:
        text = old
        for hit, value in layers:
            # (in brackets, since what it is the value of comes before a `=` that binds closer)
            text = self.render.inner(value) if hit == TRUE else (
                f"IF {self.render(hit)} THEN {self.render(value)} ELSE {text}")
        return text

    def _tests(self, var: StateVar, write: Write) -> bool:
        """Whether an index may be no slot."""
        return any(isinstance(sort := sort_of(index), RefSort) and (sort.none or sort.dangling)
                   and not isinstance(index, Const) for index in write.index)

    def _tight(self, write: Write) -> Iterator[Write]:
        """The same as writes whose binders are all in the index, each once; in order."""
        used = {i.name for i in write.index if isinstance(i, Var)}
        loose = [(name, pool) for name, pool in write.binders if name not in used]
        kept = tuple(b for b in write.binders if b not in loose)
        if not mentions(write.value, [name for name, _ in loose]):
            where = write.where
            for name, pool in loose:
                where = exists(name, pool, where) if mentions(where, [name]) else where
            yield replace(write, where=where, binders=kept)
            return
        for slots in product(*(range(self.words.scoped.sizes[pool]) for _, pool in loose)):
            env = {name: Const(slot, RefSort(pool))
                   for (name, pool), slot in zip(loose, slots, strict=True)}
            yield Write(write.index, substitute(write.value, env), substitute(write.where, env),
                        kept)
