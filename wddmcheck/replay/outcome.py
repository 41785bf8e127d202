"""What a replay comes to: whether the violation of a trace happens on a miniport.

On its own ground (the trace of a defect on the miniport with that defect, a trace of the documented
model on the reference miniport) the machine has to do exactly what the model says: anything else
means that one of the two is wrong, and is never taken for an answer.

The machine's Dxgkrnl keeps all guarantees. A run of a system without one of them is on nobody's
ground: the machine follows it as far as Dxgkrnl goes, and says where it goes no further.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from wddmcheck.diagnostics.diagnostic import Diagnostic, InternalError, UserError
from wddmcheck.machine.dxgkrnl.registry import RUNS
from wddmcheck.machine.findings import Finding, Kind
from wddmcheck.machine.machine import Machine
from wddmcheck.replay.families import FAMILIES, machine_for, words_for
from wddmcheck.replay.miniports import Chosen
from wddmcheck.replay.runner import Done, Runner, runner_for
from wddmcheck.replay.vocabulary import UnknownStepError
from wddmcheck.report.story import Story, StoryStep
from wddmcheck.report.trace_file import TraceFile

CANNOT_FOLLOW = "WC511"
EDITED_STEP = "WC512"

ACCEPTED: Mapping[str, frozenset[Kind]] = {
    "no_use_after_destroy": frozenset({Kind.USE_AFTER_FREE, Kind.BAD_HANDLE, Kind.BAD_ACCESS}),
    "no_double_destroy": frozenset({Kind.DOUBLE_FREE, Kind.USE_AFTER_FREE}),
    "no_orphan": frozenset({Kind.ORPHAN}),
    "no_gpu_access_to_destroyed": frozenset({Kind.GPU_ACCESS}),
    "callback_contracts": frozenset({Kind.BAD_HANDLE, Kind.BAD_FENCE, Kind.CONTRACT,
                                     Kind.BAD_IRQL}),
    "no_null_dereference": frozenset({Kind.BAD_ACCESS, Kind.BAD_HANDLE}),
    "no_leak": frozenset({Kind.LEAK}),
    "irql_respected": frozenset({Kind.BAD_IRQL}),
    "locks_respected": frozenset({Kind.LOCK, Kind.STUCK}),
    "no_stuck_call": frozenset({Kind.STUCK}),
}
"""How a built-in property shows when it is violated. What a model claims in its own words may show
in any way."""


class Verdict(Enum):
    """What came of a replay."""

    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not reproduced"
    OTHER = "not reproduced, but something else goes wrong"
    REACHED = "reached"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`at` is the number of the step that decides: where it shows, or where the driver first does
    better. `how` says it in words, `details` in more. `stop` is the stop code that
    shows ("0xC2/0x7", "" if none does), `forecast` are those that the property names. `edited`: the
    file is not as it was written. `without`: guarantees that the system of the trace lacks."""

    verdict: Verdict
    at: int
    how: str
    details: tuple[str, ...]
    done: tuple[Done, ...]
    runner: Runner
    edited: bool = False
    stop: str = ""
    forecast: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


class DisagreementError(InternalError):
    """Model and machine differ where they must not."""


def replay(file: TraceFile, chosen: Chosen, name: str) -> Outcome:
    """Replay the trace in `file`, called `name`, on a miniport. Raises `UserError` (exit code 2)
    for a trace that is not of this machine's, or was edited and does not fit any more;
    `DisagreementError` where model and machine contradict each other."""
    story = file.story
    machine = _machine(file, chosen, name)
    runner = runner_for(story, machine)
    _has_all(runner, story, chosen)
    done: list[Done] = []
    try:
        done.extend(runner.steps(story.steps))
    except UnknownStepError as error:
        number = len(done) + 1
        raise UserError((Diagnostic(
            CANNOT_FOLLOW, f"{name}: step {number}: {error}",
            help="what runs on the machine: " + ", ".join(FAMILIES) + ", and models that extend "
                 "one of them"),),
            exit_code=2) from error
    own = not file.without and (chosen.defect == story.system if chosen.defect else (
        chosen.reference and story.system in FAMILIES))
    return _Judge(file, name, runner, tuple(done), own).outcome()


def _machine(file: TraceFile, chosen: Chosen, name: str) -> Machine:
    words = words_for(file.story)
    known = {k: v for k, v in file.policies if k in POLICIES}
    for policy, choice in file.policies:
        if choice != words.only.get(policy, choice):
            raise UserError((Diagnostic(
                CANNOT_FOLLOW, f"{name}: policies.{policy}: the machine has no `{choice}`",
                help=f"it has {words.only[policy]}"),), exit_code=2)
    for policy, choice in known.items():
        if choice not in POLICIES[policy]:
            raise UserError((Diagnostic(
                CANNOT_FOLLOW, f"{name}: policies.{policy}: the machine has no `{choice}`",
                help=f"it has {', '.join(POLICIES[policy])}"),), exit_code=2)
    try:
        return machine_for(chosen.factory, file.story.family, known)
    except Exception as error:
        if chosen.reference or chosen.defect:
            raise
        raise UserError((Diagnostic(
            "WC510", f"{chosen.name} makes no miniport: {type(error).__name__}: {error}",
            help="it is called with a Kernel and returns an object with the DDIs as methods"),),
            exit_code=2) from error


POLICIES: Mapping[str, tuple[str, ...]] = {
    "G01": ("destroyed", "forgotten", "after_failure"),
    "G04": ("completed", "retired", "adversarial"), "G06": ("leaked", "reclaimed"),
    "G08": ("driver", "deferred"), "G09": ("waits", "immediate"), "G15": ("after", "before"),
    "G17": ("any_order", "events_first"), "G19": ("on", "off"),
    "G26": ("honoured", "one_thread", "dropped", "any_thread"),
    "G30": ("before_stop", "any_time"),
    "Rotation": ("overlaps", "serialised"), "Signals": ("until_destroyed", "until_closed")}
"""What each policy may be, first what it is unless a model says otherwise. Models ask G26 in
different words."""


def _has_all(runner: Runner, story: Story, chosen: Chosen) -> None:
    """The user's own miniport needs the DDIs that the trace calls."""
    wanted = {s.block for s in story.steps if s.block in runner.machine.known_calls}
    lacking = sorted({d for w in wanted for d in RUNS.get(w, (w,)) if not runner.machine.has(d)})
    if lacking:
        raise UserError((Diagnostic(
            "WC510", f"{chosen.name} lacks {', '.join(lacking)}, which the trace calls",
            help="docs/own_driver.md lists the DDIs and their arguments"),), exit_code=2)


@dataclass(slots=True)
class _Judge:
    """Decides about one replay. `own`: on its own ground."""

    file: TraceFile
    name: str
    runner: Runner
    done: tuple[Done, ...]
    own: bool

    def outcome(self) -> Outcome:
        """The outcome. Raises as `replay` does."""
        if self.own:
            for done in self.done:
                if done.deviations or done.impossible:
                    raise self._contradiction(done, done.impossible or done.deviations[0])
        if not self.file.story.violated:
            return self._witness()
        last = self.file.story.steps[-1] if self.file.story.steps else None
        shown = self._shown(last)
        if shown is not None:
            return shown
        if self.own:
            raise self._contradiction(self.done[-1] if self.done else None,
                                      "nothing goes wrong on the machine")
        other = next((d for d in self.done if d.findings), None)
        if other is not None:
            return self._finding(Verdict.OTHER, other.step.number, other.findings)
        return self._better()

    def _witness(self) -> Outcome:
        """Of a run that breaks no rule: it gets to its end, and nothing goes wrong on the way."""
        wrong = next((d for d in self.done if d.findings), None)
        if wrong is not None:
            return self._finding(Verdict.OTHER, wrong.step.number, wrong.findings)
        if len(self.done) < len(self.file.story.steps) or any(
                d.impossible or d.deviations for d in self.done):
            return self._better()
        return self._make(Verdict.REACHED, len(self.done), "the machine has come to the end of the "
                          "run, and nothing is wrong", ())

    def _shown(self, last: StoryStep | None) -> Outcome | None:
        """How the violation shows, None if it does not."""
        accepted = ACCEPTED.get(self.file.property)
        for done in self.done:
            # On its own ground a defect may show in other ways before, but must show at the end.
            if self.own and done.step is not last:
                continue
            hits = tuple(f for f in done.findings if accepted is None or f.kind in accepted)
            if hits:
                return self._finding(Verdict.REPRODUCED, done.step.number, hits)
        whole = len(self.done) == len(self.file.story.steps) and not any(
            d.impossible or d.stopped or d.deviations for d in self.done)
        ended = last is not None and any(f.stops for f in last.faults)
        # A built-in rule is broken by what its step does, a claim of the model's by where it leads.
        if not whole or (ended and accepted is not None):
            return None
        number = last.number if last is not None else 0
        later = tuple(f for f in self.runner.settle(self.file.story)
                      if accepted is None or f.kind in accepted)
        if later:
            return self._finding(Verdict.REPRODUCED, number, later,
                                 "the state is reached, and then: ")
        if ended or (not self.runner.compare_state and not self.own):
            return None       # the state is not compared, or cannot be read of somebody's own
        return self._make(Verdict.REPRODUCED, number,
                          "state reached: the machine is in the state that breaks the rule", ())

    def _better(self) -> Outcome:
        """The miniport does better than the model: where?"""
        for done in self.done:
            if done.deviations:
                first, *more = done.deviations
                return self._make(Verdict.NOT_REPRODUCED, done.step.number, first, tuple(more))
            if done.impossible and done.blamed:
                return self._make(Verdict.NOT_REPRODUCED, done.step.number,
                                  f"it cannot happen here: {done.impossible}", ())
            if done.impossible and self.file.without:
                return self._make(Verdict.NOT_REPRODUCED, done.step.number,
                                  f"no Dxgkrnl does this: {done.impossible}", ())
            if done.impossible:
                raise self._contradiction(done, done.impossible)
        last = self.done[-1] if self.done else None
        well = f"{last.step.block}{f' returns {last.status}' if last.status else ''}" if last else (
            "the run begins")
        return self._make(Verdict.NOT_REPRODUCED, len(self.done),
                          f"{well}, and nothing that the machine watches is wrong", ())

    def _finding(self, verdict: Verdict, number: int, findings: tuple[Finding, ...],
                 before: str = "") -> Outcome:
        first, *others = findings
        details = (*first.lines()[1:], *(line for f in others for line in f.lines()))
        return self._make(verdict, number, before + how(first), details, first.stop)

    def _make(self, verdict: Verdict, at: int, words: str, details: tuple[str, ...],
              stop: str = "") -> Outcome:
        return Outcome(verdict, at, words, details, self.done, self.runner,
                       not self.file.intact(), stop, self.file.story.why.bugchecks,
                       self.file.without)

    def _contradiction(self, done: Done | None, what: str) -> Exception:
        where = f"step {done.step.number}" if done is not None else "the end"
        if not self.file.intact():
            return UserError((Diagnostic(
                EDITED_STEP, f"{self.name}: {where}: {what}",
                help="the file was edited since it was written, and does not fit the machine any "
                     "more; verify the model again"),), exit_code=2)
        return DisagreementError(
            f"{self.name}: {where}: {what}; the model {self.file.story.system} and the machine "
            "disagree, so neither is to be trusted about this trace")


def how(finding: Finding) -> str:
    """How a finding shows: bug check, poisoned memory or a report."""
    code = f"bug check {finding.stop}" if finding.stop else ""
    match finding.kind:
        case Kind.USE_AFTER_FREE | Kind.GPU_ACCESS:
            words = ["poisoned memory", code]
        case Kind.LEAK:
            words = ["leak report", code]
        case _:
            words = [code or "report", finding.kind.value]
    return f"{', '.join(w for w in words if w)}: {finding.message}"
