"""models/paging.wddm and the machine agree, with every answer to its open questions."""

from __future__ import annotations

from tests.support.agreement import Agreement, settled
from wddmcheck.replay.families.paging import EVENTS, GPU_STEPS


class PagingAgreement(Agreement):
    model = "models/paging.wddm"
    scopes = ("small", "memory", "rendering", "tables")
    policies = ({}, {"G15": "before", "G09": "immediate", "G04": "retired"})
    names = GPU_STEPS | EVENTS


PagingAgreement.TestCase.settings = settled(40)
TestPagingAgreement = PagingAgreement.TestCase
