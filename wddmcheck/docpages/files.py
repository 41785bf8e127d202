"""The files of the catalogue (spec/), read with errors for people."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from wddmcheck import specfiles
from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError


def folder(*names: str) -> Path:
    """The folder `spec`, which has what is named. Raises `UserError` (exit code 2) if it has
    not."""
    found = specfiles.folder()
    if found is None or not all((found / name).exists() for name in names):
        raise UserError((Diagnostic(
            "WC311", "the catalogue of documentation facts is missing from this installation",
            help="install wddmcheck again, or run it in a checkout: pip install -e ."),),
            exit_code=2)
    return found


def table(path: Path) -> dict[str, Any]:
    """What a file of the catalogue holds. Raises `UserError` (exit code 2) if it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError((Diagnostic("WC311", f"cannot read {path}: {error}"),),
                        exit_code=2) from error
