"""`wddmcheck replay`: run a saved counterexample on a miniport."""

from __future__ import annotations

import click

from wddmcheck.cli.console import console
from wddmcheck.cli.options import common


@click.command(name="replay", short_help="Run saved counterexamples on an executable miniport.")
@click.argument("traces", nargs=-1, required=True, metavar="TRACE...")
@click.option("--on", "miniport", default="reference", show_default=True,
              metavar="reference|defect:NAME|MODULE:FACTORY",
              help="The miniport: the reference, the one with the defect of "
                   "models/seeded/NAME.wddm, or your own (docs/own_driver.md), which may also be "
                   "FILE.py:FACTORY.")
@click.option("--brief", is_flag=True, help="Only how each ends.")
@common
def command(traces: tuple[str, ...], miniport: str, brief: bool, color: str, verbose: int,
            quiet: bool) -> int:
    """Drive a miniport and a GPU through the run in each TRACE, step for step.

    Prints each step as the call with its handles and status, and at the end whether the violation
    happens; of a run that breaks no rule (`verify --property NAME --out DIR` of a `reachable`
    property), whether it gets to its end. Exit codes: 0 not reproduced, or reached, 1
    reproduced (or something else goes wrong), 2 wrong command line or trace, 70 model and machine
    disagree.
    """
    from wddmcheck.replay import miniports, show
    from wddmcheck.replay.outcome import Verdict, replay
    from wddmcheck.report import trace_file
    from wddmcheck.report.words import Exit

    console.configure(color=color, quiet=quiet, verbose=verbose)
    chosen = miniports.choose(miniport)
    code = Exit.OK
    for number, name in enumerate(traces):
        file = trace_file.read(name)
        outcome = replay(file, chosen, name)
        if outcome.verdict not in (Verdict.NOT_REPRODUCED, Verdict.REACHED):
            code = Exit.FINDING
        console.closed_code = int(code)
        gap = "\n" if number else ""
        head = f"{gap}{name}: {file.property} of {file.story.system}, on {chosen.name}\n"
        if brief:
            text = "\n".join(show.conclusion(outcome, console.style)) + "\n"
        else:
            text = show.render(outcome, console.style)
        console.result(head + text)
    return int(code)
