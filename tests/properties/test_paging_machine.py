"""models/paging.wddm and the machine agree, with every answer to its open questions."""

from __future__ import annotations

import pytest

from tests.support.agreement import Agreement, settled, whole_scope
from tests.support.twins import May

POLICIES: tuple[dict[str, str], ...] = ({}, {"G15": "before", "G09": "immediate", "G04": "retired"})


# The machine's Dxgkrnl names the table itself: the one that the process has.
MAY: dict[str, May] = {
    "DxgkDdiSetRootPageTable": lambda now, args: args["address"] != now.field(str(now.field(str(
        now.field(args["hContext"], "device")), "process")), "root")}


class PagingAgreement(Agreement):
    model = "models/paging.wddm"
    scopes = ("small", "memory", "rendering", "tables")
    policies = POLICIES
    may = MAY


PagingAgreement.TestCase.settings = settled(40)
TestPagingAgreement = PagingAgreement.TestCase


MEMORY = {"Process": 0, "Device": 0, "Context": 0, "ContextAllocation": 0, "PageTable": 0,
          "OpenAllocation": 0, "Call": 1}
TABLES = {"PageTable": 2, "Allocation": 0, "OpenAllocation": 0, "Pages": 0, "Call": 1}


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [MEMORY, TABLES], ids=["memory", "tables"])
@pytest.mark.parametrize("policies", POLICIES, ids=lambda p: "-".join(p.values()) or "default")
def test_all_of_a_scope(policies: dict[str, str], sizes: dict[str, int]) -> None:
    """The small scope without contexts, and without allocations."""
    assert whole_scope("models/paging.wddm", "small", policies, MAY, **sizes).states > 150
