"""Runs SPIN, Rumur and TLC on exports.

`spin`, `rumur`, `gcc` and `java` are looked for on PATH; TLC's jar is what TLA2TOOLS_JAR names. A
test whose tool is missing is skipped, with the place where the tool was looked for.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from wddmcheck.export import SUFFIXES, Request, export
from wddmcheck.ir.system import System

MINUTES = 10 * 60


@dataclass(frozen=True)
class Run:
    """What a tool says. `transitions` counts steps as the model does: without the loops by which an
    export marks what it found. `found` is the first violation: the property, as it is called in
    the export, and the length of the run. `missed`: what Rumur was to cover and did not."""

    states: int
    transitions: int
    found: tuple[str, int] | None
    output: str
    missed: tuple[str, ...] = ()


def _call(folder: Path, *command: str, fails: bool = False) -> str:
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                         timeout=MINUTES)
    output = run.stdout + run.stderr
    assert fails or run.returncode == 0, f"{' '.join(command)}\n{output[-3000:]}"
    return output


def _numbers(pattern: str, output: str) -> tuple[int, ...]:
    match = re.search(pattern, output)
    assert match, output[-3000:]
    return tuple(int(text.replace(",", "")) for text in match.groups())


def spin(folder: Path, *, onward: bool = False, optimize: str = "-O0") -> Run:
    """SPIN, breadth-first. `onward`: does not stop at a violation."""
    _call(folder, "spin", "-a", "m.pml")
    _call(folder, "gcc", optimize, "-w", "-DSAFETY", "-DNOREDUCE", "-DBFS", "-o", "pan", "pan.c")
    output = _call(folder, "./pan", "-w20", *(["-c0"] if onward else []))
    (states,) = _numbers(r"(\d+) states, stored", output)
    (transitions,) = _numbers(r"(\d+) transitions \(= stored\+matched\)", output)
    found = None
    if match := re.search(r"assertion violated (\w+) \(at depth (\d+)\)", output):
        # The depth is that of the state in which something was found.
        found = match[1], int(match[2])
    elif match := re.search(r"invalid end state \(at depth (\d+)\)", output):
        found = "no_deadlock", int(match[1])
    # One of SPIN's transitions is the initial state.
    return Run(states, transitions - 1, found, output)


MESSAGE = re.compile(r'(?:invariant|liveness property) "(.*)" \w+')


def spin_runs(folder: Path, name: str) -> bool:
    """Whether SPIN finds a run that violates a claim about all runs."""
    _call(folder, "spin", "-a", "m.pml")
    _call(folder, "gcc", "-O0", "-w", "-DNOREDUCE", "-o", "pan", "pan.c")
    output = _call(folder, "./pan", "-w20", "-a", "-N", name)
    (errors,) = _numbers(r"errors: (\d+)", output)
    assert bool(errors) == ("acceptance cycle" in output), output
    return bool(errors)


def tlc_runs(folder: Path) -> bool:
    """Whether TLC finds a run that violates the one claim about all runs."""
    output = _java(folder)
    bad = "Temporal propert" in output and "violated" in output
    assert bad != ("No error has been found" in output), output[-3000:]
    return bad


def _java(folder: Path, *options: str) -> str:
    return _call(folder, "java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp",
                 os.environ["TLA2TOOLS_JAR"], "tlc2.TLC", "-workers", "1", "-noGenerateSpecTE",
                 "-metadir", "states", *options, "-config", "m.tla", "m.tla", fails=True)


def rumur(folder: Path, *options: str, onward: bool = False, deadlock: bool = False) -> Run:
    """Rumur's verifier."""
    _call(folder, "rumur", "--threads", "1", "--deadlock-detection", "stuck" if deadlock else "off",
          "--max-errors", "1000000" if onward else "1", "--output-format", "machine-readable",
          *(options or ("--symmetry-reduction", "off")), "m.m", "-o", "model.c")
    _call(folder, "gcc", "-O0", "-w", "-mcx16", "-o", "model", "model.c", "-lpthread")
    output = _call(folder, "./model", fails=True)
    states, fired = _numbers(r'<summary states="(\d+)" rules_fired="(\d+)"', output)
    found = None
    if match := re.search(r"<message>(.*?)</message>(.*?)</error>", output, re.S):
        name = match[1].replace("&quot;", '"')
        if known := MESSAGE.match(name):
            name = known[1]
        found = name, match[2].count("<transition>Rule")
    missed = re.findall(r'<cover_result message="(.*)" count="0"/>', output)
    return Run(states, fired, found, output, tuple(missed))


def tlc(folder: Path, *, onward: bool = False) -> Run:
    """TLC with one worker."""
    output = _java(folder, *(["-continue"] if onward else []))
    if match := re.search(r"Invariant (\w+) is violated by the initial state|"
                          r"The invariant of (\w+) is equal to FALSE", output):
        return Run(1, 0, (match[1] or match[2], 0), output)  # it ends before it counts
    generated, distinct = _numbers(
        r"([\d,]+) states generated, ([\d,]+) distinct states found", output)
    found = None
    if match := re.search(r"Invariant (\w+) is violated\.", output):
        rest = output[match.end():].partition("Error: Invariant")[0]
        found = match[1], len(re.findall(r"^State \d+:", rest, re.M)) - 1
    return Run(distinct, generated - 1, found, output)


def has_spin() -> bool:
    return all(map(shutil.which, ("spin", "gcc")))


def has_rumur() -> bool:
    return all(map(shutil.which, ("rumur", "gcc")))


def has_tlc() -> bool:
    return shutil.which("java") is not None and Path(
        os.environ.get("TLA2TOOLS_JAR", "")).is_file()


needs_spin = pytest.mark.skipif(not has_spin(), reason="spin or gcc is not on PATH")
needs_rumur = pytest.mark.skipif(not has_rumur(), reason="rumur or gcc is not on PATH")
needs_tlc = pytest.mark.skipif(
    not has_tlc(), reason="java is not on PATH, or TLA2TOOLS_JAR names no tla2tools.jar")

TOOLS: Mapping[str, Callable[..., Run]] = {"promela": spin, "murphi": rumur, "tla": tlc}
EACH_TOOL = [pytest.param("promela", marks=needs_spin), pytest.param("murphi", marks=needs_rumur),
             pytest.param("tla", marks=needs_tlc)]


def exported(folder: Path, target: str, system: System, scope: Mapping[str, int],
             properties: tuple[str, ...] | None, *, symmetry: bool = False) -> None:
    """Write an export where the tools look for it."""
    folder.mkdir(parents=True, exist_ok=True)
    made = export(target, Request(system, scope, "m", properties, symmetry))
    (folder / f"m{SUFFIXES[target]}").write_text(made.text, encoding="utf-8")


def counted(folder: Path, target: str, system: System, scope: Mapping[str, int]) -> Run:
    """The tool on the system without properties."""
    exported(folder, target, system, scope, ())
    return TOOLS[target](folder)
