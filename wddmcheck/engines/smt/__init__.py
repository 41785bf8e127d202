"""Engines on Z3: bounded model checking and k-induction (docs/internals has the encoding)."""
