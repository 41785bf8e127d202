"""Sorts of the IR and how their values are encoded as Python integers.

* `BoolSort`: 0, 1.
* `IntRange(lo, hi)`: the integer itself.
* `EnumSort(name, members)`: the index of the member.
* `RefSort(pool)`: a slot number >= 0, or `NONE`, or `DANGLING` (the object was destroyed under the
  reference). Quantifiers and slot parameters range over slots only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

NONE = -1
"""A reference to nothing."""
DANGLING = -2
"""A reference to an object that was destroyed after the reference was taken."""


@dataclass(frozen=True, slots=True)
class BoolSort:
    """Truth values, 0 and 1."""


@dataclass(frozen=True, slots=True)
class IntRange:
    """Integers from `lo` to `hi`, both included."""

    lo: int
    hi: int


@dataclass(frozen=True, slots=True)
class EnumSort:
    """A finite set of named values; the value is the index into `members`."""

    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RefSort:
    """References into `pool`. `none` / `dangling` say whether those values may occur.

    A slot parameter or quantified variable has `none = dangling = False`.
    """

    pool: str
    none: bool = False
    dangling: bool = False


Sort: TypeAlias = BoolSort | IntRange | EnumSort | RefSort

BOOL = BoolSort()


def cardinality(sort: Sort, sizes: Mapping[str, int]) -> int:
    """How many values a sort has, if pools have these sizes."""
    match sort:
        case BoolSort():
            return 2
        case IntRange(lo, hi):
            return hi - lo + 1
        case EnumSort(_, members):
            return len(members)
        case RefSort(pool, none, dangling):
            return sizes[pool] + none + dangling
