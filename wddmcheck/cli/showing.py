"""What `verify` does with results: print them, keep their JSON, save counterexamples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from wddmcheck.cli.console import console
from wddmcheck.cli.outputs import Outputs, json_document, make_folder

if TYPE_CHECKING:
    from wddmcheck.diagnostics.source import SourceMap
    from wddmcheck.report.trace_file import TraceFile
    from wddmcheck.result.matrix import Matrix
    from wddmcheck.result.report import Report
    from wddmcheck.result.sweep import Sweep


@dataclass(slots=True)
class Shown:
    """How results are shown. `several`: there is more than one model. `witnesses`: properties were
    asked for by name, so a run that reaches one of them is saved as well."""

    outputs: Outputs
    times: bool
    progress: bool
    several: bool
    witnesses: bool = False
    json: list[str] = field(default_factory=list)

    def report(self, report: Report, sources: SourceMap, warnings: tuple[str, ...]) -> None:
        """Show one report."""
        from wddmcheck.report.findings import findings
        from wddmcheck.report.json_report import report_text, trace_file_of
        from wddmcheck.report.terminal import render_report

        if self.outputs.json is not None:
            self.json.append(report_text(report, sources=sources, warnings=warnings))
        if not self.outputs.json_on_stdout:
            console.closed_code = report.exit_code
            console.result(render_report(report, sources=sources, style=console.style,
                                         times=self.times,
                                         details=console.verbose > 0))
        if self.saves:
            found = findings(report, sources, witnesses=self.witnesses)
            self.save(report.model, [trace_file_of(report, f) for f in found])

    def matrix(self, matrix: Matrix, sources: SourceMap, warnings: tuple[str, ...]) -> None:
        """Show a matrix of policies."""
        from wddmcheck.report.json_report import trace_file_of
        from wddmcheck.report.matrix_json import matrix_text
        from wddmcheck.report.matrix_text import firsts, render_matrix

        if self.outputs.json is not None:
            self.json.append(matrix_text(matrix, sources=sources, warnings=warnings))
        if not self.outputs.json_on_stdout:
            console.closed_code = matrix.exit_code
            console.result(render_matrix(matrix, sources=sources, style=console.style,
                                         times=self.times))
        if self.saves:
            self.save(matrix.model, [trace_file_of(f.report, f.finding)
                                     for f in firsts(matrix, sources)])

    def guarantees(self, matrix: Matrix, sources: SourceMap, warnings: tuple[str, ...]) -> None:
        """Show a run over guarantees."""
        from wddmcheck.report.guarantees_json import guarantees_text
        from wddmcheck.report.guarantees_text import render_guarantees
        from wddmcheck.report.json_report import trace_file_of
        from wddmcheck.report.matrix_text import firsts

        if self.outputs.json is not None:
            self.json.append(guarantees_text(matrix, sources=sources, warnings=warnings))
        if not self.outputs.json_on_stdout:
            console.closed_code = matrix.exit_code
            console.result(render_guarantees(matrix, sources=sources, style=console.style,
                                             times=self.times))
        if self.saves:
            self.save(matrix.model, [trace_file_of(f.report, f.finding)
                                     for f in firsts(matrix, sources)])

    def sweep(self, sweep: Sweep, sources: SourceMap, warnings: tuple[str, ...]) -> None:
        """Show a sweep of failures."""
        from wddmcheck.report.sweep_json import sweep_text
        from wddmcheck.report.sweep_text import render_sweep, traces

        if self.outputs.json is not None:
            self.json.append(sweep_text(sweep, sources=sources, warnings=warnings))
        if not self.outputs.json_on_stdout:
            console.closed_code = sweep.exit_code
            console.result(render_sweep(sweep, sources=sources, style=console.style,
                                        times=self.times))
        if self.saves:
            self.save(sweep.model, traces(sweep, sources))

    @property
    def saves(self) -> bool:
        """Whether counterexamples are to be saved."""
        return self.outputs.out is not None or self.outputs.tests is not None

    def save(self, model: str, files: Iterable[TraceFile]) -> None:
        """Save the counterexamples of a model, as traces and as tests, as far as asked for."""
        files = tuple(files)
        if self.outputs.out is not None:
            self._save_traces(model, files)
        if self.outputs.tests is not None:
            _save_tests(tuple(f for f in files if f.story.violated), Path(self.outputs.tests))

    def _save_traces(self, model: str, files: tuple[TraceFile, ...]) -> None:
        from wddmcheck.report import trace_file

        for file in files:
            path = self.outputs.trace_path(model, file.property, several=self.several)
            make_folder(path.parent)
            trace_file.write(path, file)
            console.log(f"saved {path}")

    def write_json(self) -> None:
        """Write the JSON of all results, if it was asked for."""
        if self.outputs.json is None or not self.json:
            return
        text = json_document(self.json)
        if self.outputs.json_on_stdout:
            console.result(text)
            return
        from wddmcheck.report.files import write_atomic

        write_atomic(self.outputs.json, text)
        console.log(f"saved {self.outputs.json}", 1)


def _save_tests(files: tuple[TraceFile, ...], folder: Path) -> None:
    from wddmcheck.replay.vocabulary import UnknownStepError
    from wddmcheck.testgen.folder import write
    from wddmcheck.testgen.pytest_file import pytest_file

    tests = []
    for file in files:
        try:
            tests.append(pytest_file(file))
        except UnknownStepError as error:
            console.error(f"no test for {file.property}: {error}")
    make_folder(folder)
    new, same = write(folder, tests)
    for path in (*new, *same):
        console.log(f"{'saved' if path in new else 'kept'} {path}")
