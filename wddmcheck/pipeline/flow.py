"""The page to read: how text becomes verdicts.

    load_model   text -> AST -> typed model -> system         (`lang`, `sema`, `lower`)
                 (`read_model` and `lower_model` are its halves, for what lowers one model often)
    verify       system -> verdicts, each re-checked -> report (`engines`, `evidence`)

User errors are `UserError` with an exit code; everything else that fails is a defect of wddmcheck.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from wddmcheck import lower, sema
from wddmcheck.diagnostics.diagnostic import Diagnostic, InternalError, Severity, Sink
from wddmcheck.diagnostics.source import SourceMap
from wddmcheck.engines.memory import rss
from wddmcheck.ir.system import System
from wddmcheck.lang import imports
from wddmcheck.pipeline import choose, merge
from wddmcheck.pipeline.options import Budget, ScopeProgress, VerifyOptions, silent
from wddmcheck.pipeline.parallel import Crew
from wddmcheck.pipeline.scopes import ScopeChoice, reject_empty, resolve
from wddmcheck.pipeline.selection import Selection, select
from wddmcheck.pipeline.strategy import not_run, run_scope
from wddmcheck.pipeline.worker import Job
from wddmcheck.result.report import Report, ScopeRun
from wddmcheck.result.verdict import Stop
from wddmcheck.sema.model import Model


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model, ready to be checked. `model` is its typed form (None for a system that was built by
    hand), `digest` the sha256 of its sources, `warnings` what the front end found remarkable."""

    path: str
    system: System
    sources: SourceMap = field(default_factory=SourceMap)
    digest: str = ""
    warnings: tuple[Diagnostic, ...] = ()
    model: Model | None = None


@dataclass(frozen=True, slots=True)
class Typed:
    """A model before policies are chosen. `warnings` are those of the front end."""

    path: str
    model: Model
    sources: SourceMap
    warnings: tuple[Diagnostic, ...] = ()


def read_model(path: str, sources: SourceMap | None = None) -> Typed:
    """The model in the file `path` (`-`: stdin). Source texts are added to `sources`, so that the
    diagnostics of a `UserError` can be shown with their lines."""
    sources = sources if sources is not None else SourceMap()
    sink = Sink()
    program = imports.load(path, sources, sink)                 # text -> AST
    sink.raise_if_errors()
    if program is None:
        raise InternalError(f"{path} was not read, and nothing says why")
    model = sema.check(program, sink)                           # AST -> typed model
    sink.raise_if_errors()
    return Typed(path, model, sources, _warnings(sink))


def lower_model(typed: Typed, policies: Mapping[str, str],
                without: Iterable[str] = ()) -> Loaded:
    """The system of a model under a choice of policies, without the guarantees that are named.
    Raises `UserError`."""
    sink = Sink()
    system = lower.lower(typed.model, policies, sink, without)  # typed model -> IR
    sink.raise_if_errors()
    return Loaded(typed.path, system, typed.sources, digest_of(typed.sources),
                  (*typed.warnings, *_warnings(sink)), typed.model)


def load_model(path: str, policies: Mapping[str, str] | None = None,
               sources: SourceMap | None = None, without: Iterable[str] = ()) -> Loaded:
    """The model in the file `path` under a choice of policies, without the guarantees that are
    named, as `read_model` and `lower_model`."""
    return lower_model(read_model(path, sources), policies or {}, without)


def _warnings(sink: Sink) -> tuple[Diagnostic, ...]:
    return tuple(d for d in sink.items if d.severity is Severity.WARNING)


def verify(loaded: Loaded, options: VerifyOptions, progress: ScopeProgress = silent) -> Report:
    """Check `loaded` at every scope that `options` ask for."""
    started = time.monotonic()
    system = loaded.system
    choose.check(options.engine)                                # unknown ones fail here
    choices = resolve(system, options.scopes)
    selection = select(system, options.properties)
    if selection.asked:
        reject_empty(system, choices, selection.properties)
    runs = _explore(system, choices, selection, options, progress)
    results = merge.merged(system, runs)
    hollow = merge.hollow(system, runs)
    code = merge.exit_of(results, hollow, runs, options)
    peak = max((n for r in runs for n in (r.peak_bytes, *(e.peak_bytes for e in r.explorations))),
               default=0)
    return Report(loaded.path, loaded.digest, options.command, system, runs, results, hollow,
                  int(code), time.monotonic() - started, max(peak, rss()))


def digest_of(sources: SourceMap) -> str:
    """The sha256 of all sources: of the text itself if there is one, else of the digests of all,
    sorted, so that names and places of files do not matter."""
    digests = sorted(hashlib.sha256(f.text.encode("utf-8", "surrogatepass")).hexdigest()
                     for f in sources.files.values())
    return digests[0] if len(digests) == 1 else hashlib.sha256(
        "".join(digests).encode()).hexdigest()


def _explore(system: System, choices: tuple[ScopeChoice, ...], selection: Selection,
             options: VerifyOptions, progress: ScopeProgress) -> tuple[ScopeRun, ...]:
    cores = options.jobs or choose.cores()
    workers = min(cores, len(choices))
    threads = cores // workers
    deadline = None if options.timeout_s is None else time.monotonic() + options.timeout_s
    memory = None if options.memory is None else options.memory // workers

    def budget(index: int) -> Budget:
        """A fair share of the time that is left: an easy scope leaves its rest to the others."""
        if deadline is None:
            return Budget(None, memory, threads)
        rounds = -(-(len(choices) - index) // workers)
        return Budget(max(deadline - time.monotonic(), 0.0) / rounds, memory, threads)

    if workers == 1:
        return _one_by_one(system, choices, selection, options, budget, progress)

    def job(index: int) -> Job:
        return Job(system, choices[index], selection, options, budget(index))

    return Crew(job, len(choices), workers, progress).run()


def _one_by_one(system: System, choices: tuple[ScopeChoice, ...], selection: Selection,
                options: VerifyOptions, budget: Callable[[int], Budget],
                progress: ScopeProgress) -> tuple[ScopeRun, ...]:
    runs: list[ScopeRun] = []
    for index, choice in enumerate(choices):
        if runs and merge.was_interrupted(runs[-1]):
            runs.append(not_run(choice, selection, Stop.INTERRUPTED))
            continue
        runs.append(run_scope(system, choice, selection, options, budget(index), progress))
    return tuple(runs)
