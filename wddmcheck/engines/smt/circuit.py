"""Boolean circuits: and-nodes over literals, shared and simplified as they are built.

A literal is an int: twice the node number, plus one if negated; `FALSE` and `TRUE` are the two
literals of node 0. Numbers are given in order of creation and arguments are sorted by number, so
the same calls give the same circuit in every process (pointers of Z3 would not).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

Lit: TypeAlias = int

FALSE: Lit = 0
TRUE: Lit = 1

PAIRWISE_LIMIT = 6
"""Up to this many literals, "at most one" is said pair by pair; above, by a chain."""


class Circuit:
    """A growing set of nodes: inputs and conjunctions."""

    def __init__(self) -> None:
        self.args: list[tuple[Lit, ...] | None] = [()]   # None: an input
        self.names: dict[int, str] = {}
        self._nodes: dict[tuple[Lit, ...], int] = {}
        self._group: dict[Lit, int] = {}
        self._groups = 0

    def input(self, name: str) -> Lit:
        """A fresh input."""
        node = len(self.args)
        self.args.append(None)
        self.names[node] = name
        return 2 * node

    def one_of(self, names: Sequence[str]) -> list[Lit]:
        """Fresh inputs of which whoever uses the circuit promises that exactly one holds. Two
        choices share one input; conjunctions of different choices fold to `FALSE`."""
        if len(names) == 1:
            return [TRUE]
        if len(names) == 2:
            second = self.input(names[1])
            return [second ^ 1, second]
        choices = [self.input(name) for name in names]
        self._groups += 1
        for choice in choices:
            self._group[choice] = self._groups
        return choices

    def and_(self, lits: Iterable[Lit]) -> Lit:
        """Conjunction."""
        found: set[Lit] = set()
        for lit in lits:
            if lit == FALSE or lit ^ 1 in found:
                return FALSE
            if lit != TRUE:
                found.add(lit)
        if len(found) < 2:
            return found.pop() if found else TRUE
        taken: dict[int, Lit] = {}
        negated = False
        for lit in found:
            if lit & 1:
                negated = True
                continue
            group = self._group.get(lit)
            if group is not None and taken.setdefault(group, lit) != lit:
                return FALSE
        if taken and negated:
            # "This choice" says "not that one", too.
            found = {x for x in found if not x & 1 or self._group.get(x ^ 1) not in taken}
            if len(found) == 1:
                return found.pop()
        key = tuple(sorted(found))
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = len(self.args)
            self.args.append(key)
        return 2 * node

    def or_(self, lits: Iterable[Lit]) -> Lit:
        """Disjunction."""
        return self.and_([lit ^ 1 for lit in lits]) ^ 1

    def iff(self, a: Lit, b: Lit) -> Lit:
        """Equivalence."""
        return self.or_((self.and_((a, b)), self.and_((a ^ 1, b ^ 1))))

    def implies(self, a: Lit, b: Lit) -> Lit:
        """Implication."""
        return self.and_((a, b ^ 1)) ^ 1

    def at_most_one(self, lits: Sequence[Lit]) -> list[Lit]:
        """Constraints that say that at most one of `lits` holds."""
        if len(lits) <= PAIRWISE_LIMIT:
            return [(2 * self._pair(a, b)) ^ 1
                    for i, a in enumerate(lits) for b in lits[:i]]
        constraints = []
        before = lits[0]
        for lit in lits[1:]:
            # Not `and_`: it would use the promise that is to be stated here.
            constraints.append((2 * self._pair(before, lit)) ^ 1)
            before = (2 * self._pair(before ^ 1, lit ^ 1)) ^ 1
        return constraints

    def exactly_one(self, lits: Sequence[Lit]) -> list[Lit]:
        """Constraints that keep the promise of `one_of`."""
        return [] if len(lits) < 3 else [self.or_(lits), *self.at_most_one(lits)]

    def _pair(self, a: Lit, b: Lit) -> int:
        key = (a, b) if a < b else (b, a)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = len(self.args)
            self.args.append(key)
        return node
