"""Each page of the name and type codes shows its code, and how to do without it."""

from __future__ import annotations

import pytest

from tests.support.models import diagnostics_of
from wddmcheck.diagnostics.codes import lints, names, types
from wddmcheck.diagnostics.codes.page import CodePage

PAGES = [*names.PAGES, *types.PAGES, *lints.PAGES]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.code)
def test_bad_example_yields_exactly_its_code(page: CodePage) -> None:
    found = diagnostics_of(page.bad)
    assert [d.code for d in found] == [page.code]
    assert found[0].help, "every error says what to write instead"
    assert len(found[0].message) <= 100
    assert found[0].message[0].islower() or found[0].message[0] in "`0123456789"
    assert not found[0].message.endswith(".")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.code)
def test_good_example_is_silent(page: CodePage) -> None:
    assert diagnostics_of(page.good) == ()


def test_all_errors_are_reported_at_once() -> None:
    text = """
    model m
    object Context { fence: 0..3 }
    ddi D(c: Contxt) { c.fence = 1 return STATUS_SUCCESS }
    ddi E(c: Context) { c.fense = 1 return STATUS_SUCCESS }
    property p: invariant all c: Context: c is Idel
    scope s { Devic 1 }
    """
    assert [d.code for d in diagnostics_of(text)] == ["WC104", "WC103", "WC102", "WC112"]


def test_one_mistake_is_reported_once() -> None:
    text = """
    model m
    object Context { fence: 0..3 }
    ddi D(c: Contxt) { c.fence = 1 c.fence = 2 destroy c return STATUS_SUCCESS }
    """
    assert [d.code for d in diagnostics_of(text)] == ["WC104"]
