"""How each tool is compiled and run on the yardstick, with its best flags, and what it says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
POOLS = ("Process", "Device", "Context", "Allocation")
SYMBOLS = ("P", "D", "C", "A")
Sizes = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds of generation and compilation, of exploration as the tool itself has it, and
    of everything together; states; bytes of memory at most."""

    compile_s: float
    explore_s: float
    total_s: float
    states: int
    peak: int


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool in one mode. `missing` says what would have to be installed, if it is not."""

    name: str
    symmetry: bool
    threads: int
    run: Callable[[Sizes], Run]
    missing: str = ""


@dataclass(frozen=True, slots=True)
class _Done:
    out: str
    seconds: float
    peak: int


def _process(*args: str, where: str | None = None, env: dict[str, str] | None = None) -> _Done:
    """Run a command; raises `RuntimeError` with what it says if it fails."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        process = subprocess.Popen(args, stdout=out, stderr=subprocess.STDOUT, cwd=where,
                                   env={**inherited, **(env or {})})
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        out.seek(0)
        text = out.read().decode(errors="replace")
    if process.returncode:
        raise RuntimeError(f"{args[0]} ended with {process.returncode}:\n{text[-2000:]}")
    return _Done(text, seconds, usage.ru_maxrss * 1024)


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"no {pattern!r} in:\n{text[-2000:]}")
    return float(found.group(1).replace(",", ""))


def wddmcheck(symmetry: bool, threads: int, *, kept: bool) -> Tool:
    """wddmcheck; `kept`: with its compiled code from an earlier run."""
    cache = tempfile.mkdtemp(prefix="wddmcheck-bench.") if kept else ""

    def run(sizes: Sizes) -> Run:
        scope = ",".join(f"{p}={n}" for p, n in zip(POOLS, sizes, strict=True))
        command = (sys.executable, "-m", "wddmcheck", "verify", "models/yardstick.wddm", "--engine",
                   "native", "--symmetry", "on" if symmetry else "off", "--scope", scope,
                   "--jobs", str(threads), "--no-progress", "--json", "-")
        done = _process(*command, where=str(ROOT), env={"WDDMCHECK_CACHE": cache})
        if kept:
            done = _process(*command, where=str(ROOT), env={"WDDMCHECK_CACHE": cache})
        explored = json.loads(done.out)["exploration"]
        if not explored["complete"]:
            raise RuntimeError(f"stopped by {explored['stopped_by']}")
        return Run(done.seconds - explored["seconds"], explored["seconds"], done.seconds,
                   explored["states"], done.peak)

    return Tool("wddmcheck, code kept" if kept else "wddmcheck", symmetry, threads, run)


def spin(threads: int) -> Tool:
    """SPIN, breadth-first, which is its fastest way here and gives shortest runs as ours does."""
    def run(sizes: Sizes) -> Run:
        with tempfile.TemporaryDirectory() as where:
            shutil.copy(HERE / "lifecycle.pml", where)
            names = [f"-D{n}={v}" for n, v in zip(SYMBOLS, sizes, strict=True)]
            made = _process("spin", "-a", *names, "lifecycle.pml", where=where)
            way = ["-DBFS"] if threads == 1 else ["-DBFS_PAR", f"-DNCORE={threads}"]
            compiled = _process("gcc", "-O3", "-march=native", "-w", "-DSAFETY", "-DNOREDUCE",
                                "-DVECTORSZ=512", *way, "-o", "pan", "pan.c", where=where)
            more = ["-w26", "-m1000000"] if threads == 1 else ["-w26"]
            done = _process("./pan", "-n", *more, where=where)
        states = int(_number(r"([\d.e+]+) states, stored", done.out))
        return Run(made.seconds + compiled.seconds, _elapsed(done),
                   made.seconds + compiled.seconds + done.seconds, states, done.peak)

    return Tool("SPIN -DBFS -DSAFETY -DNOREDUCE" if threads == 1 else "SPIN -DBFS_PAR", False,
                threads, run, _missing("spin", "gcc"))


def _elapsed(done: _Done) -> float:
    found = re.search(r"elapsed time ([\d.e+-]+) seconds", done.out)
    return float(found.group(1)) if found and float(found.group(1)) > 0 else done.seconds


def rumur(symmetry: str, threads: int) -> Tool:
    """Rumur: `symmetry` is off, heuristic or exhaustive."""
    def run(sizes: Sizes) -> Run:
        text = (HERE / "lifecycle.m").read_text(encoding="utf-8")
        for name, value in zip(SYMBOLS, sizes, strict=True):
            text = re.sub(rf"(?m)^  {name}: \d+;", f"  {name}: {value};", text)
        if symmetry == "off":
            text = re.sub(r"scalarset\((\w)\)", r"0 .. \1-1", text)
        with tempfile.TemporaryDirectory() as where:
            Path(where, "m.m").write_text(text, encoding="utf-8")
            made = _process("rumur", "--deadlock-detection", "off", "--threads", str(threads),
                            "--symmetry-reduction", symmetry, "--output", "m.c", "m.m", where=where)
            compiled = _process(
                "gcc", "-std=c11", "-O3", "-march=native", "-w", "-fwhole-program",
                "-finline-limit=100000", "--param", "large-function-growth=10000", "--param",
                "inline-unit-growth=10000", "-mcx16", "-o", "m", "m.c", "-lpthread", "-latomic",
                where=where)
            done = _process("./m", where=where)
        states = int(_number(r"(\d+) states", done.out[done.out.rfind("State Space"):]))
        return Run(made.seconds + compiled.seconds, done.seconds,
                   made.seconds + compiled.seconds + done.seconds, states, done.peak)

    return Tool(f"Rumur, symmetry {symmetry}" if symmetry != "off" else "Rumur", symmetry != "off",
                threads, run, _missing("rumur", "gcc"))


def tlc(symmetry: bool, threads: int) -> Tool:
    """TLC."""
    jar = os.environ.get("TLA2TOOLS_JAR", "")

    def run(sizes: Sizes) -> Run:
        sets = [f"  {name} = {{{', '.join(f'{name[0].lower()}{i}' for i in range(n))}}}"
                for name, n in zip(("Procs", "Devs", "Ctxs", "Allocs"), sizes, strict=True)]
        lines = ["INIT Init", "NEXT Next", "CONSTANTS", *sets, "  None = None", "  BUG = 0",
                 "INVARIANTS I1 I2 I3 I4 I5",
                 *(["SYMMETRY Symm"] if symmetry else [])]
        with tempfile.TemporaryDirectory() as where:
            shutil.copy(HERE / "Lifecycle.tla", where)
            Path(where, "Lifecycle.cfg").write_text("\n".join(lines) + "\n", encoding="utf-8")
            done = _process("java", "-XX:+UseParallelGC", "-Xmx12g", "-cp", jar, "tlc2.TLC",
                            "-workers", str(threads), "-deadlock", "Lifecycle", where=where)
        states = int(_number(r"([\d,]+) distinct states found, 0 states left", done.out))
        return Run(0.0, done.seconds, done.seconds, states, done.peak)

    return Tool("TLC, SYMMETRY" if symmetry else "TLC", symmetry, threads, run,
                _missing("java") or ("" if jar else "TLA2TOOLS_JAR=path/of/tla2tools.jar"))


def _missing(*programs: str) -> str:
    return ", ".join(p for p in programs if shutil.which(p) is None)
