"""`wddmcheck defects`: the seeded defects, from the model to the crash and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wddmcheck.cli.console import console
from wddmcheck.cli.options import common

if TYPE_CHECKING:
    from wddmcheck.testgen.loop import Loop

DEFAULT = "models/seeded"


@click.command(name="defects", short_help="Take seeded defects from the model to the crash.")
@click.argument("models", nargs=-1, metavar="[MODEL|DIR]...")
@click.option("--save", metavar="DIR", help="Keep what was found: DIR/NAME gets trace.json, its "
                                            "test and a README.")
@common
def command(models: tuple[str, ...], save: str | None, color: str, verbose: int,
            quiet: bool) -> int:
    """For each MODEL of a defect (default: all in models/seeded): the model is violated, the
    miniport with that defect does what the counterexample says, and the reference miniport does
    not. -v says how.

    Exit codes: 0 all is so, 1 it is not, 2 wrong command line, 3 wrong model, 70 model and machine
    disagree.
    """
    from wddmcheck.report.words import Exit
    from wddmcheck.testgen.loop import go_round

    console.configure(color=color, quiet=quiet, verbose=verbose)
    paths = [path for name in models or (DEFAULT,) for path in _models(name)]
    width = max((len(p.stem) for p in paths), default=0)
    code = Exit.OK
    for path in paths:
        loop = go_round(path)
        if not loop.closed:
            code = Exit.FINDING
        console.closed_code = int(code)
        console.result("\n".join(_row(loop, width)) + "\n")
        if save is not None and loop.closed:
            _keep(Path(save) / loop.name, loop, path)
    console.result(_closing(len(paths), code == Exit.OK))
    return int(code)


def _models(name: str) -> list[Path]:
    from wddmcheck.machine.defects import DEFECTS

    path = Path(name)
    if path.is_dir():
        found = sorted(path.rglob("*.wddm"), key=lambda p: p.stem)
        on_machine = [p for p in found if p.stem in DEFECTS]
        if len(on_machine) < len(found):
            console.log(f"{name}: {len(found) - len(on_machine)} of {len(found)} models are of "
                        "defects that no miniport has")
        if on_machine:
            return on_machine
    if path.is_file():
        return [path]
    raise click.UsageError(f"{name}: there is no model; name the model of a defect, or a directory "
                           "with such models")


def _row(loop: Loop, width: int) -> list[str]:
    from wddmcheck.report.lines import wrapped
    from wddmcheck.report.style import Role

    style = console.style
    head = f"{loop.name:<{width}}  "
    if loop.file is None or loop.defective is None or loop.fixed is None:
        return [head + style(Role.BAD, "the model is not violated")]
    steps = len(loop.file.story.steps)
    good = style(Role.GOOD if loop.closed else Role.BAD, "closed" if loop.closed else "open")
    lines = [f"{head}{good}  {loop.file.property}, {steps} steps"]
    if loop.closed and not console.verbose:
        return lines
    for what, outcome in (("defect", loop.defective), ("reference", loop.fixed)):
        lines += wrapped(f"{what}: ", f"{outcome.verdict.value} at step {outcome.at}: "
                         f"{outcome.how}", 4)
    return lines


def _closing(count: int, fine: bool) -> str:
    head = f"{count} defect{'s' if count != 1 else ''}: "
    if not fine:
        return f"{head}not all loops are closed.\n"
    return (f"{head}each is violated in its model, happens on the miniport that has it,\nand does "
            "not happen on the reference miniport.\n")


def _keep(folder: Path, loop: Loop, model: Path) -> None:
    from wddmcheck.cli.outputs import make_folder
    from wddmcheck.testgen import folder as files
    from wddmcheck.testgen.loop import kept, title_of

    make_folder(folder)
    new, _ = files.write(folder, kept(loop, title_of(model)))
    for path in new:
        console.log(f"saved {path}")
