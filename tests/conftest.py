"""Options and fixtures that all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support.golden import Golden
from tests.support.models import SYSTEMS
from wddmcheck.engines.native import sleep


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true",
                     help="write golden files instead of comparing with them")


@pytest.fixture(scope="session", autouse=True)
def _own_caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compiled code, and the systems of models, are kept for the tests, those of all workers, and
    not among the user's."""
    base = tmp_path_factory.getbasetemp()
    common = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    systems = common / "systems"
    systems.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WDDMCHECK_CACHE", str(common / "code"))
        patch.setenv(SYSTEMS, str(systems))
        yield


@pytest.fixture(scope="module")
def asleep() -> Iterator[None]:
    """What may sleep in a search of the native engine is found before the search is over, however
    small it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sleep, "SHARE", 1e9)
        yield


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    return Golden(update=bool(request.config.getoption("--update-golden")))
