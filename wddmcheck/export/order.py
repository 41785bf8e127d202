"""Simultaneous assignments, one after the other."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Order(Generic[Key]):
    """`early`: places whose new values are computed first, aside, and assigned last; `direct`: the
    others, in the order in which they can be assigned."""

    early: tuple[Key, ...]
    direct: tuple[Key, ...]


def sequence(reads: Mapping[Key, frozenset[Key]],
             early: frozenset[Key] = frozenset()) -> Order[Key]:
    """How to assign the places `reads` one by one, where the new value of each is computed from the
    old values of those that it reads. `early` have to be computed aside whatever the others do."""
    aside = [key for key in reads if key in early]
    left = {key: set(reads[key]) - {key} for key in reads if key not in early}
    direct: list[Key] = []
    while left:
        free = next((k for k in left if all(k not in left[o] for o in left if o != k)), None)
        if free is None:
            # A cycle: the value that most others wait for is computed first.
            free = max(left, key=lambda k: sum(k in read for read in left.values()))
            aside.append(free)
        else:
            direct.append(free)
        del left[free]
    return Order(tuple(aside), tuple(direct))
