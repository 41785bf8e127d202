"""`wddmcheck verify`: check models, print verdicts and counterexamples."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import click

from wddmcheck.cli.console import console
from wddmcheck.cli.options import (
    PolicyWish,
    WithoutWish,
    amount,
    common,
    duration,
    number,
    policy_option,
    policy_wish,
    without_option,
    without_wish,
)
from wddmcheck.cli.outputs import Outputs
from wddmcheck.cli.progress import ProgressLine, stderr_line
from wddmcheck.cli.showing import Shown
from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError

if TYPE_CHECKING:
    from wddmcheck.pipeline import Loaded, VerifyOptions
    from wddmcheck.pipeline.options import Reduction, Required, Slicing

MEMORY_SHARE = 0.8
"""Part of the machine's memory that a run may use unless --memory says otherwise."""


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
@policy_option("One choice for an open question of the documentation; NAME=* tries all of "
               "them, `all` those of all policies. Repeatable.", "NAME=CHOICE|NAME=*|all")
@without_option("Drop a guarantee of the operating system: L0 to L3, or a rule that a `requires` "
                "cites. `all` drops each alone, `help` lists them. Repeatable.", "NAME|all|help")
@click.option("--sweep", "sweep_", type=click.Choice(["failures"]), default=None,
              help="Try every failure (statuses, callbacks, TDR, removal, kill, power-down) at "
                   "every step, and say what each property survives.")
@number("--failures", 1, 2, help="How many failures a run of --sweep may have: 1 or 2. Default: 1.")
@click.option("--require", type=click.Choice(["proved", "scope", "bounded"]), default="scope",
              show_default=True, help="The strength needed for exit code 0: for any number of "
                                      "objects, for the scope, up to a depth.")
@click.option("--allow", type=click.Choice(["inconclusive"]), multiple=True,
              help="Exit with 0 instead of 4.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 instead of 1 or 4.")
@click.option("--json", "json_", metavar="FILE|-", help="Write the report as JSON; - is stdout, "
                                                        "which then has nothing else.")
@click.option("--out", metavar="DIR", help="Save counterexamples there as NAME.trace.json; "
              "and the run to a `reachable` property that --property names.")
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
            policy: tuple[str, ...], without: tuple[str, ...], sweep_: str | None,
            failures: int | None, require: str, allow: tuple[str, ...], exit_zero: bool,
            json_: str | None, out: str | None, save_tests: str | None, jobs: int | None, seed: int,
            no_times: bool, no_progress: bool, color: str, verbose: int, quiet: bool) -> int:
    """Check every property of each MODEL at its default scopes.

    Prints a verdict a property, the shortest counterexample of each that is violated, and what
    of the model could never happen. Exit codes: 0 all holds, 1 a finding, 2 wrong command line,
    3 wrong model, 4 inconclusive, 5 nothing checked, 70 internal error, 130 interrupted.
    """
    console.configure(color=color, quiet=quiet, verbose=verbose)
    if failures is not None and sweep_ is None:
        raise click.UsageError("--failures says how many failures --sweep failures allows; "
                               "add --sweep failures")
    if not models:
        raise click.UsageError("missing argument: name a model, such as models/miniport.wddm")
    from wddmcheck.pipeline import VerifyOptions, choose

    wish, drop = policy_wish(policy), without_wish(without)
    if drop.listed:
        return _list_guarantees(models)
    if drop.every and not (wish.one and sweep_ is None):
        raise click.UsageError("--without all tries one guarantee after the other; it goes with "
                               "one choice of policies and without --sweep")
    if sweep_ is not None and not wish.one:
        raise click.UsageError("--sweep takes one choice of policies: write --policy NAME=CHOICE")
    most = (failures or 1) if sweep_ is not None else 0
    outputs = Outputs(json_, out, save_tests)
    outputs.probe()
    choose.check(engine)
    options = VerifyOptions(
        scopes, properties, engine, depth, timeout, memory or _most_memory(), symmetry == "on",
        compact, cast("Required", require), bool(allow), exit_zero, jobs, seed,
        slicing=cast("Slicing", slicing), reduction=cast("Reduction", reduction))
    # (A table adds to the command of each column what it chooses and drops.)
    single = wish.one and not drop.every
    options = replace(options, command=_again(
        options, wish.chosen if single else {}, most, drop.names if single else ()))
    shown = Shown(outputs, not no_times, not (no_progress or quiet), len(models) > 1,
                  witnesses=bool(properties))
    return _Run(options, wish, drop, shown, most).all(tuple(dict.fromkeys(models)))


class _Run:
    """One run of the command. `most`: how many failures a sweep allows; 0: no sweep."""

    def __init__(self, options: VerifyOptions, wish: PolicyWish, drop: WithoutWish, shown: Shown,
                 most: int) -> None:
        self.options, self.wish, self.drop = options, wish, drop
        self.shown, self.most = shown, most
        self.codes: list[int] = []

    def all(self, models: tuple[str, ...]) -> int:
        """Check all models; the exit code."""
        from wddmcheck.report.words import Exit, most_important

        for model in models:
            try:
                code = self.one(model)
            except UserError as error:
                console.diagnostics(error.diagnostics)
                self.codes.append(error.exit_code)
                continue
            self.codes.append(code)
            if self.options.require == "proved" and code == Exit.INCONCLUSIVE:
                console.error("--require proved: no engine of this version proves any number of "
                              "objects, so exit code 4 is the best there is")
            console.closed_code = int(most_important(Exit(c) for c in self.codes))
            if code == Exit.INTERRUPTED:
                console.error("interrupted; what was finished is reported")
                break
        try:
            self.shown.write_json()
        except UserError as error:
            console.diagnostics(error.diagnostics)
            self.codes.append(error.exit_code)
        return int(most_important(Exit(c) for c in self.codes))

    def one(self, model: str) -> int:
        """Check one model and show what was found; the exit code."""
        options = replace(self.options, command=self.options.command.format(
            model=shlex.quote(model)))
        if self.drop.every:
            return self.guarantees(model, options)
        if not self.wish.one:
            return self.matrix(model, options)
        from wddmcheck import pipeline
        from wddmcheck.pipeline.effect import without_effect
        from wddmcheck.pipeline.needs import with_needs

        loaded = pipeline.load_model(model, self.wish.chosen, console.sources, self.drop.names)
        warnings = _warn((*loaded.warnings, *without_effect(loaded)))
        if self.most:
            return self.sweep(loaded, options, warnings)
        with self.progress() as progress:
            report = pipeline.verify(loaded, options, progress)
            report = with_needs(report, loaded, options)
        self.shown.report(report, loaded.sources, warnings)
        return report.exit_code

    def sweep(self, loaded: Loaded, options: VerifyOptions, warnings: tuple[str, ...]) -> int:
        """Try every failure of one model."""
        from wddmcheck.pipeline.sweeping import sweep

        with self.progress() as progress:
            swept = sweep(loaded, options, self.most, progress)
        self.shown.sweep(swept, loaded.sources, warnings)
        return swept.exit_code

    def matrix(self, model: str, options: VerifyOptions) -> int:
        """Check one model under several choices of policies."""
        from wddmcheck import pipeline
        from wddmcheck.pipeline.matrix import Wanted, over_policies

        typed = pipeline.read_model(model, console.sources)
        warnings = _warn(typed.warnings)
        wanted = Wanted(self.wish.chosen, self.wish.tried, self.wish.every, self.drop.names)
        with self.progress() as progress:
            matrix = over_policies(typed, wanted, options, progress)
        self.shown.matrix(matrix, typed.sources, warnings)
        return matrix.exit_code

    def guarantees(self, model: str, options: VerifyOptions) -> int:
        """Check one model without each of its guarantees."""
        from wddmcheck import pipeline
        from wddmcheck.pipeline.matrix import over_guarantees

        typed = pipeline.read_model(model, console.sources)
        warnings = _warn(typed.warnings)
        with self.progress() as progress:
            matrix = over_guarantees(typed, self.wish.chosen, options, progress)
        self.shown.guarantees(matrix, typed.sources, warnings)
        return matrix.exit_code

    def progress(self) -> ProgressLine:
        """The progress line."""
        return stderr_line(wanted=self.shown.progress, verbose=console.verbose)


def _warn(warnings: tuple[Diagnostic, ...]) -> tuple[str, ...]:
    """Show the warnings of a model; their texts."""
    if not console.quiet:
        console.diagnostics(warnings)
    return tuple(f"{d.code}: {d.message}" for d in warnings)


def _list_guarantees(models: tuple[str, ...]) -> int:
    """Print what `--without` can drop of each model."""
    from wddmcheck import pipeline
    from wddmcheck.cli.guarantees import lines

    for model in dict.fromkeys(models):
        typed = pipeline.read_model(model, console.sources)
        console.result("\n".join(lines(typed)) + "\n")
    return 0


def _again(options: VerifyOptions, chosen: dict[str, str], most: int,
           dropped: tuple[str, ...]) -> str:
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
    if most:
        words += ["--sweep", "failures"]
    if most > 1:
        words += ["--failures", str(most)]
    for name, choice in sorted(chosen.items()):
        words += ["--policy", f"{name}={choice}"]
    for name in dropped:
        words += ["--without", name]
    rest = shlex.join(words).replace("{", "{{").replace("}", "}}")
    return f"wddmcheck verify {{model}} {rest}".rstrip()


def _most_memory() -> int | None:
    """The default for --memory: a share of the machine's memory, None where that is unknown."""
    try:
        return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * MEMORY_SHARE)
    except (AttributeError, OSError, ValueError):
        return None
