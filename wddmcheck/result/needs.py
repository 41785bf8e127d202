"""Which answers to open questions a violation needs, and which guarantees have to be missing."""

from __future__ import annotations

from dataclasses import dataclass

OR = "|"
"""Between the choices of a policy of which any will do."""


@dataclass(frozen=True, slots=True)
class Needs:
    """`policies` are the choices without which the property is not violated in as many steps: of a
    choice that is no default, when the policy is put back to its default; of a default, when some
    other choice is taken (all that do are named then, with `OR` between them). Each on its own,
    with the rest as in the run, except that choices that turned out not to matter are put back.
    `without` are, of the guarantees that the run does not have, those with which the property is
    not violated in as many steps. `undecided` names policies and guarantees for which a limit came
    first.
    """

    policies: tuple[tuple[str, str], ...] = ()
    undecided: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
