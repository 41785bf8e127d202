"""The registry of diagnostic codes: WC0xx syntax, 1xx names, 15x types, 2xx lints, 3xx command
line and scopes, 4xx engines and limits, 5xx traces, 9xx internal."""

from __future__ import annotations

from wddmcheck.diagnostics.codes import commandline, lints, names, syntax, traces, types
from wddmcheck.diagnostics.codes.page import CodePage

CODES: dict[str, CodePage] = {
    page.code: page
    for family in (syntax.PAGES, names.PAGES, types.PAGES, lints.PAGES, commandline.PAGES,
                   traces.PAGES)
    for page in family
}
