"""The command group, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from wddmcheck import __version__
from wddmcheck.cli.console import console
from wddmcheck.diagnostics.diagnostic import InternalError, UserError

COMMANDS = ("verify", "check", "run", "trace", "replay", "testgen", "defects", "export",
            "docs", "explain")
"""Names of commands and of their modules in `cli.commands`, in the order of `--help`."""

USAGE = 2
INTERNAL = 70
INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, as `--help` lists them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called `cmd_name`."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"wddmcheck.cli.commands.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
            self, ctx: click.Context,
            args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a suggestion for a name that is nearly right."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from wddmcheck.diagnostics.suggest import closest

            near = closest(args[0], COMMANDS)
            hint = f"did you mean `{near}`?" if near else f"commands: {', '.join(COMMANDS)}"
            ctx.fail(f"no such command `{args[0][:60]}`; {hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="wddmcheck", message="%(prog)s %(version)s")
def cli() -> None:
    """Model-check the object lifecycles of WDDM display miniports.

    Exit codes: 0 all holds, 1 a finding, 2 wrong command line, 3 wrong model, 4 inconclusive,
    5 nothing checked, 70 internal error, 130 interrupted.
    """


def run(args: Sequence[str]) -> int:
    """Run the command line; returns the exit code. Prints no traceback, whatever happens."""
    try:
        code = _dispatch(list(args))
    except BrokenPipeError:
        code = console.closed_code
    except KeyboardInterrupt:
        console.error("interrupted")
        code = INTERRUPTED
    except Exception as error:  # the last resort
        code = _internal(error)
    return console.finish(code)


def _dispatch(args: list[str]) -> int:
    try:
        result = cli.main(args, prog_name="wddmcheck", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        console.error_text(error.format_message())
        return USAGE
    except click.UsageError as error:
        _usage(error)
        return USAGE
    except click.ClickException as error:
        console.error(f"error: {error.format_message()}")
        return USAGE
    except click.Abort:
        raise KeyboardInterrupt from None
    except UserError as error:
        console.diagnostics(error.diagnostics)
        return int(error.exit_code)
    return result if isinstance(result, int) else 0


def _usage(error: click.UsageError) -> None:
    message = error.format_message().rstrip(".")
    console.error(f"error: {message[:1].lower()}{message[1:]}")
    command = error.ctx.command_path if error.ctx is not None else "wddmcheck"
    console.error(f"  help: {command} --help")


def _internal(error: Exception) -> int:
    """A defect of wddmcheck, or the end of the machine: a short block, never a traceback."""
    match error:
        case MemoryError():
            what = "WC403", "the machine ran out of memory; --memory 2G ends a run before that"
        case RecursionError():
            what = "WC404", "the model is nested more deeply than wddmcheck can follow"
        case InternalError():
            what = "WC901", f"internal error: {error}"
        case _:
            what = "WC902", f"internal error: {type(error).__name__}: {error}"
    console.error(f"error[{what[0]}]: {what[1][:2000]}")
    saved = _save_traceback(error)
    if saved:
        console.error(f"  the details are in {saved}")
    if what[0] not in ("WC403",):
        console.error("  no verdict of this run is to be trusted; please report it with that file:"
                      "\n  what you ran, the model if you may share it, and"
                      f" wddmcheck {__version__}, Python {sys.version.split()[0]}, {sys.platform}")
    return INTERNAL


def _save_traceback(error: Exception) -> str:
    """The name of the file with the traceback, "" if it cannot be written."""
    import tempfile
    import traceback

    try:
        text = "".join(traceback.format_exception(error))
        handle, name = tempfile.mkstemp(prefix="wddmcheck-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(f"wddmcheck {__version__}\n{' '.join(sys.argv)}\n\n{text}")
    except (OSError, MemoryError, RecursionError):
        return ""
    return name
