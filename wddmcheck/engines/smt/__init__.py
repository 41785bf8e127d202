"""Engines on Z3: bounded model checking (`bmc`) and k-induction (`kinduction`)."""
