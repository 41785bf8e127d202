"""The loop of a defect: its model is violated, the run happens on the miniport with that defect,
and does not happen on the reference miniport.

What is kept of it (counterexamples/NAME) is the trace, its test and a page about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wddmcheck import pipeline
from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
from wddmcheck.diagnostics.source import SourceMap
from wddmcheck.machine.defects import DEFECTS
from wddmcheck.pipeline.needs import with_needs
from wddmcheck.replay.miniports import REFERENCE, choose
from wddmcheck.replay.outcome import Outcome, Verdict, replay
from wddmcheck.report.findings import findings
from wddmcheck.report.forecast import stop_text
from wddmcheck.report.json_report import trace_file_of
from wddmcheck.report.jsontext import dumps
from wddmcheck.report.lines import fold
from wddmcheck.report.places import relative
from wddmcheck.report.story import Story
from wddmcheck.report.trace_file import TraceFile, to_json
from wddmcheck.result.needs import OR
from wddmcheck.testgen.pytest_file import TestFile, pytest_file, rules_of

NO_DEFECT = "WC514"


@dataclass(frozen=True, slots=True)
class Loop:
    """One way round. `file` and what follows are None if the model is not violated."""

    name: str
    file: TraceFile | None = None
    defective: Outcome | None = None
    fixed: Outcome | None = None

    @property
    def closed(self) -> bool:
        """Whether everything is as it has to be."""
        return (self.defective is not None and self.fixed is not None
                and self.defective.verdict is Verdict.REPRODUCED
                and self.fixed.verdict is Verdict.NOT_REPRODUCED)


def go_round(model: Path) -> Loop:
    """Verify the model of a defect, and replay its first violation on the defect and on the
    reference. Raises `UserError`, `DisagreementError`."""
    name = model.stem
    if name not in DEFECTS:
        raise UserError((Diagnostic(
            NO_DEFECT, f"{model}: no miniport has the defect `{name}`",
            help="the model of a defect is named as the defect: " + ", ".join(DEFECTS)),),
            exit_code=2)
    sources = SourceMap()
    loaded = pipeline.load_model(str(model), {}, sources)
    options = pipeline.VerifyOptions(
        jobs=1, command=f"wddmcheck verify {relative(str(model))}")
    report = with_needs(pipeline.verify(loaded, options, pipeline.silent), loaded, options)
    found = next(iter(findings(report, loaded.sources, witnesses=False)), None)
    if found is None:
        return Loop(name)
    file = trace_file_of(report, found)
    return Loop(name, file, replay(file, choose(f"defect:{name}"), name),
                replay(file, choose(REFERENCE), name))


def kept(loop: Loop, title: str) -> Iterator[TestFile]:
    """The files to keep of a closed loop; `title` says in a sentence what the defect is."""
    assert loop.file is not None
    yield TestFile("trace.json", dumps(to_json(loop.file)))
    test = pytest_file(loop.file)
    yield test
    yield TestFile("README.md", _page(loop, loop.file, test.name, title))


def _page(loop: Loop, file: TraceFile, test: str, title: str) -> str:
    assert loop.defective is not None
    assert loop.fixed is not None
    story = file.story
    rules = ", ".join(rules_of(story)) or "none: the yardstick is no model of WDDM"
    steps = len(story.steps)
    here = f"counterexamples/{loop.name}/trace.json"
    lines = [
        f"# {loop.name}", "", *fold(title, 0), "",
        f"* model: `{file.model}`",
        *fold(f"* violates: `{story.property}`, {story.why.title}, in {steps} steps", 2),
        f"* rules: {rules}",
        *_rests(story),
        *fold(f"* on the miniport with this defect, at step {loop.defective.at}: "
              f"{loop.defective.how}", 2),
        *fold(f"* on the reference miniport, at step {loop.fixed.at}: {loop.fixed.how}", 2), "",
        "```", f"wddmcheck trace show {here}",
        f"wddmcheck replay {here} --on defect:{loop.name}",
        f"wddmcheck replay {here}",
        f"pytest counterexamples/{loop.name}/{test}", "```"]
    return "\n".join(lines) + "\n"


def _rests(story: Story) -> Iterator[str]:
    """The answers to open questions that it needs, and what Windows is documented to do."""
    if story.why.needs is not None and story.why.needs.policies:
        answers = ", ".join(f"{name}={choice.replace(OR, ' or ')}"
                            for name, choice in story.why.needs.policies)
        yield f"* needs policy {answers}"
    for stop in story.why.forecast:
        yield from fold(f"* documented for this state: {stop_text(stop)}", 2)


def title_of(model: Path) -> str:
    """What the comment at the head of a model says, without the line about the verdict."""
    words = []
    for line in model.read_text("utf-8").splitlines():
        if not line.startswith("///"):
            break
        text = line.removeprefix("///").strip()
        if not text.startswith("violates:"):
            words.append(text)
    return " ".join(words)
