"""A run over guarantees as JSON. The schema is `guarantees.schema.json` beside this module; the
reports in it are those of `report.schema.json`."""

from __future__ import annotations

from wddmcheck import __version__
from wddmcheck.diagnostics.source import SourceMap
from wddmcheck.report.guarantees_text import relies, undecided
from wddmcheck.report.json_report import report_json
from wddmcheck.report.jsontext import Json, dumps
from wddmcheck.report.matrix_json import verdict_rows
from wddmcheck.report.places import relative
from wddmcheck.result.matrix import Matrix

SCHEMA_VERSION = 1
DOCUMENT = "wddmcheck-guarantees"


def guarantees_json(matrix: Matrix, *, sources: SourceMap | None = None,
                    warnings: tuple[str, ...] = ()) -> dict[str, Json]:
    """The matrix as JSON data."""
    return {
        "document": DOCUMENT,
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "wddmcheck", "version": __version__},
        "model": relative(matrix.model),
        "guarantees": {p.name: p.text for p in matrix.guarantees},
        "fixed": dict(matrix.fixed),
        "columns": [{
            "without": list(c.without), "same_as": c.same_as, "exit_code": c.report.exit_code,
            "report": None if c.same_as is not None else report_json(
                c.report, sources=sources, warnings=warnings),
        } for c in matrix.columns],
        "matrix": verdict_rows(matrix),
        "relies": [{"property": r.claim, "on": r.guarantee, "steps": r.steps, "with": r.before}
                   for r in relies(matrix)],
        "undecided": list(undecided(matrix)),
        "unfinished": matrix.unfinished,
        "exit_code": matrix.exit_code,
        "seconds": round(matrix.seconds, 3),
    }


def guarantees_text(matrix: Matrix, *, sources: SourceMap | None = None,
                    warnings: tuple[str, ...] = ()) -> str:
    """The matrix as JSON text."""
    return dumps(guarantees_json(matrix, sources=sources, warnings=warnings))
