"""LLVM's language to machine code for this processor."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import llvmlite.binding as llvm

from wddmcheck.engines.native.kernel import Kernel

QUICK, FULL = 0, 2
"""Levels of optimisation: compiled in some hundredths of a second, or running ten times as fast."""


@dataclass(frozen=True, slots=True)
class Code:
    """Machine code: the functions of the kernel; `owner` keeps them alive."""

    expand: Callable[[int, int, int], int]
    look: Callable[[int, int, int], None]
    rehash: Callable[[int], None]
    owner: Any


def compile_kernel(kernel: Kernel, level: int) -> Code:
    """Compile, or take what was compiled from the same text in this process. Raises `RuntimeError`
    if LLVM does not understand the module."""
    return _compiled(kernel.text, level)


@lru_cache(maxsize=16)
def _compiled(text: str, level: int) -> Code:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(text)
    target = llvm.Target.from_default_triple()
    machine = target.create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(),
        opt=level)
    module.triple = target.triple
    module.data_layout = str(machine.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=level)
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    word = ctypes.c_uint64
    expand = ctypes.CFUNCTYPE(word, ctypes.c_void_p, word, word)(
        engine.get_function_address("expand"))
    look = ctypes.CFUNCTYPE(None, ctypes.c_void_p, word, word)(
        engine.get_function_address("look"))
    rehash = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(engine.get_function_address("rehash"))
    return Code(expand, look, rehash, engine)
