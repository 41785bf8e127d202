"""Writing result files: whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError

CANNOT_WRITE = "WC501"


def write_atomic(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` to `path` as UTF-8 with `\\n` line ends: to a file beside it, which then takes
    its place. Raises `UserError` (exit code 2) if that fails; then the old file is untouched and
    no other is left. What is not a regular file (a pipe, a device) is written directly."""
    target = Path(path)
    data = text.encode("utf-8")
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)
            return
        real = Path(os.path.realpath(target))
        _replace(real, real.with_name(f".{real.name}.{os.getpid()}.tmp"), data)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserError((Diagnostic(
            CANNOT_WRITE, f"cannot write {target}: {reason}", help=_help(target)),),
            exit_code=2) from error


def _replace(target: Path, temporary: Path, data: bytes) -> None:
    created = False
    try:
        with open(temporary, "xb") as file:
            created = True
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
        created = False
    finally:
        if created:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _help(target: Path) -> str:
    if target.is_dir():
        return f"it is a directory; write to a file in it, such as {target / 'trace.json'}"
    if not target.parent.exists():
        return f"make the directory {target.parent} first"
    return ""
