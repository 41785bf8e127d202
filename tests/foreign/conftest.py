"""All these searches run with everything asleep that can be."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module", autouse=True)
def _asleep(asleep: None) -> None:
    pass
