"""The example of docs/own_driver.md does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wddmcheck.machine.gpu.device import Gpu
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.scenario import DriverMistake
from wddmcheck.replay.families import machine_for
from wddmcheck.replay.miniports import choose

PAGE = Path("docs/own_driver.md").read_text("utf-8")
SPEC = "docs/own_driver/simple_miniport.py"
KEPT = sorted(Path("counterexamples").glob("*/test_*.py"))


def run(path: Path, miniport: str) -> None:
    scope: dict[str, object] = {}
    exec(compile(path.read_text("utf-8"), str(path), "exec"), scope)
    (test,) = (v for k, v in scope.items() if k.startswith("test_"))
    marks = getattr(test, "pytestmark", [])
    given = {m.name: m.kwargs for m in marks}
    family = next((m.args[0] for m in marks if m.name == "wddm_family"), "miniport")
    assert callable(test)
    test(machine_for(choose(f"{SPEC}:{miniport}").factory, family, given.get("wddm_policies", {}),
                     Gpu(**given.get("wddm_hardware", {}))))


@pytest.mark.parametrize("path", KEPT, ids=lambda p: p.parent.name)
def test_the_driver_passes_every_counterexample(path: Path) -> None:
    run(path, "SimpleMiniport")


def test_its_first_draft_fails_one() -> None:
    failed = []
    for path in KEPT:
        try:
            run(path, "FirstDraft")
        except DriverMistake as error:
            failed.append((path.parent.name, str(error)))
    ((name, message),) = failed
    assert name == "save_area_freed_while_current"
    assert message.split("at 0x")[0].strip() in re.sub(r"\nE {11}", "\n", PAGE)


def test_the_scenario_of_the_page() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    scope: dict[str, object] = {}
    exec(code, scope)
    test = scope["test_a_process_is_killed_while_its_work_hangs"]
    assert callable(test)
    for name in ("reference", f"{SPEC}:SimpleMiniport"):
        machine = Machine(choose(name).factory)
        test(machine)
        assert (machine.findings, machine.adapter.state) == ([], "absent")
        assert machine.notes == []


def test_links_of_the_page() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (Path("docs") / link).exists()
    for name in re.findall(r"`((?:wddmcheck|models)/[\w/.]+)`", PAGE):
        assert Path(name).exists(), name
