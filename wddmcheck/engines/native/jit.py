"""From LLVM's language to machine code in this process, through llvmlite."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm

QUICK, FULL = 0, 2
"""Levels of optimisation: compiled in some hundredths of a second, or running ten times as fast."""

_PASSES = ("sroa", "simplify_cfg", "new_gvn", "loop_rotate", "instruction_combine",
           "dead_store_elimination", "simplify_cfg")
"""What helps this code. LLVM's own `O2` takes twice as long for code that runs no faster."""


@cache
def _target() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple()


def _machine(level: int) -> Any:
    return _target().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(),
        opt=level, codemodel="jitdefault", jit=True)


@cache
def host() -> str:
    """What machine code is made for, and by what: code for another is not run."""
    _target()
    version = ".".join(map(str, llvm.llvm_version_info))
    return (f"{llvmlite.__version__} {version} {llvm.get_process_triple()} "
            f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}")


def compiled(text: str, level: int) -> bytes:
    """The module `text` as an object file. Raises `RuntimeError` if LLVM does not understand it."""
    machine = _machine(level)
    module = llvm.parse_assembly(text)
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(level))
    if level == QUICK:
        passes = builder.getModulePassManager()
    else:
        passes = llvm.create_new_module_pass_manager()
        for name in _PASSES:
            getattr(passes, f"add_{name}_pass")()
    passes.run(module, builder)
    return bytes(machine.emit_object(module))


@dataclass(frozen=True, slots=True)
class Code:
    """Machine code in this process."""

    engine: Any

    def function(self, name: str, *arguments: Any, result: Any = None) -> Callable[..., Any]:
        """A function of the module; calling it lets other threads of Python run."""
        return ctypes.CFUNCTYPE(result, *arguments)(self.engine.get_function_address(name))


def linked(data: bytes) -> Code:
    """An object file, made ready to run. Raises `RuntimeError` if it is none."""
    machine = _machine(QUICK)
    empty = llvm.parse_assembly("")
    empty.triple = machine.triple
    engine = llvm.create_mcjit_compiler(empty, machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(data))
    engine.finalize_object()
    return Code(engine)
