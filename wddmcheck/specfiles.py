"""Where the catalogue of documentation facts (spec/rules, spec/pages) is.

In a checkout it lies beside the package; an installed package has a copy of it inside.
"""

from __future__ import annotations

from pathlib import Path


def folder() -> Path | None:
    """The folder `spec` with `rules` and `pages` in it, None if this installation has none."""
    package = Path(__file__).parent
    for candidate in (package / "spec", package.parent / "spec"):
        if (candidate / "rules").is_dir() and (candidate / "pages").is_dir():
            return candidate
    return None
