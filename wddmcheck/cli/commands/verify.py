"""`wddmcheck verify`: check models, print verdicts and counterexamples."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from wddmcheck.cli.console import console
from wddmcheck.cli.options import amount, common, duration, number, policies, policy_option
from wddmcheck.cli.outputs import Outputs, json_document, make_folder
from wddmcheck.cli.progress import stderr_line
from wddmcheck.diagnostics.diagnostic import UserError

if TYPE_CHECKING:
    from wddmcheck.pipeline import Loaded, VerifyOptions
    from wddmcheck.pipeline.options import Reduction, Required, Slicing
    from wddmcheck.result.report import Report

MEMORY_SHARE = 0.8
"""Part of the machine's memory that a run may use unless --memory says otherwise."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """How results are shown."""

    outputs: Outputs
    times: bool
    progress: bool
    several: bool


@click.command(name="verify", short_help="Check models; print verdicts and counterexamples.")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option("--scope", "scopes", multiple=True, metavar="NAME|Process=2,...",
              help="A scope of the model, or sizes of pools (calls=1 for calls in flight); pools "
                   "that are not named keep their default size. Default: the model's default "
                   "scopes. Repeatable.")
@click.option("--property", "--prop", "properties", multiple=True, metavar="NAME|GLOB",
              help="Check only these. Repeatable.")
@click.option("--engine", default="auto", show_default=True,
              metavar="auto|explicit|interpret|native|bmc|kinduction|pdr|parametric",
              help="How to check. auto chooses and says what it chose.")
@number("--depth", 0, help="Look at runs of at most this many steps.")
@duration("--timeout", help="Stop after this time: 300, 300s, 5m.")
@amount("--memory", help="Stop at this much memory: 4G, 512M. Default: 80 % of the machine's.")
@click.option("--symmetry", type=click.Choice(["on", "off"]), default="on", show_default=True,
              help="Count states that differ only in the names of objects once. off counts the "
                   "states of the model as written.")
@click.option("--compact", is_flag=True,
              help="Keep a hash of 64 bits of each state: less memory, and odds of a missed state, "
                   "which the verdict says.")
@click.option("--slice", "slicing", type=click.Choice(["on", "off", "auto"]), default="auto",
              show_default=True, help="Decide each property on the part of the model that it "
                                      "depends on. auto: where engine auto finds the whole too "
                                      "large to explore at once.")
@click.option("--reduction", type=click.Choice(["on", "off", "auto"]), default="auto",
              show_default=True, help="Take steps that nothing else can notice first; -v says "
                                      "which, and why not others. auto: where symmetry is on.")
@policy_option
@click.option("--require", type=click.Choice(["proved", "scope", "bounded"]), default="scope",
              show_default=True, help="The strength needed for exit code 0: for any number of "
                                      "objects, for the scope, up to a depth.")
@click.option("--allow", type=click.Choice(["inconclusive"]), multiple=True,
              help="Exit with 0 instead of 4.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 instead of 1 or 4.")
@click.option("--json", "json_", metavar="FILE|-", help="Write the report as JSON; - is stdout, "
                                                        "which then has nothing else.")
@click.option("--out", metavar="DIR", help="Save counterexamples there as NAME.trace.json.")
@click.option("--save-tests", metavar="DIR",
              help="Save counterexamples there as pytest files, named by their content.")
@number("--jobs", 1, 1024, help="Processes and threads that work at a time. Default: one a core.")
@number("--seed", 0, default=0, show_default=True,
        help="For the random walks that re-check invariants; changes no verdict.")
@click.option("--no-times", is_flag=True,
              help="Leave out times, so that equal runs print the same.")
@click.option("--no-progress", is_flag=True, help="No progress line.")
@common
def command(models: tuple[str, ...], scopes: tuple[str, ...], properties: tuple[str, ...],
            engine: str, depth: int | None, timeout: float | None, memory: int | None,
            symmetry: str, compact: bool, slicing: str, reduction: str,
            policy: tuple[str, ...], require: str,
            allow: tuple[str, ...], exit_zero: bool, json_: str | None, out: str | None,
            save_tests: str | None, jobs: int | None, seed: int, no_times: bool,
            no_progress: bool, color: str, verbose: int, quiet: bool) -> int:
    """Check every property of each MODEL at its default scopes.

    Prints a verdict a property, the shortest counterexample of each that is violated, and what
    of the model could never happen. Exit codes: 0 all holds, 1 a finding, 2 wrong command line,
    3 wrong model, 4 inconclusive, 5 nothing checked, 70 internal error, 130 interrupted.
    """
    console.configure(color=color, quiet=quiet, verbose=verbose)
    if not models:
        raise click.UsageError("missing argument: name a model, such as models/miniport.wddm")
    from wddmcheck.pipeline import VerifyOptions, choose

    chosen = policies(policy)
    outputs = Outputs(json_, out, save_tests)
    outputs.probe()
    choose.check(engine)
    options = VerifyOptions(
        scopes, properties, engine, depth, timeout, memory or _most_memory(), symmetry == "on",
        compact, cast("Required", require), bool(allow), exit_zero, jobs, seed,
        slicing=cast("Slicing", slicing), reduction=cast("Reduction", reduction))
    options = replace(options, command=_again(options, chosen))
    shown = _Shown(outputs, not no_times, not (no_progress or quiet), len(models) > 1)
    return _Run(options, chosen, shown).all(tuple(dict.fromkeys(models)))


class _Run:
    """One run of the command."""

    def __init__(self, options: VerifyOptions, chosen: dict[str, str], shown: _Shown) -> None:
        self.options, self.chosen, self.shown = options, chosen, shown
        self.codes: list[int] = []
        self.json: list[str] = []

    def all(self, models: tuple[str, ...]) -> int:
        """Check all models; the exit code."""
        from wddmcheck.report.words import Exit, most_important

        for model in models:
            try:
                report = self.one(model)
            except UserError as error:
                console.diagnostics(error.diagnostics)
                self.codes.append(error.exit_code)
                continue
            self.codes.append(report.exit_code)
            if self.options.require == "proved" and report.exit_code == Exit.INCONCLUSIVE:
                console.error("--require proved: no engine of this version proves any number of "
                              "objects, so exit code 4 is the best there is")
            console.closed_code = int(most_important(Exit(c) for c in self.codes))
            if report.exit_code == Exit.INTERRUPTED:
                console.error("interrupted; what was finished is reported")
                break
        try:
            self.write_json()
        except UserError as error:
            console.diagnostics(error.diagnostics)
            self.codes.append(error.exit_code)
        return int(most_important(Exit(c) for c in self.codes))

    def one(self, model: str) -> Report:
        """Check one model and show what was found."""
        from wddmcheck import pipeline

        options = replace(self.options, command=self.options.command.format(
            model=shlex.quote(model)))
        loaded = pipeline.load_model(model, self.chosen, console.sources)
        if not console.quiet:
            console.diagnostics(loaded.warnings)
        with stderr_line(wanted=self.shown.progress, verbose=console.verbose) as progress:
            report = pipeline.verify(loaded, options, progress)
        self.show(report, loaded)
        return report

    def show(self, report: Report, loaded: Loaded) -> None:
        """Print the report; keep its JSON; save its traces."""
        if self.shown.outputs.json is not None:
            from wddmcheck.report.json_report import report_text

            warnings = tuple(f"{d.code}: {d.message}" for d in loaded.warnings)
            self.json.append(report_text(report, sources=loaded.sources, warnings=warnings))
        if not self.shown.outputs.json_on_stdout:
            from wddmcheck.report.terminal import render_report

            console.closed_code = report.exit_code
            console.result(render_report(report, sources=loaded.sources, style=console.style,
                                         times=self.shown.times,
                                         details=console.verbose > 0))
        if self.shown.outputs.out is not None:
            self.save(report, loaded)
        if self.shown.outputs.tests is not None:
            self.save_tests(report, loaded, Path(self.shown.outputs.tests))

    def save(self, report: Report, loaded: Loaded) -> None:
        """Write the counterexamples."""
        from wddmcheck.report import trace_file
        from wddmcheck.report.findings import findings
        from wddmcheck.report.json_report import trace_file_of

        for finding in findings(report, loaded.sources, witnesses=False):
            path = self.shown.outputs.trace_path(report.model, finding.result.name,
                                                 several=self.shown.several)
            make_folder(path.parent)
            trace_file.write(path, trace_file_of(report, finding))
            console.log(f"saved {path}")

    def save_tests(self, report: Report, loaded: Loaded, folder: Path) -> None:
        """Write the counterexamples as tests."""
        from wddmcheck.replay.vocabulary import UnknownStepError
        from wddmcheck.report.findings import findings
        from wddmcheck.report.json_report import trace_file_of
        from wddmcheck.testgen.folder import write
        from wddmcheck.testgen.pytest_file import pytest_file

        files = []
        for finding in findings(report, loaded.sources, witnesses=False):
            try:
                files.append(pytest_file(trace_file_of(report, finding)))
            except UnknownStepError as error:
                console.error(f"no test for {finding.result.name}: {error}")
        make_folder(folder)
        new, same = write(folder, files)
        for path in (*new, *same):
            console.log(f"{'saved' if path in new else 'kept'} {path}")

    def write_json(self) -> None:
        """Write the JSON of all reports, if it was asked for."""
        if self.shown.outputs.json is None or not self.json:
            return
        text = json_document(self.json)
        if self.shown.outputs.json_on_stdout:
            console.result(text)
            return
        from wddmcheck.report.files import write_atomic

        write_atomic(self.shown.outputs.json, text)
        console.log(f"saved {self.shown.outputs.json}", 1)


def _again(options: VerifyOptions, chosen: dict[str, str]) -> str:
    """The command that repeats the run, with `{model}` for the model: what changes verdicts, and
    nothing about where results go."""
    words = []
    for prop in options.properties:
        words += ["--property", prop]
    for scope in options.scopes:
        words += ["--scope", scope]
    if options.engine != "auto":
        words += ["--engine", options.engine]
    if options.depth is not None:
        words += ["--depth", str(options.depth)]
    if not options.symmetry:
        words += ["--symmetry", "off"]
    if options.compact:
        words.append("--compact")
    if options.reduction != "auto":
        words += ["--reduction", options.reduction]
    if options.slicing != "auto":
        words += ["--slice", options.slicing]
    for name, choice in sorted(chosen.items()):
        words += ["--policy", f"{name}={choice}"]
    rest = shlex.join(words).replace("{", "{{").replace("}", "}}")
    return f"wddmcheck verify {{model}} {rest}".rstrip()


def _most_memory() -> int | None:
    """The default for --memory: a share of the machine's memory, None where that is unknown."""
    try:
        return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * MEMORY_SHARE)
    except (AttributeError, OSError, ValueError):
        return None
