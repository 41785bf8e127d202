"""The rule table of `wddmcheck docs --rules`, as text, JSON and Markdown."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator

from wddmcheck.cli.coverage import Coverage, Covered
from wddmcheck.cli.encodings import Encoding
from wddmcheck.cli.topics import Topic

SCHEMA = 1
"""Version of the JSON form."""
FEW = 3
"""How many places of a rule the text shows, unless all are wanted."""
STATES = ("encoded", "excused", "open", "stale")


def as_text(found: Coverage, topics: dict[str, Topic], all_: bool) -> Iterator[str]:
    """Every rule with the places that encode it, then what is missing."""
    for row in found.rules:
        yield f"{row.rule.id}  {row.rule.basis}, {row.rule.who}"
        yield from _fate(row, all_)
    yield ""
    yield from _safety(found, topics)
    yield from _sequences(found, topics)
    for encoding in found.unknown:
        yield f"UNKNOWN RULE {encoding.rule}: {encoding.text}"
    still = [r.rule.id for r in found.rules if r.state == "open"]
    if still:
        yield from _wrap("open: ", " ".join(still))
    yield counts(found)


def counts(found: Coverage) -> str:
    """`184 rules: 100 encoded, 8 excused, 76 open`."""
    stale = found.count("stale")
    more = f", {stale} excused though encoded" if stale else ""
    return (f"{len(found.rules)} rules: {found.count('encoded')} encoded, "
            f"{found.count('excused')} excused, {found.count('open')} open{more}")


def as_json(found: Coverage) -> str:
    """One object: `schema`, `counts`, `rules`, `unknown`."""
    return json.dumps({
        "schema": SCHEMA,
        "counts": {state: found.count(state) for state in STATES},
        "rules": [{"id": row.rule.id, "basis": row.rule.basis, "who": row.rule.who,
                   "state": row.state, "not_encoded": row.rule.not_encoded or None,
                   "encodings": [_place(e) for e in row.encodings]} for row in found.rules],
        "unknown": [{"rule": e.rule, **_place(e)} for e in found.unknown],
    }, indent=1)


def as_markdown(found: Coverage) -> Iterator[str]:
    """A table, a row a rule."""
    yield "| rule | basis | who | state | where |"
    yield "|---|---|---|---|---|"
    for row in found.rules:
        rule = row.rule
        yield f"| {rule.id} | {rule.basis} | {rule.who} | {row.state} | {_cell(row)} |"
    yield ""
    yield f"{counts(found)}."


def _fate(row: Covered, all_: bool) -> Iterator[str]:
    shown = row.encodings if all_ else row.encodings[:FEW]
    for encoding in shown:
        yield f"    {encoding.text}"
    if len(shown) < len(row.encodings):
        yield f"    and {len(row.encodings) - len(shown)} more places (--all)"
    match row.state:
        case "excused":
            yield from _wrap("    in no model: ", row.rule.not_encoded)
        case "stale":
            yield "    ENCODED, so its `not_encoded` has to go"
        case "open":
            yield "    OPEN: no model encodes it, and nothing says why not"


def _safety(found: Coverage, topics: dict[str, Topic]) -> Iterator[str]:
    wanted = [t for t in topics if t.startswith("SP-")]
    missing = [t for t in wanted if t not in found.safety]
    unknown = sorted(found.safety - set(wanted))
    rest = f"; none stands for {', '.join(missing)}" if missing else ""
    yield from _wrap("", f"properties of the models stand for {len(wanted) - len(missing)} of "
                         f"{len(wanted)} safety properties{rest}")
    for name in unknown:
        yield f"UNKNOWN SAFETY PROPERTY {name}"


def unknown_witnesses(found: Coverage, topics: dict[str, Topic]) -> list[str]:
    """Witnesses of sequences that a model should have and has not."""
    return [f"{topic.id}: {witness}" for topic in topics.values() for witness in topic.witnesses
            if found.has_scenario(witness) is False]


def _sequences(found: Coverage, topics: dict[str, Topic]) -> Iterator[str]:
    wanted = [t for t in topics.values() if t.steps and re.fullmatch(r"S[0-9]+", t.id)]
    missing = [t.id for t in wanted if not t.witnesses]
    rest = f"; none shows {', '.join(missing)}" if missing else ""
    yield from _wrap("", f"witnesses show {len(wanted) - len(missing)} of {len(wanted)} "
                         f"sequences{rest}")
    for topic in wanted:
        yield from (f"    {topic.id}  {witness}" for witness in topic.witnesses)
    for name in unknown_witnesses(found, topics):
        yield f"UNKNOWN WITNESS {name}"


def _place(encoding: Encoding) -> dict[str, object]:
    return {"kind": encoding.kind, "declaration": encoding.declaration, "file": encoding.file,
            "line": encoding.line, "by": encoding.by}


def _cell(row: Covered) -> str:
    if row.state == "excused":
        return row.rule.not_encoded
    places = dict.fromkeys(f"{e.kind} of `{e.declaration}` ({e.file})" for e in row.encodings)
    return "<br>".join(places)


def _wrap(label: str, text: str) -> list[str]:
    return textwrap.wrap(text, 100, initial_indent=label, subsequent_indent=" " * len(label),
                         break_on_hyphens=False, break_long_words=False)
