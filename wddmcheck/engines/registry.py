"""The engines by name. Modules are named by string and imported on use, so that nothing heavy is
loaded before it is needed."""

from __future__ import annotations

from importlib import import_module

from wddmcheck.engines.base import Engine

_ENGINES = {
    "interpret": ("wddmcheck.engines.explicit.interpret", "Interpret"),
    "native": ("wddmcheck.engines.native.native", "Native"),
    "bmc": ("wddmcheck.engines.smt.bmc", "Bmc"),
    "kinduction": ("wddmcheck.engines.smt.kinduction", "KInduction"),
}


def names() -> tuple[str, ...]:
    """All engines of this version."""
    return tuple(_ENGINES)


def get(name: str) -> Engine:
    """The engine called `name`. Raises `KeyError` if there is none."""
    module, cls = _ENGINES[name]
    engine: Engine = getattr(import_module(module), cls)()
    return engine
