"""`wddmcheck export`: a model as an input of SPIN, Rumur or TLC."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wddmcheck.cli.console import console
from wddmcheck.cli.options import common, policies, policy_option, without_names, without_option
from wddmcheck.cli.outputs import STDOUT, make_folder
from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
from wddmcheck.export import SUFFIXES, CannotExportError, Request, export

if TYPE_CHECKING:
    from wddmcheck.ir.system import System
    from wddmcheck.pipeline.scopes import ScopeChoice

NOTHING = "none"


@click.command(name="export", short_help="Write models as Promela, Murphi or TLA+.")
@click.argument("model")
@click.option("--to", "target", required=True, type=click.Choice(list(SUFFIXES)),
              help="Promela is for SPIN, Murphi for Rumur, TLA+ for TLC.")
@click.option("--scope", "scopes", multiple=True, metavar="NAME|Process=2,...",
              help="As for verify. An export is of one scope; with --out it may be several.")
@click.option("-o", "file", metavar="FILE|-", help="Write to FILE instead of stdout.")
@click.option("--out", metavar="DIR", help="Write one file a scope there, named MODEL_SCOPE.")
@click.option("--properties", "--property", "--prop", "names", multiple=True,
              metavar="NAME|GLOB,...|none",
              help="State these, and no others. Default: those that the target can check without "
                   "being told more. Repeatable.")
@click.option("--symmetry", type=click.Choice(["on", "off"]), default="off", show_default=True,
              help="Tell the tool that objects of a class are interchangeable; it then counts "
                   "fewer states.")
@policy_option()
@without_option()
@common
def command(model: str, target: str, scopes: tuple[str, ...], file: str | None, out: str | None,
            names: tuple[str, ...], symmetry: str, policy: tuple[str, ...],
            without: tuple[str, ...], color: str, verbose: int, quiet: bool) -> int:
    """Write MODEL as an input of another model checker, which then has the same reachable states,
    properties and names.

    The head of the file says how to run it. What the target cannot state is named there and on
    stderr. Exit codes: 0 written, 2 wrong command line, 3 wrong model.
    """
    from wddmcheck import pipeline
    from wddmcheck.pipeline.scopes import resolve

    console.configure(color=color, quiet=quiet, verbose=verbose)
    if file is not None and out is not None:
        raise click.UsageError("-o names one file and --out a directory; give one of them")
    if symmetry == "on" and target == "promela":
        raise click.UsageError("there is no symmetry reduction in SPIN; leave --symmetry out, or "
                               "write --to murphi or --to tla")
    loaded = pipeline.load_model(model, policies(policy), console.sources,
                                 without_names(without))
    choices = resolve(loaded.system, scopes)
    if out is None and len(choices) > 1:
        raise _one_scope(choices)
    chosen = _properties(loaded.system, names)
    for choice in choices:
        name = _name(loaded.system, choice)
        if file not in (None, STDOUT):
            name = _module(Path(str(file)), target)
        request = Request(loaded.system, dict(choice.sizes), name, chosen, symmetry == "on")
        _write(target, request, file, out, choice.text)
    return 0


def _write(target: str, request: Request, file: str | None, out: str | None, scope: str) -> None:
    """Export, and write to where it goes."""
    from wddmcheck.report.files import write_atomic

    try:
        made = export(target, request)
    except CannotExportError as error:
        raise UserError((Diagnostic(
            "WC315", f"{request.system.name} does not fit {target}: {error}",
            help="export it --to " + " or ".join(t for t in SUFFIXES if t != target)),),
            exit_code=2) from error
    path = None if file in (None, STDOUT) else Path(str(file))
    if out is not None:
        make_folder(Path(out))
        path = Path(out) / f"{request.name}{SUFFIXES[target]}"
    if path is None:
        console.result(made.text)
    else:
        write_atomic(path, made.text)
        console.log(f"wrote {path} (scope {scope})")
    for text in made.left_out:
        console.log(f"left out: {text}")


def _properties(system: System, texts: tuple[str, ...]) -> tuple[str, ...] | None:
    """The properties that `--properties` names; None if it is not given."""
    from wddmcheck.pipeline.selection import named

    if not texts:
        return None
    patterns = tuple(part.strip() for text in texts for part in text.split(",") if part.strip())
    if patterns == (NOTHING,):
        return ()
    return named(system, patterns)


def _name(system: System, choice: ScopeChoice) -> str:
    """What an export is called: the model, and the scope or its sizes."""
    parts: Iterator[str] = iter([choice.name] if choice.name else
                                [str(size) for _, size in choice.sizes])
    return re.sub(r"\W", "_", "_".join([system.name, *parts]), flags=re.ASCII)


def _module(path: Path, target: str) -> str:
    """The name of the module in the file `path`. Raises `UserError`."""
    if target != "tla":
        return path.stem
    if path.suffix == ".tla" and re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", path.stem, re.ASCII):
        return path.stem
    raise UserError((Diagnostic(
        "WC317", f"-o {path.name[:60]}: the name of a TLA+ file is that of its module, and .tla",
        help="letters, digits and _, the first a letter: -o miniport_small.tla"),), exit_code=2)


def _one_scope(choices: tuple[ScopeChoice, ...]) -> UserError:
    listed = ", ".join(choice.text for choice in choices)
    return UserError((Diagnostic(
        "WC316", f"an export has one scope, and these are {len(choices)}: {listed[:40]}",
        help=f"--scope {choices[0].text}, or --out DIR for a file each"),), exit_code=2)
