"""Which miniport a trace runs on: the reference, one of its defects, or the user's own."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
from wddmcheck.diagnostics.suggest import closest
from wddmcheck.machine.defects import DEFECTS
from wddmcheck.machine.miniport import Factory
from wddmcheck.machine.reference import ReferenceMiniport

REFERENCE = "reference"
DEFECT = "defect:"

NO_MINIPORT = "WC510"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A miniport by the name the user gave; `defect` is the name of its defect, "" if it is none
    of ours."""

    name: str
    factory: Factory
    defect: str = ""

    @property
    def reference(self) -> bool:
        """Whether it is the reference miniport itself."""
        return self.factory is ReferenceMiniport


def choose(name: str) -> Chosen:
    """The miniport called `name`: `reference`, `defect:NAME`, `package.module:factory` or
    `path/to/file.py:factory`. Raises `UserError` (exit code 2)."""
    if name == REFERENCE:
        return Chosen(name, ReferenceMiniport)
    if name.startswith(DEFECT):
        return _defect(name, name.removeprefix(DEFECT))
    where, colon, attribute = name.rpartition(":")
    if not colon or not where or not attribute.isidentifier():
        raise _error(f"`{name}` names no miniport",
                     f"write {REFERENCE}, {DEFECT}NAME, package.module:factory or "
                     "path/to/file.py:factory")
    factory = getattr(_module(where), attribute, None)
    if not callable(factory):
        raise _error(f"{where} has no miniport called {attribute}",
                     "name a class with the DDIs as methods, or a function that makes one from a "
                     "Kernel (docs/own_driver.md)")
    return Chosen(name, factory)


def _defect(name: str, defect: str) -> Chosen:
    found = DEFECTS.get(defect)
    if found is None:
        near = closest(defect, DEFECTS)
        raise _error(f"no defect is called `{defect}`",
                     f"did you mean `{DEFECT}{near}`?" if near else
                     f"the defects are {', '.join(DEFECTS)}")
    return Chosen(name, found, defect)


def _module(where: str) -> ModuleType:
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)     # as `python -m` does
    try:
        if where.endswith(".py"):
            return _file(Path(where))
        return importlib.import_module(where)
    except UserError:
        raise
    except ModuleNotFoundError as error:
        raise _error(f"cannot import {where}: {error}",
                     "name a module that this Python can import, or a file: "
                     "path/to/file.py:factory") from error
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise _error(f"{where} cannot be imported: {type(error).__name__}: {error}",
                     f"it was raised at {last.filename}:{last.lineno}") from error


def _file(path: Path) -> ModuleType:
    if not path.is_file():
        raise _error(f"cannot read {path}: no such file", "name the file of your miniport")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    beside = str(path.resolve().parent)
    if beside not in sys.path:
        sys.path.insert(0, beside)     # as for a script
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _error(message: str, help: str) -> UserError:  # noqa: A002
    return UserError((Diagnostic(NO_MINIPORT, message, help=help),), exit_code=2)
