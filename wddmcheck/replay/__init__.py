"""Replay: the steps of a trace as calls on the machine, and whether the two agree.

In: a `Story` (report.story), which needs no model. Out: a `Replay`. Nothing here reads the IR: the
story says what the model did, the machine says what the driver did.
"""
