"""What a verdict is called, how bad it is and what it does to the exit code: one place for all.

The words are fixed (spec/verdicts.md): text, JSON and every other format use the same ones. A
verdict never sounds stronger than its evidence, and nothing that a limit cut short counts as
success.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum
from math import ceil, floor, log10

from wddmcheck.result.report import Hollow, PropertyResult
from wddmcheck.result.verdict import (
    Enumeration,
    Evidence,
    Holds,
    Inconclusive,
    Proved,
    Reached,
    Skipped,
    Stop,
    Unreached,
    Verdict,
    Violated,
)


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0             # everything asked for holds at the strength asked for
    FINDING = 1        # VIOLATED, UNREACHED, HOLLOW
    USAGE = 2          # the command line is wrong
    MODEL = 3          # the model is wrong
    INCONCLUSIVE = 4   # a limit was hit, or weaker than asked
    NOTHING = 5        # nothing was checked
    INTERNAL = 70      # wddmcheck contradicts itself
    INTERRUPTED = 130


PRECEDENCE = (Exit.INTERNAL, Exit.INTERRUPTED, Exit.MODEL, Exit.USAGE, Exit.FINDING,
              Exit.INCONCLUSIVE, Exit.NOTHING, Exit.OK)
"""Where several apply, the first of these is the exit code of the run."""


class Strength(Enum):
    """What must be shown for exit code 0."""

    SCOPE = "scope"      # every reachable state of the scope
    BOUNDED = "bounded"  # every run up to the depth


@dataclass(frozen=True, slots=True)
class Wording:
    """How a verdict is reported. `rank` orders verdicts: the smaller, the worse, then the weaker;
    `kind` is the word for machines, `code` what the verdict alone would make of the exit code."""

    word: str
    kind: str
    rank: tuple[int, int]
    code: Exit


HOLLOW = Wording("HOLLOW", "hollow", (2, 0), Exit.FINDING)


def wording(verdict: Verdict, required: Strength = Strength.SCOPE) -> Wording:
    """The fixed word of `verdict`, its rank and its exit code."""
    match verdict:
        case Violated():
            return Wording("VIOLATED", "violated", (0, 0), Exit.FINDING)
        case Unreached(evidence):
            return Wording("UNREACHED" + _odds(evidence), "unreached", (1, 0), Exit.FINDING)
        case Inconclusive(stopped_by, depth, _):
            code = Exit.INTERRUPTED if stopped_by is Stop.INTERRUPTED else Exit.INCONCLUSIVE
            return Wording(f"INCONCLUSIVE ({stopped_by.value})", "inconclusive",
                           (3, -1 if depth is None else depth), code)
        case Skipped(reason):
            return Wording(f"SKIPPED ({reason})", "skipped", (4, 0), Exit.INCONCLUSIVE)
        case Holds(depth, stopped_by):
            if stopped_by is Stop.INTERRUPTED:
                code = Exit.INTERRUPTED
            else:
                code = Exit.OK if required is Strength.BOUNDED else Exit.INCONCLUSIVE
            return Wording(f"HOLDS to depth {depth}", "bounded", (5, depth), code)
        case Proved(evidence):
            word = f"PROVED{_odds(evidence) or ' this scope'}"
            return Wording(word, "proved", (6, 0), Exit.OK)
        case Reached():
            return Wording("REACHED", "reached", (7, 0), Exit.OK)


def _odds(evidence: Evidence) -> str:
    """The odds of a missed state, where states were told apart by hashes."""
    match evidence:
        case Enumeration(odds=odds) if odds > 0:
            exponent = floor(log10(odds))                # (rounded up, never down)
            most = ceil(odds / 10.0**exponent) * 10.0**exponent
            return f" (odds {most:.0e})"
        case _:
            return ""


def wording_of(result: PropertyResult, hollow: Iterable[Hollow],
               required: Strength = Strength.SCOPE) -> Wording:
    """The wording for one property in a report: success that is certainly empty is `HOLLOW`."""
    own = wording(result.verdict, required)
    empty = any(h.proved and h.about == result.name for h in hollow)
    return HOLLOW if empty and own.rank > HOLLOW.rank else own


def worst(results: Iterable[PropertyResult]) -> PropertyResult:
    """The worst result, then the weakest; the first of equals. There must be at least one."""
    return min(results, key=lambda r: wording(r.verdict).rank)


def exit_code(results: Iterable[PropertyResult], hollow: Iterable[Hollow] = (),
              required: Strength = Strength.SCOPE) -> Exit:
    """The exit code of a run with these results (merged over scopes, without goals)."""
    results = tuple(results)
    if all(isinstance(r.verdict, Skipped) for r in results):
        return Exit.NOTHING
    codes = {wording(r.verdict, required).code for r in results}
    for finding in hollow:
        if finding.proved:
            codes.add(Exit.FINDING)
        elif required is not Strength.BOUNDED:
            codes.add(Exit.INCONCLUSIVE)
    return most_important(codes)


def most_important(codes: Iterable[Exit]) -> Exit:
    """The exit code that wins, by precedence; `OK` if there is none."""
    given = set(codes)
    return next((code for code in PRECEDENCE if code in given), Exit.OK)
