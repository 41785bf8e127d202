"""Kept counterexamples: a run today finds the same story, and the same bytes every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.samples import one_in
from wddmcheck.cli.main import run
from wddmcheck.report.trace_file import read

KEPT = sorted(Path("counterexamples").glob("*/trace.json"))


@pytest.mark.parametrize("path", one_in(10, KEPT), ids=lambda p: p.parent.name)
def test_the_same_run_is_found_again(path: Path, tmp_path: Path) -> None:
    file, found = read(str(path)), []
    for name in ("once", "twice"):
        run(["verify", file.model, "--out", str(tmp_path / name), "--property", file.property,
             "--no-progress", "--quiet"])
        found += (tmp_path / name).glob("*.trace.json")
    once, twice = found
    assert once.read_bytes() == twice.read_bytes()
    # Lines of the model may have moved since the file was kept; what happens has not.
    kept, now = read(str(path)).story, read(str(once)).story
    assert (kept.property, kept.violated) == (now.property, now.violated)
    assert [(s.actor, s.block, s.status, s.changes) for s in kept.steps] == [
        (s.actor, s.block, s.status, s.changes) for s in now.steps]


@pytest.mark.parametrize("path", KEPT, ids=lambda p: p.parent.name)
def test_it_prints_without_the_model(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trace", "show", str(path)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("VIOLATED " + read(str(path)).story.property)
