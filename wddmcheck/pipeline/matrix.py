"""One run over several systems of a model: over choices of policies, to see which verdicts hang on
an open question, or over guarantees, to see which hang on what the operating system promises.

Columns that lower to the same system are checked once. Of policies all combinations are tried if
they are few; else each other choice alone, around the defaults, and the result says so. Of
guarantees none is dropped, then each alone.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod

from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
from wddmcheck.engines.base import Tick
from wddmcheck.ir.system import System
from wddmcheck.lower.guarantees import dropped, guarantees
from wddmcheck.pipeline.flow import Typed, lower_model, verify
from wddmcheck.pipeline.needs import with_needs
from wddmcheck.pipeline.options import ScopeProgress, VerifyOptions, silent
from wddmcheck.report.words import Exit, most_important
from wddmcheck.result.matrix import Column, Matrix, Promise, Question
from wddmcheck.sema.model import Model

MOST = 64
"""Combinations that are tried; where there are more, each choice is tried alone."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which policies to try: those in `tried`, or `every` one that `chosen` does not fix. `without`
    are guarantees that no column has."""

    chosen: Mapping[str, str]
    tried: tuple[str, ...] = ()
    every: bool = False
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """What one column is about: choices of the policies that are tried, guarantees dropped."""

    choices: tuple[tuple[str, str], ...] = ()
    without: tuple[str, ...] = ()


def over_policies(typed: Typed, wanted: Wanted, options: VerifyOptions,
                  progress: ScopeProgress = silent) -> Matrix:
    """Check the model under each choice that is wanted. `options.command` names no policy. Raises
    `UserError` (exit code 2) for a policy or a choice that does not exist."""
    asked = questions(typed.model, wanted)
    rows, combined = choices(asked)
    without = dropped(typed.model, wanted.without)
    run = _Run(typed, wanted.chosen, options, progress, [Row(row, without) for row in rows])
    return run.matrix(asked, combined)


def over_guarantees(typed: Typed, chosen: Mapping[str, str], options: VerifyOptions,
                    progress: ScopeProgress = silent) -> Matrix:
    """Check the model under the choices `chosen` of policies with all guarantees that it uses, then
    without each of them. `options.command` names no policy and no guarantee. Raises `UserError`
    (exit code 2) for a policy or a choice that does not exist."""
    known = guarantees(typed.model)
    rows = [Row(), *(Row(without=(name,)) for name in known)]
    run = _Run(typed, chosen, options, progress, rows)
    return run.matrix((), True, tuple(Promise(g.name, g.text) for g in known.values()))


def questions(model: Model, wanted: Wanted) -> tuple[Question, ...]:
    """The policies to try, in the order of the model."""
    known = model.policies
    for name in wanted.tried:
        if name not in known:
            raise UserError((Diagnostic(
                "WC303", f"--policy: no policy named `{name[:60]}`",
                help="known: " + (", ".join(known) or "none")),), 2)
    return tuple(Question(p.name, p.choices, p.default) for p in known.values()
                 if p.name in wanted.tried or (wanted.every and p.name not in wanted.chosen))


def choices(asked: tuple[Question, ...]) -> tuple[list[tuple[tuple[str, str], ...]], bool]:
    """The choices to try, the default first, and whether these are all combinations."""
    names = [q.name for q in asked]
    ordered = [(q.default, *(c for c in q.choices if c != q.default)) for q in asked]
    if prod(len(o) for o in ordered) <= MOST:
        return [tuple(zip(names, row, strict=True)) for row in product(*ordered)], True
    return list(_alone(asked)), False


def _alone(asked: tuple[Question, ...]) -> Iterator[tuple[tuple[str, str], ...]]:
    defaults = {q.name: q.default for q in asked}
    yield tuple(defaults.items())
    for question in asked:
        for choice in question.choices:
            if choice != question.default:
                yield tuple({**defaults, question.name: choice}.items())


def means(system: System) -> System:
    """`system` without the record of its policies and of what was dropped: equal for columns that
    mean the same."""
    return replace(system, policies=(), without=())


@dataclass(slots=True)
class _Run:
    """The work on one matrix. `violated` are the properties whose needs are known already."""

    typed: Typed
    chosen: Mapping[str, str]
    options: VerifyOptions
    progress: ScopeProgress
    rows: list[Row]
    started: float = field(default_factory=time.monotonic)
    done: tuple[Column, ...] = ()
    violated: set[str] = field(default_factory=set)

    def matrix(self, asked: tuple[Question, ...], combined: bool,
               promises: tuple[Promise, ...] = ()) -> Matrix:
        """Check all columns, or as many as an interrupt leaves."""
        for row in self.rows:
            if self.column(row).report.exit_code == Exit.INTERRUPTED:
                break
        code = most_important(Exit(c.report.exit_code) for c in self.done)
        return Matrix(self.typed.path, asked, tuple(sorted(self.chosen.items())), combined,
                      self.done, len(self.rows) - len(self.done), int(code),
                      time.monotonic() - self.started, promises)

    def column(self, row: Row) -> Column:
        """Check one column, unless its system was checked before."""
        loaded = lower_model(self.typed, {**self.chosen, **dict(row.choices)}, row.without)
        twin = next((i for i, c in enumerate(self.done)
                     if c.same_as is None and means(c.report.system) == means(loaded.system)), None)
        command = self._command(row)
        if twin is None:
            options = self._options(command)
            report = verify(loaded, options, self._tick)
            column = Column(row.choices, with_needs(report, loaded, options,
                                                    frozenset(self.violated)))
            self.violated |= {n for n, _ in column.report.needs}
        else:
            report = replace(self.done[twin].report, system=loaded.system, command=command,
                             needs=())
            column = Column(row.choices, report, twin)
        self.done = (*self.done, column)
        return column

    def _options(self, command: str) -> VerifyOptions:
        """The options of one column: a fair share of the time that is left."""
        limit = self.options.timeout_s
        if limit is not None:
            left = max(limit - (time.monotonic() - self.started), 0.001)
            limit = left / (len(self.rows) - len(self.done))
        return replace(self.options, timeout_s=limit, command=command)

    def _command(self, row: Row) -> str:
        """How to check this column alone."""
        defaults = {p.name: p.default for p in self.typed.model.policies.values()}
        given = {**self.chosen, **{n: c for n, c in row.choices if c != defaults[n]}}
        words = [f" --policy {name}={choice}" for name, choice in sorted(given.items())]
        words += [f" --without {shlex.quote(name)}" for name in row.without]
        return self.options.command + "".join(words)

    def _tick(self, scope: str, tick: Tick) -> None:
        self.progress(f"{len(self.done) + 1}/{len(self.rows)} {scope}", tick)


__all__ = ["Wanted", "choices", "means", "over_guarantees", "over_policies", "questions"]
