"""The frame of the command line: help, wrong arguments, crashes, closed pipes, start-up."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.tiny import wddmcheck
from wddmcheck import __version__
from wddmcheck.cli import main
from wddmcheck.cli.main import COMMANDS
from wddmcheck.diagnostics.diagnostic import InternalError

HEAVY = ("z3", "networkx", "lark", "rich")


def imported(*args: str) -> set[str]:
    """The top-level modules that a command imports."""
    run = subprocess.run([sys.executable, "-X", "importtime", "-m", "wddmcheck", *args],
                         capture_output=True, text=True, check=False, timeout=60)
    return {line.rsplit("|", 1)[1].strip().partition(".")[0]
            for line in run.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize("args", [("--version",), ("--help",), ("verify", "--help")])
def test_nothing_heavy_is_imported(args: tuple[str, ...]) -> None:
    modules = imported(*args)
    assert "click" in modules
    assert not modules & set(HEAVY)


def test_check_loads_no_solver() -> None:
    modules = imported("check", "models/yardstick.wddm")
    assert not modules & {"z3", "networkx", "rich"}


def test_version_is_quick() -> None:
    """It loads next to nothing. (`python -m benchmarks` measures what that takes.)"""
    assert len(imported("--version")) < 90
    run = subprocess.run([sys.executable, "-m", "wddmcheck", "--version"], capture_output=True,
                         text=True, check=True)
    assert run.stdout == f"wddmcheck {__version__}\n"


def test_help_names_every_command() -> None:
    result = wddmcheck("--help")
    assert result.code == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name} +[A-Z].*\.$", result.out, re.M)
        assert wddmcheck(name, "--help").code == 0


@pytest.mark.parametrize(("args", "said"), [
    (("verfy",), "did you mean `verify`?"),
    (("--colour", "verify"), "no such option"),
    (("verify",), "models/miniport.wddm"),
    (("verify", "m.wddm", "--symmetry", "maybe"), "on"),
    (("verify", "m.wddm", "--engin", "bmc"), "--engine"),
    (("check",), "missing argument"),
    (("trace",), "Usage"),
    ((), "Usage"),
])
def test_wrong_command_lines(args: tuple[str, ...], said: str) -> None:
    result = wddmcheck(*args)
    assert result.code == 2
    assert said in result.err
    assert not result.out


@pytest.mark.parametrize(("args", "said"), [
    (("--timeout", "soon"), "write 300, 300s, 5m or 1h"),
    (("--timeout", "0"), "no time"),
    (("--timeout", "-5"), "is not a time"),
    (("--timeout", "5w"), "is not a time"),
    (("--memory", "much"), "is not an amount of memory"),
    (("--memory", "3"), "at least 1M"),
    (("--depth", "-1"), "out of range"),
    (("--depth", "deep"), "whole number"),
    (("--depth", "9" * 40), "whole number"),
    (("--jobs", "0"), "out of range"),
    (("--policy", "G04"), "NAME=CHOICE"),
    (("--policy", "G04=a", "--policy", "G04=b"), "twice"),
])
def test_wrong_values(args: tuple[str, ...], said: str) -> None:
    result = wddmcheck("verify", "m.wddm", *args)
    assert result.code == 2
    assert "WC309" in result.err
    assert said in result.err


@pytest.mark.parametrize(("error", "code", "said"), [
    (InternalError("a trace does not re-execute"), 70, "WC901"),
    (ValueError("x" * 100_000), 70, "WC902"),
    (MemoryError(), 70, "--memory"),
    (RecursionError(), 70, "WC404"),
    (KeyboardInterrupt(), 130, "interrupted"),
    (BrokenPipeError(), 0, ""),
])
def test_what_no_command_expects(monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int,
                                 said: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(main.cli, "main", fail)
    result = wddmcheck("verify", "m.wddm")
    assert result.code == code
    assert said in result.err
    assert "Traceback" not in result.err + result.out
    assert len(result.err) < 4000
    for name in re.findall(r"\S+wddmcheck-\S+\.txt", result.err):
        assert "Traceback" in Path(name).read_text(encoding="utf-8")
        Path(name).unlink()


def test_a_traceback_that_cannot_be_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(main.cli, "main", fail)
    monkeypatch.setattr("tempfile.mkstemp", fail)
    result = wddmcheck("check", "m.wddm")
    assert result.code == 70
    assert "the details are in" not in result.err


def test_a_closed_pipe_is_quiet() -> None:
    """`wddmcheck explain WC301 | true`: no traceback, and the exit code of the command."""
    process = subprocess.Popen([sys.executable, "-m", "wddmcheck", "explain", "WC301"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=30) == 0
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize(("variable", "value", "args", "colored"), [
    ("NO_COLOR", "1", (), False),
    ("FORCE_COLOR", "1", (), True),
    ("NO_COLOR", "1", ("--color", "always"), True),
    ("FORCE_COLOR", "1", ("--color", "never"), False),
])
def test_colour(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, args: tuple[str, ...],
                colored: bool) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, value)
    result = wddmcheck("check", "no/such/model.wddm", *args)
    assert result.code == 2
    assert ("\x1b[" in result.err) is colored
