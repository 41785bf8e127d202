"""Runs of the native engine that are ended at random moments, by Ctrl-C, by time and by memory:
always a verdict on every property, the right exit code, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

LARGE = ("verify", "models/yardstick.wddm", "--scope", "Process=3,Device=4,Context=6,Allocation=8",
         "--engine", "native", "--json", "-")
INVARIANTS = 5
MEGABYTE = 1 << 20

sigint = pytest.mark.skipif(os.name == "nt", reason="sends SIGINT as a terminal does")


RUN = """
import sys
from wddmcheck import pipeline
from wddmcheck.cli.main import run
verify = pipeline.verify
def ready(*args, **more):
    print("ready", file=sys.stderr, flush=True)
    return verify(*args, **more)
pipeline.verify = ready
sys.exit(run(sys.argv[1:]))
"""


def start(*more: str, cache: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", RUN, *LARGE, *more],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env={**os.environ, "WDDMCHECK_CACHE": str(cache)})


def ended(process: subprocess.Popen[str], cache: Path, code: int,
          word: str) -> dict[str, object]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, err
    assert "Traceback" not in err
    report: dict[str, object] = json.loads(out)
    verdicts = report["verdicts"]
    assert isinstance(verdicts, list)
    assert len(verdicts) >= INVARIANTS
    assert {v["kind"] for v in verdicts} <= {"bounded", "inconclusive", "reached"}
    assert any(word in v["reason"] for v in verdicts)
    assert not list(cache.glob("*.tmp"))
    return report


def after(seed: int, longest: float) -> float:
    return Random(seed).uniform(0.0, longest)


@sigint
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("threads", ["1", "2"])
def test_ctrl_c(threads: str, seed: int, tmp_path: Path) -> None:
    process = start("--jobs", threads, cache=tmp_path)
    assert process.stderr is not None
    assert process.stderr.readline() == "ready\n"
    time.sleep(after(seed, 2.5))
    process.send_signal(signal.SIGINT)
    ended(process, tmp_path, 130, "interrupted")


@pytest.mark.parametrize("seed", range(2))
def test_time(seed: int, tmp_path: Path) -> None:
    seconds = 0.01 + after(seed, 2.0)
    ended(start("--timeout", f"{seconds:.3f}", "--engine", "explicit", cache=tmp_path), tmp_path, 4,
          "time")


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("more", [(), ("--compact",), ("--jobs", "2")])
def test_memory(more: tuple[str, ...], seed: int, tmp_path: Path) -> None:
    """The limit holds within a tenth."""
    most = int(130 * MEGABYTE + after(seed, 150 * MEGABYTE))
    process = start("--memory", str(most), "--symmetry", "off", *more, cache=tmp_path)
    report = ended(process, tmp_path, 4, "memory")
    exploration = report["exploration"]
    assert isinstance(exploration, dict)
    assert exploration["peak_bytes"] <= 1.1 * most
    assert exploration["states"] > 100_000


@pytest.mark.slow
@sigint
@pytest.mark.parametrize("seed", range(40))
def test_ctrl_c_many_times(seed: int, tmp_path: Path) -> None:
    test_ctrl_c("1" if seed % 2 else "2", seed + 100, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_time_many_times(seed: int, tmp_path: Path) -> None:
    test_time(seed + 100, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_memory_many_times(seed: int, tmp_path: Path) -> None:
    test_memory(("--compact",) if seed % 3 else (), seed + 100, tmp_path)
