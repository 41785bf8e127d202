"""Which questions share an exploration: those whose cones are nearly the same.

A question may be asked of any slice whose variables contain its own. That saves an exploration
where the other cone is hardly larger, and costs one where it is much larger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wddmcheck.slicing.cone import Cone, Dependence
from wddmcheck.slicing.question import Question

RATIO = 1.25
"""How many times the bits of its own cone a question may be given."""

SLACK = 4.0
"""Bits that a question may be given in any case: small cones cost little."""


@dataclass(frozen=True, slots=True)
class Group:
    """Questions to be asked together, over the union of their cones."""

    cone: Cone
    questions: tuple[Question, ...]


def groups(dependence: Dependence, cones: Mapping[Question, Cone]) -> list[Group]:
    """The questions in groups, those with large cones first; a group is joined by all whose own
    cone is not much smaller than what all then have."""
    made: list[Group] = []
    order = sorted(cones, key=lambda q: -dependence.bits(cones[q]))
    for question in order:
        own = cones[question]
        for index, group in enumerate(made):
            union = {**own, **group.cone}
            if _near(dependence, union, (own, *(cones[q] for q in group.questions))):
                made[index] = Group(union, (*group.questions, question))
                break
        else:
            made.append(Group(own, (question,)))
    return made


def _near(dependence: Dependence, union: Iterable[str], cones: Iterable[Cone]) -> bool:
    bits = dependence.bits(union)
    return all(bits <= dependence.bits(cone) * RATIO + SLACK for cone in cones)
