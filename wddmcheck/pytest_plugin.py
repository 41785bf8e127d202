"""The pytest plugin for generated tests: which miniport they run on, and a machine with it.

    pytest --miniport my_driver:MyMiniport tests/

It is loaded by every pytest where wddmcheck is installed, so it imports nothing until a test asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from wddmcheck.machine.machine import Machine

MARKER = "wddm_policies"
FAMILY = "wddm_family"
HARDWARE = "wddm_hardware"
PREVENTED = "wddm_prevented"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--miniport`, and the ini option of the same meaning."""
    text = ("the miniport for tests that wddmcheck generated: reference, defect:NAME, "
            "package.module:factory or path/to/file.py:factory")
    parser.getgroup("wddmcheck").addoption("--miniport", metavar="SPEC", default=None, help=text)
    parser.addini("wddm_miniport", help=text, default="reference")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers."""
    config.addinivalue_line("markers", f"{MARKER}(G04=..., ...): what Dxgkrnl does in this test "
                            "where the documentation is silent")
    config.addinivalue_line("markers", f"{FAMILY}(name): the family of models that this test is "
                            "from, whose reference miniport it runs on unless another is named")
    config.addinivalue_line("markers", f"{HARDWARE}(lazy_switch=True, ...): properties of the GPU "
                            "in this test (fields of machine.gpu.device.Gpu)")


@pytest.fixture
def wddm_machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """A fresh machine with the miniport under test. Raises `pytest.UsageError`."""
    from wddmcheck.diagnostics.diagnostic import UserError
    from wddmcheck.machine.gpu.device import Gpu
    from wddmcheck.replay.families import machine_for
    from wddmcheck.replay.miniports import choose

    config = request.config
    name = config.getoption("--miniport") or config.getini("wddm_miniport")
    marker = request.node.get_closest_marker(MARKER)
    try:
        chosen = choose(str(name))
    except UserError as error:
        text = "; ".join(f"{d.message} ({d.help})" for d in error.diagnostics)
        raise pytest.UsageError(f"--miniport: {text}") from None
    family = request.node.get_closest_marker(FAMILY)
    hardware = request.node.get_closest_marker(HARDWARE)
    machine = machine_for(chosen.factory, family.args[0] if family is not None else "miniport",
                          marker.kwargs if marker is not None else {},
                          Gpu(**hardware.kwargs) if hardware is not None else None)
    yield machine
    request.node.user_properties.extend((PREVENTED, note) for note in machine.notes)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """With -v: the scenarios that did not come about, and what the driver did instead."""
    if terminalreporter.verbosity < 1:
        return
    notes = [f"{report.nodeid}: {value}" for report in terminalreporter.getreports("")
             if report.when == "teardown"
             for key, value in report.user_properties if key == PREVENTED]
    if notes:
        terminalreporter.section("scenarios that the miniport does not let come about")
        for note in notes:
            terminalreporter.line(note)
