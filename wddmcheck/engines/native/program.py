"""A system at a scope as machine code: the functions that a search calls."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
from wddmcheck.engines.explicit.size import check_formula, check_terms
from wddmcheck.engines.native import cache, jit, kernels
from wddmcheck.engines.native.arena import Block
from wddmcheck.engines.native.fits import refusal
from wddmcheck.engines.native.kernels import Task

MAX_GOALS = 64
"""Formulas of claims about the graph: a bit each."""


def check(task: Task) -> None:
    """Raise `UserError` (WC304) if a task is too large for this engine, as far as that is seen
    without looking at the actions (`Compiler.text`), in a system that `check_sizes` lets pass."""
    layout = task.plan.layout
    for _, formula, _ in task.records.formulas:
        check_formula(layout, formula)
    why = refusal(task.plan, task.quotient) or (
        f"more than {MAX_GOALS} formulas in claims about the graph of states"
        if len(task.noted) > MAX_GOALS else "")
    if why:
        raise UserError((Diagnostic("WC304", f"the scope is too large for the native engine: {why}",
                                    help="choose a smaller scope, or --engine interpret"),))


@dataclass(frozen=True, slots=True)
class Program:
    """Compiled functions; arguments are addresses and numbers (kernels.py). `code` keeps them;
    `size` is how many bytes it has."""

    level: int
    size: int
    code: jit.Code
    expand: Callable[..., int]
    looks: Callable[..., int]
    rehash: Callable[..., int]
    normal: Callable[..., int]
    hash: Callable[..., int]
    gather: Callable[..., int]
    sweep: Callable[..., int] | None
    lost: Callable[..., int] | None


@dataclass(slots=True)
class Compiler:
    """Compiles a task, when it is asked to; `close` it."""

    task: Task
    _text: str = ""
    _key: str = ""
    _pool: ThreadPoolExecutor | None = None
    _better: Future[bytes] | None = None

    @property
    def key(self) -> str:
        """What its code is kept under."""
        if not self._key:
            task = self.task
            self._key = cache.digest((task.model, task.records.formulas, task.goals, task.quotient,
                                      task.edges, task.deadlock, task.compact, task.quiet,
                                      task.premises))
        return self._key

    def text(self) -> str:
        """The module. Raises `UserError` (WC304) if the actions are too large."""
        if not self._text:
            check_terms(self.task.plan.layout)
            self._text = kernels.module(self.task)
        return self._text

    def first(self) -> Program:
        """What can run soonest: code that was kept, or code that is compiled fast."""
        for level in (jit.FULL, jit.QUICK):
            kept = cache.load(self.key, str(level))
            if kept is not None:
                return self._linked(kept, level)
        return self.compiled(jit.QUICK)

    def compiled(self, level: int) -> Program:
        """Compile at a level of optimisation, and keep the code."""
        return self._linked(self._data(level), level)

    def better(self) -> Program | None:
        """Code that is optimised, if it is there; it is compiled beside what runs meanwhile."""
        if self._better is None:
            self._pool = ThreadPoolExecutor(1, "wddmcheck-compile")
            self._better = self._pool.submit(self._data, jit.FULL)
        return self._linked(self._better.result(), jit.FULL) if self._better.done() else None

    def close(self) -> None:
        """Wait for what is being compiled: the next run has it."""
        if self._pool is not None:
            self._pool.shutdown()

    def _data(self, level: int) -> bytes:
        data = jit.compiled(self.text(), level)
        cache.store(self.key, str(level), data)
        return data

    def _linked(self, data: bytes, level: int) -> Program:
        code = jit.linked(data)
        word = ctypes.c_uint64

        def function(name: str, arguments: int, result: object = None) -> Callable[..., int]:
            return code.function(name, *[word] * arguments, result=result)

        return Program(
            level, len(data), code, function("expand", 4, word), function("looks", 4),
            function("rehash", 3), function("normal", 2), function("hash", 1, word),
            function("gather", 3, word),
            function("sweep", 1, word) if self.task.sweeps else None,
            function("lost", 3, word) if self.task.sweeps else None)


def normal(program: Program, words: tuple[int, ...]) -> tuple[int, ...]:
    """The canonical form of a packed state."""
    given, to = Block(8, len(words)), Block(8, len(words))
    try:
        given.fill(words, 1)
        program.normal(given.address, to.address)
        return tuple(to[i] for i in range(len(words)))
    finally:
        given.free()
        to.free()


def kept(program: Program, task: Task, words: tuple[int, ...]) -> tuple[int, ...]:
    """What a search keeps of a packed state: its canonical form, or the hash of that."""
    form = normal(program, words)
    if not task.compact:
        return form
    given = Block(8, len(form))
    try:
        given.fill(form, 1)
        return (program.hash(given.address),)
    finally:
        given.free()
