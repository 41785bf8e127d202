"""Parts of the pipeline that `verify` alone does not show: merging, better verdicts, workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace

import pytest

from tests.cli.tiny import PROVED, REACHED, SYSTEM, VIOLATED
from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.pipeline import Loaded, VerifyOptions, verify
from wddmcheck.pipeline.merge import hollow, merged
from wddmcheck.pipeline.options import Budget, silent
from wddmcheck.pipeline.parallel import Crew, WorkerDied
from wddmcheck.pipeline.scopes import ScopeChoice
from wddmcheck.pipeline.selection import Selection
from wddmcheck.pipeline.strategy import better
from wddmcheck.pipeline.worker import Job
from wddmcheck.result.report import PropertyResult, ScopeRun
from wddmcheck.result.verdict import (
    Enumeration,
    Holds,
    Inconclusive,
    Skipped,
    Stop,
    Unreached,
    Verdict,
    Violated,
)

UNREACHED = Unreached(Enumeration(8, True))
TIME = Inconclusive(Stop.TIME, 2)


def run(name: str, **verdicts: Verdict) -> ScopeRun:
    """A scope's run; goals are those with an underscore for their colon."""
    goals = {g.name.replace(":", "_"): g.name for g in SYSTEM.properties if g.goal}
    return ScopeRun(
        name, (("Thing", 1),), (),
        tuple(PropertyResult(n, v, "e") for n, v in verdicts.items() if n not in goals),
        tuple(PropertyResult(goals[n], v, "e") for n, v in verdicts.items() if n in goals))


@pytest.mark.parametrize(("name", "one", "two", "worst"), [
    ("in_range", PROVED, VIOLATED, VIOLATED),
    ("in_range", PROVED, TIME, TIME),
    ("in_range", TIME, VIOLATED, VIOLATED),
    ("in_range", Holds(9), Holds(4), Holds(4)),
    ("in_range", Holds(4), TIME, TIME),
    ("can_be_two", UNREACHED, REACHED, REACHED),
    ("can_be_two", UNREACHED, TIME, TIME),
    ("can_be_two", UNREACHED, UNREACHED, UNREACHED),
])
def test_merging(name: str, one: Verdict, two: Verdict, worst: Verdict) -> None:
    for pair in ((one, two), (two, one)):
        runs = tuple(run(str(i), **{name: v}) for i, v in enumerate(pair))
        (result,) = merged(SYSTEM, runs)
        assert result.verdict == worst


def test_hollow() -> None:
    def found(*verdicts: Verdict) -> list[bool]:
        return [h.proved for h in hollow(
            SYSTEM, tuple(run(str(i), fires_Up=v) for i, v in enumerate(verdicts)))]

    assert found(UNREACHED, UNREACHED) == [True]
    assert found(UNREACHED, REACHED) == []
    assert found(UNREACHED, TIME) == [False], "undecided is not hollow"
    assert found(Holds(3)) == [False]
    assert found(Skipped("bounded")) == []


def test_the_better_verdict() -> None:
    def pick(old: Verdict, new: Verdict) -> Verdict:
        return better(PropertyResult("p", old, "a"), PropertyResult("p", new, "b")).verdict

    assert pick(TIME, PROVED) == PROVED
    assert pick(PROVED, Holds(3)) == PROVED
    assert pick(Holds(3), Holds(7)) == Holds(7)
    assert pick(Holds(7), TIME) == Holds(7)
    assert pick(Holds(2), VIOLATED) == VIOLATED
    for one, other in ((PROVED, VIOLATED), (Holds(3), VIOLATED), (REACHED, UNREACHED)):
        with pytest.raises(InternalError, match="engines disagree on p"):
            pick(one, other)
        with pytest.raises(InternalError, match="engines disagree on p"):
            pick(other, one)


# --- worker processes ----------------------------------------------------------------------------

BOTH = replace(SYSTEM, default_scopes=("one", "two"))
LONG = replace(SYSTEM, default_scopes=("many", "more"), scopes=(
    ("many", (("Thing", 24), ("Call", 1))), ("more", (("Thing", 25), ("Call", 1)))))
"""2^24 states: nothing that ends while a test waits."""


def test_workers_give_what_one_process_gives() -> None:
    loaded = Loaded("m.wddm", BOTH)
    both = verify(loaded, VerifyOptions(engine="interpret", jobs=2))
    one = verify(loaded, VerifyOptions(engine="interpret", jobs=1))
    assert both == one
    assert [r.scope for r in both.runs] == ["one", "two"]
    assert both.exit_code == 1, "never_top is violated"


def job(choice: str = "one", system: object = SYSTEM) -> Job:
    return Job(system, ScopeChoice(choice, (("Thing", 1), ("Call", 1))),  # type: ignore[arg-type]
               Selection(("in_range",), (), False), VerifyOptions(engine="no such engine"),
               Budget())


def test_an_error_in_a_worker_is_raised_here() -> None:
    with pytest.raises(Exception, match="WC401"):
        Crew(lambda _: job(), 2, 2, silent).run()


def test_a_worker_that_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wddmcheck.pipeline.parallel._CODE", "import os; os._exit(3)")
    with pytest.raises(WorkerDied, match=r"scope one died \(exit status 3\)"):
        Crew(lambda _: job(), 2, 2, silent).run()


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_worker_that_the_system_kills(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wddmcheck.pipeline.parallel._CODE",
                        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    runs = Crew(lambda _: job(), 2, 1, silent).run()
    assert [r.results[0].verdict.stopped_by for r in runs] == [  # type: ignore[union-attr]
        Stop.MEMORY, Stop.MEMORY]


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_reports_what_there_is(jobs: int) -> None:
    timer = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    started = time.monotonic()
    report = verify(Loaded("m.wddm", LONG), VerifyOptions(
        engine="interpret", jobs=jobs, symmetry=False))
    timer.join()
    assert time.monotonic() - started < 9
    assert report.exit_code == 130
    assert [r.scope for r in report.runs] == ["many", "more"]
    found = {r.name: r.verdict for r in report.runs[0].results}
    assert isinstance(found["never_top"], Violated), "what was decided is reported"
    undecided = found["in_range"]
    assert isinstance(undecided, Inconclusive | Holds)
    assert undecided.stopped_by is Stop.INTERRUPTED


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_at_the_command_line() -> None:
    """The real thing: SIGINT to the process, finished verdicts on stdout, exit code 130."""
    script = textwrap.dedent("""
        import sys
        from tests.cli.test_pipeline import LONG
        from wddmcheck import pipeline
        from wddmcheck.cli.main import run
        pipeline.load_model = lambda path, *_: pipeline.Loaded(path, LONG)
        print("ready", file=sys.stderr, flush=True)
        sys.exit(run(["verify", "m.wddm", "--engine", "interpret", "--symmetry", "off"]))
    """)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert process.stderr.readline() == "ready\n"
    time.sleep(2.0)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "interrupted" in err
    assert "Traceback" not in err
    assert "VIOLATED" in out
