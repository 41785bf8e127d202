"""Expressions as values: equal ones have one hash, which is remembered and goes nowhere."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from dataclasses import replace

from wddmcheck.ir.expr import And, Binary, BinOp, Const, Expr, Not, Or, Read
from wddmcheck.ir.sorts import BOOL, IntRange

SMALL = IntRange(0, 3)


def formula() -> Expr:
    count = Read("count", (), SMALL)
    return And((Not(Read("on", (), BOOL)), Or((
        Binary(BinOp.EQ, count, Const(2, SMALL), BOOL),
        Binary(BinOp.LT, count, Const(1, SMALL), BOOL)))))


def test_equal_ones_have_one_hash() -> None:
    one, other = formula(), formula()
    assert hash(one) == hash(other) == hash(one)
    assert one == other
    assert {one: 1}[other] == 1
    assert repr(one) == repr(other)


def test_a_changed_one_has_a_hash_of_its_own() -> None:
    one = Not(Read("on", (), BOOL))
    hash(one)
    other = replace(one, arg=Read("off", (), BOOL))
    assert hash(other) == hash(Not(Read("off", (), BOOL))) != hash(one)


def test_another_process_hashes_anew() -> None:
    """Hashes of strings differ from one process to the next."""
    one = formula()
    hash(one)
    assert hash(copy.deepcopy(one)) == hash(one)
    code = ("import pickle, sys; from tests.ir.test_expr import formula; "
            "one = pickle.loads(sys.stdin.buffer.read()); assert {formula(): 1}[one] == 1")
    for seed in ("1", "2"):
        subprocess.run([sys.executable, "-c", code], input=pickle.dumps(one), check=True,
                       env={**os.environ, "PYTHONHASHSEED": seed,
                            "PYTHONPATH": os.pathsep.join(sys.path)})
