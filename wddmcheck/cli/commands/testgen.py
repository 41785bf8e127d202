"""`wddmcheck testgen`: tests from counterexamples, and suites that take every transition."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wddmcheck.cli.console import console
from wddmcheck.cli.options import common, policies, policy_option
from wddmcheck.cli.outputs import Outputs, make_folder

if TYPE_CHECKING:
    from wddmcheck.testgen.pytest_file import TestFile


@click.command(name="testgen", short_help="Write tests from counterexamples or whole models.")
@click.argument("inputs", nargs=-1, required=True, metavar="TRACE...|MODEL...")
@click.option("--lang", type=click.Choice(["pytest"]), default="pytest", show_default=True,
              help="What the tests are written in.")
@click.option("-o", "--out", default=".", show_default=True, metavar="DIR",
              help="Where the files go.")
@click.option("--cover", type=click.Choice(["transitions"]),
              help="The inputs are models: write a suite that takes every transition.")
@click.option("--scope", metavar="NAME|Process=1,...",
              help="With --cover: as for verify; small scopes are best.")
@policy_option()
@common
def command(inputs: tuple[str, ...], lang: str, out: str, cover: str | None, scope: str | None,
            policy: tuple[str, ...], color: str, verbose: int, quiet: bool) -> int:
    """Write a pytest file for each TRACE, named by its content, or, with --cover, files that take
    every transition of each MODEL.

    The tests run on the reference miniport, and on yours by `pytest --miniport SPEC`. Writing the
    same again adds nothing. Exit codes: 0 written, 2 wrong command line or trace, 3 wrong model.
    """
    from wddmcheck.testgen import folder

    console.configure(color=color, quiet=quiet, verbose=verbose)
    if cover is None and (scope is not None or policy):
        raise click.UsageError("--scope and --policy go with --cover transitions; a trace has its "
                               "own")
    Outputs(None, out).probe()
    target = Path(out)
    for name in inputs:
        files = list(_suite(name, scope, policies(policy)) if cover else _trace(name))
        make_folder(target)
        new, same = folder.write(target, files)
        for path in new:
            console.result(f"wrote {path}\n")
        if same:
            console.log(f"{len(same)} file{'s are' if len(same) > 1 else ' is'} there already and "
                        "did not change")
    return 0


def _trace(name: str) -> Iterator[TestFile]:
    from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
    from wddmcheck.replay.vocabulary import UnknownStepError
    from wddmcheck.report import trace_file
    from wddmcheck.testgen.pytest_file import pytest_file

    file = trace_file.read(name)
    if file.without:
        raise UserError((Diagnostic(
            "WC511", f"{name}: the run is of a system without {', '.join(file.without)}: no "
            "Dxgkrnl does this, so it is no test of a miniport",
            help="write tests of runs that need no --without"),), exit_code=2)
    try:
        yield pytest_file(file)
    except UnknownStepError as error:
        raise UserError((Diagnostic(
            "WC511", f"{name}: {error}", help="only models that keep the names of "
            "models/miniport.wddm become tests of a miniport"),), exit_code=2) from error


def _suite(name: str, scope: str | None, chosen: dict[str, str]) -> Iterator[TestFile]:
    from wddmcheck import pipeline
    from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
    from wddmcheck.ir.evaluate import Layout
    from wddmcheck.pipeline.scopes import resolve
    from wddmcheck.replay.vocabulary import UnknownStepError
    from wddmcheck.testgen.suite import suite
    from wddmcheck.testgen.tour import tour

    loaded = pipeline.load_model(name, chosen, console.sources)
    choice = resolve(loaded.system, (scope,) if scope is not None else ())[0]
    layout = Layout.of(loaded.system, dict(choice.sizes))
    found = tour(layout)
    console.result(f"{name}, scope {choice.text}: {found.covered}\n")
    try:
        yield from suite(layout, found, choice.text)
    except UnknownStepError as error:
        raise UserError((Diagnostic(
            "WC511", f"{name}: {error}", help="only models that keep the names of "
            "models/miniport.wddm become tests of a miniport"),), exit_code=2) from error
