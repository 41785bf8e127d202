"""The pytest plugin for generated tests: which miniport they run on, and a machine with it.

    pytest --miniport my_driver:MyMiniport tests/

It is loaded by every pytest where wddmcheck is installed, so it imports nothing until a test asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from wddmcheck.machine.machine import Machine

MARKER = "wddm_policies"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--miniport`, and the ini option of the same meaning."""
    text = ("the miniport for tests that wddmcheck generated: reference, defect:NAME, "
            "package.module:factory or path/to/file.py:factory")
    parser.getgroup("wddmcheck").addoption("--miniport", metavar="SPEC", default=None, help=text)
    parser.addini("wddm_miniport", help=text, default="reference")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", f"{MARKER}(G04=..., ...): what Dxgkrnl does in this test "
                            "where the documentation is silent")


@pytest.fixture
def wddm_machine(request: pytest.FixtureRequest) -> Machine:
    """A fresh machine with the miniport under test. Raises `pytest.UsageError`."""
    from wddmcheck.diagnostics.diagnostic import UserError
    from wddmcheck.machine.machine import Machine, Policies
    from wddmcheck.replay.miniports import choose

    config = request.config
    name = config.getoption("--miniport") or config.getini("wddm_miniport")
    marker = request.node.get_closest_marker(MARKER)
    try:
        chosen = choose(str(name))
    except UserError as error:
        text = "; ".join(f"{d.message} ({d.help})" for d in error.diagnostics)
        raise pytest.UsageError(f"--miniport: {text}") from None
    return Machine(chosen.factory, Policies(**(marker.kwargs if marker is not None else {})))
