"""A matrix of policies as JSON. The schema is `matrix.schema.json` beside this module; the reports
in it are those of `report.schema.json`."""

from __future__ import annotations

from wddmcheck import __version__
from wddmcheck.diagnostics.source import SourceMap
from wddmcheck.report.json_report import report_json
from wddmcheck.report.jsontext import Json, dumps
from wddmcheck.report.matrix_text import rows
from wddmcheck.report.places import relative
from wddmcheck.result.matrix import Matrix
from wddmcheck.result.verdict import Violated

SCHEMA_VERSION = 1
DOCUMENT = "wddmcheck-policies"


def matrix_json(matrix: Matrix, *, sources: SourceMap | None = None,
                warnings: tuple[str, ...] = ()) -> dict[str, Json]:
    """The matrix as JSON data."""
    return {
        "document": DOCUMENT,
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "wddmcheck", "version": __version__},
        "model": relative(matrix.model),
        "policies": {q.name: {"choices": list(q.choices), "default": q.default}
                     for q in matrix.questions},
        "fixed": dict(matrix.fixed),
        "without": list(matrix.columns[0].without) if matrix.columns else [],
        "tried": "all combinations" if matrix.combined else "one at a time",
        "columns": [{
            "policies": dict(c.choices), "same_as": c.same_as, "exit_code": c.report.exit_code,
            "report": None if c.same_as is not None else report_json(
                c.report, sources=sources, warnings=warnings),
        } for c in matrix.columns],
        "matrix": verdict_rows(matrix),
        "unfinished": matrix.unfinished,
        "exit_code": matrix.exit_code,
        "seconds": round(matrix.seconds, 3),
    }


def verdict_rows(matrix: Matrix) -> list[Json]:
    """A row a property, with its verdict in each column."""
    return [{"property": name, "verdicts": [
        None if e is None else {
            "verdict": e[1].word, "kind": e[1].kind,
            "steps": len(e[0].verdict.trace.steps) if isinstance(e[0].verdict, Violated) else None}
        for e in row]} for name, row in rows(matrix).items()]


def matrix_text(matrix: Matrix, *, sources: SourceMap | None = None,
                warnings: tuple[str, ...] = ()) -> str:
    """The matrix as JSON text."""
    return dumps(matrix_json(matrix, sources=sources, warnings=warnings))
