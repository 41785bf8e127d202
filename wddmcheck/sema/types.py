"""Types of the language. They say more than IR sorts: whether a reference is raw, for instance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class BoolT:
    """Truth values."""


@dataclass(frozen=True, slots=True)
class IntT:
    """Integers from `lo` to `hi`."""

    lo: int
    hi: int


@dataclass(frozen=True, slots=True)
class EnumT:
    """A named set of members."""

    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RefT:
    """A reference to an object of class `pool`; `optional`: it may be none; `raw`: it does not
    turn dangling when its object is destroyed, and so may come to name another one."""

    pool: str
    optional: bool = False
    raw: bool = False


@dataclass(frozen=True, slots=True)
class SetT:
    """A set of references to objects of class `pool`."""

    pool: str


@dataclass(frozen=True, slots=True)
class NoneT:
    """The type of `none` before it meets an optional reference."""


@dataclass(frozen=True, slots=True)
class ErrorT:
    """The type of an expression that already has an error: it fits everywhere, so that one
    mistake is reported once."""


Type: TypeAlias = BoolT | IntT | EnumT | RefT | SetT | NoneT | ErrorT

BOOL = BoolT()
ERROR = ErrorT()


def spell(type_: Type) -> str:
    """The type as the user would write it."""
    match type_:
        case BoolT():
            return "bool"
        case IntT(lo, hi):
            return f"{lo}..{hi}"
        case EnumT(name, members):
            return name if name and "." not in name else "{ " + ", ".join(members) + " }"
        case RefT(pool, optional, raw):
            return ("raw " if raw else "") + pool + ("?" if optional else "")
        case SetT(pool):
            return f"set of {pool}"
        case NoneT():
            return "none"
        case ErrorT():
            return "?"


def fits(value: Type, target: Type) -> bool:
    """Whether a value of type `value` may be stored where `target` is declared. Integers always
    fit integers: leaving the range is a fault of the run, not of the text."""
    match value, target:
        case (ErrorT(), _) | (_, ErrorT()):
            return True
        case IntT(), IntT():
            return True
        case NoneT(), RefT(optional=True):
            return True
        case RefT(pool=a, optional=oa), RefT(pool=b, optional=ob):
            return a == b and (ob or not oa)
        case _:
            return value == target


def comparable(a: Type, b: Type) -> bool:
    """Whether `==` makes sense between the two."""
    match a, b:
        case (ErrorT(), _) | (_, ErrorT()):
            return True
        case RefT(pool=x), RefT(pool=y):
            return x == y
        case (RefT(), NoneT()) | (NoneT(), RefT()):
            return True
        case IntT(), IntT():
            return True
        case _:
            return a == b and not isinstance(a, (SetT, NoneT))
