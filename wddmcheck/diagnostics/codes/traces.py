"""Code pages of the family `traces`: result files that are written, and traces that are read."""

from __future__ import annotations

from wddmcheck.diagnostics.codes.page import CodePage

PAGES: tuple[CodePage, ...] = (
    CodePage(
        "WC501", "a result file cannot be written",
        "The directory is missing or not writable, the disk is full, or the name is a directory's. "
        "Results are written to a file beside the target, which then takes its place: if writing "
        "fails, an older file is still whole, and no half of a new one is left.",
        bad="wddmcheck verify model.wddm --json missing-directory/report.json",
        good="wddmcheck verify model.wddm --json report.json",
    ),
    CodePage(
        "WC502", "a trace file cannot be read",
        "There is no such file, it is a directory, or its permissions forbid it.",
        bad="wddmcheck trace show no-such-file.json",
        good="wddmcheck trace show counterexample.json",
    ),
    CodePage(
        "WC503", "a trace file is not JSON",
        "The file is empty, cut short (a copy that did not finish), binary, or edited so that it "
        "is no longer JSON. The message says where reading stopped.",
    ),
    CodePage(
        "WC504", "a trace file is too large",
        "No trace that wddmcheck writes comes near the limit of 64 MiB, so the file is something "
        "else.",
    ),
    CodePage(
        "WC505", "a file is no trace, or of a newer schema",
        "Trace files say what they are (`format`) and the version of their schema "
        "(`schema_version`). A newer version may mean what this one does not know, so it is not "
        "guessed at. The report that `--json` writes is not a trace: each violated property in it "
        "holds one under `trace`.",
    ),
    CodePage(
        "WC506", "a key of a trace file is wrong",
        "A key is missing, unknown, appears twice, or has a value of the wrong type. The message "
        "names it, such as `story.steps[3].actor`. The schema is `trace.schema.json` in the "
        "package.",
    ),
    CodePage(
        "WC507", "a trace file contradicts itself",
        "A trace file holds the run twice: for re-execution (`trace`) and for people (`story`). "
        "Where the two differ, in the number of steps, a step's action or a step's state, one of "
        "them was edited.",
    ),
    CodePage(
        "WC508", "a trace does not fit the model",
        "The trace names an action, property or pool that the model does not have, or its states "
        "have another shape. Usually the model has changed since the trace was written: verify it "
        "again to see whether the defect is still there.",
    ),
    CodePage(
        "WC510", "no such miniport",
        "`--on` (and `pytest --miniport`) takes `reference`, `defect:NAME` for a defect of "
        "`wddmcheck defects`, or your own: `package.module:factory` or `path/to/file.py:factory`, "
        "where the factory is a class, or a function of a Kernel, whose result has the DDIs as "
        "methods. docs/own_driver.md shows one.",
    ),
    CodePage(
        "WC511", "a trace is of no machine",
        "The machine has the DDIs, the GPU and the interrupts of the models in models/. The traces "
        "of their variants run on it as long as they keep those names; other models are checked, "
        "but have nothing to run on. Nor has a run without a guarantee (`verify --without`) a "
        "test: Dxgkrnl does not do it.",
    ),
    CodePage(
        "WC512", "an edited trace does not fit",
        "The file was changed since it was written (its checksum says so), and what the named step "
        "tells is not what happens. Verify the model again to get the trace as it was.",
    ),
    CodePage(
        "WC513", "no tour of this model",
        "A tour takes every transition of a model that holds. A model that is violated has runs "
        "that end; one with very many transitions has a tour that nobody would run. A scope with "
        "one of each object is usually right.",
    ),
    CodePage(
        "WC514", "no such defect",
        "`wddmcheck defects` takes models of which a miniport has the same defect; they have the "
        "same name. Other models are verified by `wddmcheck verify`, and their counterexamples run "
        "by `wddmcheck replay`.",
    ),
)
