"""`wddmcheck trace show`: print a saved counterexample again."""

from __future__ import annotations

import click

from wddmcheck.cli.console import console
from wddmcheck.cli.options import common


@click.group(name="trace", short_help="Show saved counterexamples.")
def command() -> None:
    """Work with counterexamples that `verify --out DIR` saved."""


@command.command(name="show")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@common
def show(files: tuple[str, ...], color: str, verbose: int, quiet: bool) -> int:
    """Print the counterexample in each FILE as `verify` did. The model is not needed."""
    from wddmcheck.report import trace_file
    from wddmcheck.report.terminal import render_story

    console.configure(color=color, quiet=quiet, verbose=verbose)
    for name in files:
        file = trace_file.read(name)
        console.log(f"{name}: model {file.model}, engine {file.engine}, "
                    f"{file.tool.name} {file.tool.version}", 1)
        console.result(render_story(file.story, again=file.command, style=console.style))
    return 0
