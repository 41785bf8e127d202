"""Code pages of the family `commandline`."""

from __future__ import annotations

from wddmcheck.diagnostics.codes.page import CodePage

PAGES: tuple[CodePage, ...] = ()
