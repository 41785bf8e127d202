"""`wddmcheck check`: parse, names, types, lints; no solver is loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from wddmcheck.cli.console import console
from wddmcheck.cli.options import common, policies, policy_option, without_names, without_option
from wddmcheck.diagnostics.diagnostic import UserError

if TYPE_CHECKING:
    from wddmcheck.pipeline import Loaded

KINDS = {"ddi": "DDIs", "callback": "callbacks", "thunk": "thunks", "routine": "routines",
         "gpu": "gpu blocks", "interrupt": "interrupts", "dpc": "DPCs", "worker": "workers"}


@click.command(name="check", short_help="Parse and type models; verify nothing.")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("--ir", is_flag=True, help="Print the transition system that the engines get.")
@policy_option()
@without_option()
@common
def command(models: tuple[str, ...], ir: bool, policy: tuple[str, ...],
            without: tuple[str, ...], color: str, verbose: int, quiet: bool) -> int:
    """Read each MODEL, resolve its names, check its types, and say what it has.

    All errors are reported at once. Exit codes: 0 the model is well formed, 2 wrong command line,
    3 wrong model.
    """
    from wddmcheck import pipeline
    from wddmcheck.report.words import Exit, most_important

    console.configure(color=color, quiet=quiet, verbose=verbose)
    chosen, dropped = policies(policy), without_names(without)
    codes = [Exit.OK]
    for model in dict.fromkeys(models):
        try:
            loaded = pipeline.load_model(model, chosen, console.sources, dropped)
        except UserError as error:
            console.diagnostics(error.diagnostics)
            codes.append(Exit(error.exit_code))
            continue
        console.diagnostics(loaded.warnings)
        if ir:
            from wddmcheck.ir.show import show

            console.result(show(loaded.system))
        else:
            console.result("\n".join(_summary(loaded)) + "\n")
    return int(most_important(codes))


def _summary(loaded: Loaded) -> Iterator[str]:
    system, model = loaded.system, loaded.model
    goals = sum(p.goal for p in system.properties)
    yield f"{loaded.path}: model {system.name} is well formed"
    if model is not None:
        kinds = Counter(b.kind for b in model.blocks.values())
        counts = [f"{len(model.objects)} object classes"]
        counts += [f"{kinds[k]} {words}" for k, words in KINDS.items() if kinds[k]]
        yield "  " + ", ".join(counts)
    yield (f"  {len(system.properties) - goals} properties, {goals} coverage goals, "
           f"{len(system.actions)} actions, {len(system.variables)} variables")
    for name, sizes in system.scopes:
        default = "default scope" if name in system.default_scopes else "scope"
        yield f"  {default} {name}: " + " ".join(f"{pool}={n}" for pool, n in sizes)
    if model is not None:
        chosen = dict(system.policies)
        for policy in model.policies.values():
            yield f"  policy {policy.name}={chosen[policy.name]} (of {', '.join(policy.choices)})"
