"""The words, the ranks and the exit codes of verdicts."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.report.driver_model import leak
from wddmcheck.ir.expr import TRUE
from wddmcheck.report.words import (
    Exit,
    Strength,
    exit_code,
    most_important,
    wording,
    wording_of,
    worst,
)
from wddmcheck.result.report import Hollow, PropertyResult
from wddmcheck.result.verdict import (
    Enumeration,
    Holds,
    Inconclusive,
    Inductive,
    Proved,
    Reached,
    Skipped,
    Stop,
    Unreached,
    Verdict,
    Violated,
)

ORDER: tuple[tuple[Verdict, str, str, int], ...] = (
    (Violated(leak()), "VIOLATED", "violated", 1),
    (Unreached(Enumeration(7, False)), "UNREACHED", "unreached", 1),
    (Inconclusive(Stop.TIME), "INCONCLUSIVE (time)", "inconclusive", 4),
    (Inconclusive(Stop.MEMORY, 3), "INCONCLUSIVE (memory)", "inconclusive", 4),
    (Skipped("not asked"), "SKIPPED (not asked)", "skipped", 4),
    (Holds(3), "HOLDS to depth 3", "bounded", 4),
    (Holds(12, Stop.TIME), "HOLDS to depth 12", "bounded", 4),
    (Proved(Inductive((TRUE,), 1)), "PROVED this scope", "proved", 0),
    (Reached(None), "REACHED", "reached", 0),
)


@pytest.mark.parametrize(("verdict", "word", "kind", "code"), ORDER)
def test_words(verdict: Verdict, word: str, kind: str, code: int) -> None:
    said = wording(verdict)
    assert (said.word, said.kind, said.code) == (word, kind, code)


def test_the_order_is_from_worst_to_best() -> None:
    ranks = [wording(v).rank for v, *_ in ORDER]
    assert all(a < b for a, b in pairwise(ranks))
    results = [PropertyResult(str(i), v, "e") for i, (v, *_) in enumerate(reversed(ORDER))]
    assert isinstance(worst(results).verdict, Violated)


def codes(*verdicts: Verdict, required: Strength = Strength.SCOPE) -> int:
    return exit_code([PropertyResult("p", v, "e") for v in verdicts], (), required)


def test_exit_codes() -> None:
    proved = Proved(Enumeration(1, False))
    assert codes(proved, Reached(None)) == 0
    assert codes(proved, Holds(3)) == 4
    assert codes(proved, Holds(3), required=Strength.BOUNDED) == 0
    assert codes(proved, Holds(3, Stop.INTERRUPTED), required=Strength.BOUNDED) == 130
    assert codes(proved, Inconclusive(Stop.INTERRUPTED)) == 130
    assert codes(Holds(3), Violated(leak())) == 1
    assert codes(proved, Skipped("x")) == 4
    assert codes(Skipped("x"), Skipped("y")) == 5
    assert codes() == 5


def test_hollowness_is_a_finding() -> None:
    result = PropertyResult("p", Proved(Enumeration(1, False)), "e")
    sure, unsure = Hollow("g", "p", "t", True), Hollow("g", "p", "t", False)
    assert exit_code([result], [sure]) == 1
    assert exit_code([result], [unsure]) == 4
    assert exit_code([result], [unsure], Strength.BOUNDED) == 0
    assert wording_of(result, [sure]).word == "HOLLOW"
    assert wording_of(result, [unsure]).word == "PROVED this scope"
    violated = PropertyResult("p", Violated(leak()), "e")
    assert wording_of(violated, [sure]).word == "VIOLATED"


def test_precedence() -> None:
    assert most_important([Exit.OK, Exit.NOTHING, Exit.INCONCLUSIVE]) is Exit.INCONCLUSIVE
    assert most_important([Exit.FINDING, Exit.USAGE, Exit.MODEL]) is Exit.MODEL
    assert most_important([Exit.FINDING, Exit.INTERNAL]) is Exit.INTERNAL
    assert most_important([]) is Exit.OK


@pytest.mark.parametrize(("odds", "shown"), [
    (3.2e-9, "4e-09"), (1e-9, "1e-09"), (9.5e-4, "1e-03"), (0.25, "3e-01")])
def test_odds_are_said_and_rounded_up(odds: float, shown: str) -> None:
    evidence = Enumeration(7, False, odds=odds)
    said = f" (odds {shown})"
    assert wording(Proved(evidence)).word == "PROVED" + said
    assert wording(Unreached(evidence)).word == "UNREACHED" + said
    assert wording(Proved(evidence)).kind == "proved"
