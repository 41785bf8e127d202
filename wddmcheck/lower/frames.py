"""Continuations, segments and control points: the data of the symbolic execution of blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from wddmcheck.ir.expr import Expr
from wddmcheck.lower.store import Path
from wddmcheck.sema.model import Block, Body, SCall
from wddmcheck.sema.types import Type


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Go on with `body` at `index`; its locals carry `prefix`."""

    body: Body
    index: int
    prefix: str


@dataclass(frozen=True, slots=True, eq=False)
class Expansion:
    """A call expanded in place: what to do when `block` returns to `caller`'s prefix."""

    call: SCall
    block: Block
    prefix: str
    caller: str
    args: tuple[tuple[str, Expr], ...] = ()   # as passed, for people; () after a control point


Frame: TypeAlias = Run | Expansion
Cont: TypeAlias = tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """One finished path. `point` names the control point where it stops; otherwise it returned
    `status` and `value`, or, if `blocked`, exists only for the faults it may end in: `status` is
    then the one it was to return, if that is certain."""

    path: Path
    point: str = ""
    at: str = ""
    status: str = ""
    value: Expr | None = None
    blocked: bool = False


@dataclass(slots=True)
class Point:
    """A control point of a root block: what is left to do, and which locals it keeps."""

    name: str
    block: str
    cont: Cont
    held: tuple[str, ...]
    irql: int | None
    saved: tuple[tuple[str, Type], ...]
    active: tuple[tuple[str, str], ...]   # (block, prefix) of the calls expanded around it

Pending: TypeAlias = tuple[Path, Cont, bool]
"""A path to go on with, what is left to do, and whether it has just been resumed."""
