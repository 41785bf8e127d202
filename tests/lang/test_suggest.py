"""Did you mean ...?"""

from __future__ import annotations

import pytest

from wddmcheck.diagnostics.suggest import closest


@pytest.mark.parametrize(("word", "candidates", "meant"), [
    ("Contxt", ["Context", "Device"], "Context"),
    ("context", ["Context", "ContextAllocation"], "Context"),
    ("STATUS_SUCESS", ["STATUS_SUCCESS", "STATUS_NO_MEMORY"], "STATUS_SUCCESS"),
    ("zzz", ["Context", "Device"], None),
    ("Context", ["Context"], None),
    ("x", [], None),
])
def test_closest(word: str, candidates: list[str], meant: str | None) -> None:
    assert closest(word, candidates) == meant
    assert closest(word, reversed(candidates)) == meant
