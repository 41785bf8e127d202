"""The comment at the head of an export: what it is, how to run it, what it lacks, what is called
what."""

from __future__ import annotations

from wddmcheck import __version__
from wddmcheck.export.render import folded
from wddmcheck.export.request import Claims
from wddmcheck.export.scoped import Scoped

WIDTH = 95


def lines(scoped: Scoped, chosen: Claims, renamed: list[tuple[str, str]], run: str) -> list[str]:
    """The lines of the comment, without its marks. `renamed` has pairs (name here, name in the
    model)."""
    system = scoped.system
    found = [f"Model {system.name}, exported by wddmcheck {__version__}. The meaning is that of "
             "spec/export.md."]
    sizes = " ".join(f"{p.name}={scoped.sizes[p.name]}" for p in system.pools if not p.single)
    found += _item("Scope", sizes or "none")
    if system.policies:
        found += _item("Policies", " ".join(f"{name}={choice}" for name, choice in system.policies))
    if system.without:
        found += _item("Without", f"{', '.join(system.without)} (guarantees of the environment "
                                  "that this system does not have)")
    found += _item("Properties", ", ".join(p.name for p in chosen.properties) or "none")
    found.append("")
    for line in run.splitlines():
        # What is to be typed stays as it is.
        found += [line] if line.startswith(("Run: ", " ")) else folded(line, "", "", WIDTH)
    if chosen.left_out:
        found += ["", "Left out:"]
        for text in chosen.left_out:
            found += folded(text, "  ", "  ", WIDTH)
    if chosen.settled:
        found += ["", *_item("Nothing at this scope can violate", ", ".join(chosen.settled))]
    if scoped.impossible:
        found += ["", *_item("Cannot happen at this scope", ", ".join(scoped.impossible))]
    if renamed:
        found += ["", "Names here and in the model:"]
        wide = max(len(here) for here, _ in renamed)
        found += [f"  {here:{wide}}  {name}" for here, name in renamed]
    return found


def _item(word: str, text: str) -> list[str]:
    return folded(f"{word}: {text}", "", "  ", WIDTH)
