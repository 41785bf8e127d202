"""The machine: an executable miniport, a GPU, and a Dxgkrnl that drives them, all in user mode.

It knows nothing of models: this package imports neither the language nor the IR, so that a replayed
counterexample compares two independent descriptions of the driver. Everything happens when the
caller says so: no threads, no clocks, no chance.
"""
