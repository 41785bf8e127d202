"""Whether dropping a guarantee changes anything: if not, what holds without it says nothing."""

from __future__ import annotations

from wddmcheck.diagnostics.diagnostic import Diagnostic, Severity
from wddmcheck.lower import lower
from wddmcheck.pipeline.flow import Loaded
from wddmcheck.pipeline.matrix import means


def without_effect(loaded: Loaded) -> tuple[Diagnostic, ...]:
    """A warning for each guarantee that `loaded` does without, and that would change nothing."""
    if loaded.model is None:
        return ()
    system = loaded.system
    found = []
    for name in system.without:
        others = [n for n in system.without if n != name]
        given = lower(loaded.model, dict(system.policies), without=others)
        if means(given) == means(system):
            found.append(Diagnostic(
                "WC319", f"without {name} the system of model {system.name} is the same: nothing "
                "that can happen depends on it", severity=Severity.WARNING,
                help="for levels: no call that they concern is ever left half way"))
    return tuple(found)
