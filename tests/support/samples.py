"""Some of many, for the default suite; all of them where slow tests are asked for."""

from __future__ import annotations

from collections.abc import Iterable

import pytest


def one_in(every: int, items: Iterable[object]) -> list[object]:
    """Parameters of a test: one of so many items by default, the rest slow. Tuples have several."""
    return [pytest.param(*(item if type(item) is tuple else (item,)),
                         marks=() if number % every == 0 else pytest.mark.slow)
            for number, item in enumerate(items)]
