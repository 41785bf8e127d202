"""Explicit-state exploration in machine code: the system becomes LLVM code, and that is run."""
