"""Runs the LALR(1) automaton over tokens and builds values bottom up, without recursion.

The automaton knows no node: a `build` function gets a rule's name, the kept values and the range
of the text. It measures how deep the values are nested, so that whoever walks the tree later may
recurse.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from wddmcheck.lang.tokens import RESERVED, Token

PASS = "="
"""A rule with this name hands on its only value."""
LIST = "*"
"""A rule with this name is a list that is spliced into the rule that uses it."""
MAX_DEPTH = 200
"""How deep expressions and statements may be nested."""

Build = Callable[[str, list[Any], int, int], Any]
Rule = tuple[str, int, str, tuple[int, ...], int]

STRUCTURE = frozenset({
    PASS, LIST, "body", "items", "item", "members", "clauses", "clause", "otherwise", "expressions",
    "arguments", "elements", "call_pattern", "class_domain", "set_domain", "state",
    "named_argument", "name", "int", "true", "false", "none", "any",
})
"""Rules that add no level to the tree."""


class TooDeepError(Exception):
    """What was just built is nested more than `MAX_DEPTH` deep."""

    def __init__(self, rule: str, start: int, end: int) -> None:
        super().__init__(rule)
        self.rule = rule
        self.start = start
        self.end = end


class Tables:
    """The unpacked tables: rules, one row of actions and one of jumps for each state."""

    def __init__(self, packed: str) -> None:
        data = json.loads(packed)
        symbols: list[str] = data["symbols"]
        rows, jumps = (
            [{symbols[row[i]]: row[i + 1] for i in range(0, len(row), 2)} for row in data[key]]
            for key in ("rows", "jumps"))
        self.rules: list[Rule] = [
            (name, length, build, tuple(kept), 0 if build in STRUCTURE else 1)
            for name, length, build, kept in data["rules"]]
        self.rows: list[dict[str, int]] = [rows[i] for i in data["row_of"]]
        self.jumps: list[dict[str, int]] = [jumps[i] for i in data["jump_of"]]
        self.end: int = data["end"]
        after_header = self.jumps[0]["header"]
        self.top_level = (0, after_header, self.jumps[after_header]["items"])
        """The states between two declarations."""
        self.words = frozenset(word for row in rows for word in row)


@cache
def tables() -> Tables:
    """The tables of the grammar, unpacked once per process."""
    from wddmcheck.lang.tables import TABLES

    return Tables(TABLES)


class Automaton:
    """One parse. After `run` returned False, `at` is the token that does not fit."""

    def __init__(self, tokens: Sequence[Token], build: Build) -> None:
        self.tables = tables()
        self.tokens = tokens
        self.build = build
        self.at = 0
        self.begun = 0
        self.begun_in: tuple[int, ...] = (0,)
        self.states = [0]
        self.values: list[Any] = []
        self.ranges: list[tuple[int, int, int]] = []

    def restart(self, at: int) -> None:
        """Go on between two declarations, at token `at`."""
        self.at = self.begun = at
        self.begun_in = self.tables.top_level
        self.states = list(self.begun_in)
        self.values = [None, None]
        self.ranges = [(0, 0, 0)] * 2

    def run(self) -> bool:
        """Parse up to the end of the tokens (True) or the first that does not fit (False)."""
        rows, jumps, rules = self.tables.rows, self.tables.jumps, self.tables.rules
        states, values, ranges, end = self.states, self.values, self.ranges, self.tables.end
        token = self.tokens[self.at]
        kind = token.kind
        while True:
            action = rows[states[-1]].get(kind)
            if action is None:
                if kind == "NAME" or not token.text.isidentifier() or kind in RESERVED:
                    return False
                kind = "NAME"
                continue
            if action >= 0:
                states.append(action)
                values.append(token)
                ranges.append((token.start, token.end, 0))
                self.at += 1
                token = self.tokens[self.at]
                kind = token.kind
                continue
            name, length, build, kept, level = rules[~action]
            if length == 1 and build == PASS:
                states[-1] = jumps[states[-2]][name]
                continue
            self._reduce(length, build, kept, level, token.start)
            states.append(jumps[states[-1]][name])
            if states[-1] == end and kind == "$END":
                return True

    def _reduce(self, length: int, build: str, kept: tuple[int, ...], level: int,
                here: int) -> None:
        """Replace the last `length` values by what is built from them."""
        values, ranges = self.values, self.ranges
        if length:
            parts, places = values[-length:], ranges[-length:]
            start, end = places[0][0], places[-1][1]
            depth = level + max(place[2] for place in places)
            del values[-length:], ranges[-length:], self.states[-length:]
        else:
            parts, start, end, depth = [], here, here, 0
        if depth > MAX_DEPTH:
            raise TooDeepError(build, start, end)
        if build == PASS:
            value = parts[kept[0]]
            # the place of `(e)` is that of e: nodes built on it have the parenthesis in their range
        elif build == LIST:
            value = _splice(parts, kept)
        else:
            value = self.build(build, _splice(parts, kept), start, end)
        values.append(value)
        ranges.append((start, end, depth))

    def expected(self) -> frozenset[str]:
        """Everything that would fit instead of the token at `at`.

        By the time an error shows, the automaton has closed what cannot go on with that token; so
        the states before it are found again first.
        """
        states = list(self.begun_in)
        for token in self.tokens[self.begun:self.at]:
            shifted = self._shift(states, token.kind) or self._shift(states, "NAME")
            assert shifted is not None
            states = shifted
        return frozenset(word for word in self.tables.words if self._shift(states, word))

    def _shift(self, before: list[int], kind: str) -> list[int] | None:
        """The states after a terminal, or None if it does not fit."""
        tables = self.tables
        action = tables.rows[before[-1]].get(kind)
        states = before if action is not None and action >= 0 else before[:]
        while action is not None and action < 0:
            name, length = tables.rules[~action][:2]
            if length:
                del states[-length:]
            states.append(tables.jumps[states[-1]][name])
            if states[-1] == tables.end:
                return states
            action = tables.rows[states[-1]].get(kind)
        return None if action is None else [*states, action]


def _splice(parts: list[Any], kept: tuple[int, ...]) -> list[Any]:
    """The kept values; a leading list is taken over, so that long lists cost no copies."""
    out: list[Any] = []
    for position in kept:
        if position >= 0:
            out.append(parts[position])
        elif position == -1:
            out.append(None)
        elif out:
            out.extend(parts[-position - 2])
        else:
            out = parts[-position - 2]
    return out
