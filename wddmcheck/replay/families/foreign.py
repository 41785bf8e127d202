"""Models that go further than the machine."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from wddmcheck.replay.vocabulary import UnknownStepError
from wddmcheck.report.story import StoryStep


def refuse_foreign(step: StoryStep, pools: Mapping[str, str], classes: Collection[str],
                   callbacks: Collection[str],
                   others: Collection[str] = ("Adapter", "Call")) -> None:
    """Raise `UnknownStepError` if a step speaks of what the machine does not have: a variant that
    goes further has steps of the same names that mean more. `pools`: the class of each identity;
    `others` are classes that are not Dxgkrnl's to name."""
    foreign = set(pools.values()).difference(classes, others)
    if foreign:
        raise UnknownStepError(f"the machine has no {min(foreign)}")
    for made in step.calls:
        if made.name not in callbacks:
            raise UnknownStepError(f"the machine has no {made.name}")
