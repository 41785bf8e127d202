"""`wddmcheck defects`: the table, what is kept, and what it refuses."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from wddmcheck.cli.main import run
from wddmcheck.machine.defects import DEFECTS
from wddmcheck.machine.reference import ReferenceMiniport

LEAK = "models/seeded/stop_leaks_isr_state.wddm"


def test_one_defect_with_how_it_shows(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["defects", "-v", LEAK]) == 0
    shown = capsys.readouterr().out
    assert "stop_leaks_isr_state  closed  no_leak, 5 steps" in shown
    assert "defect: reproduced at step 5: leak report, bug check 0xC4/0x62: 1 pool block" in shown
    assert "reference: not reproduced at step 4: isrstate#0 is gone" in shown
    assert shown.endswith("1 defect: each is violated in its model, happens on the miniport that "
                          "has it,\nand does not happen on the reference miniport.\n")


def test_what_is_kept_does_not_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "kept"
    assert run(["defects", LEAK, "--save", str(target)]) == 0
    made = sorted((target / "stop_leaks_isr_state").iterdir())
    kept = sorted(Path("counterexamples/stop_leaks_isr_state").iterdir())
    assert [p.name for p in made] == [p.name for p in kept if p.name != "__pycache__"]
    for path in made:
        assert path.read_bytes() == (kept[0].parent / path.name).read_bytes(), path.name
    assert "saved" in capsys.readouterr().err
    assert run(["defects", LEAK, "--save", str(target)]) == 0
    assert "saved" not in capsys.readouterr().err


def test_a_loop_that_is_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                             capsys: pytest.CaptureFixture[str]) -> None:
    """A model that is not violated any more."""
    (tmp_path / "seeded").mkdir()
    shutil.copy("models/miniport.wddm", tmp_path / "miniport.wddm")
    shutil.copytree("models/parts", tmp_path / "parts")
    mended = tmp_path / "seeded" / "stop_leaks_isr_state.wddm"
    text = Path(LEAK).read_text("utf-8")
    mended.write_text(text.replace("  Adapter.isr = none\n",
                                   "  destroy Adapter.isr\n  Adapter.isr = none\n"))
    assert run(["defects", str(tmp_path / "seeded")]) == 1
    shown = capsys.readouterr().out
    assert "the model is not violated" in shown
    assert "not all loops are closed" in shown


def test_a_miniport_without_its_defect(monkeypatch: pytest.MonkeyPatch,
                                       capsys: pytest.CaptureFixture[str]) -> None:
    from wddmcheck.replay import miniports

    monkeypatch.setattr(miniports, "DEFECTS", {**DEFECTS,
                                               "stop_leaks_isr_state": ReferenceMiniport})
    assert run(["defects", LEAK]) == 70
    assert "disagree" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "code", "says"), [
    ("nowhere", 2, "there is no model"), ("models/miniport.wddm", 2, "has the defect `miniport`"),
    ("docs", 2, "there is no model")])
def test_what_it_refuses(name: str, code: int, says: str,
                         capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["defects", name]) == code
    assert says in capsys.readouterr().err
