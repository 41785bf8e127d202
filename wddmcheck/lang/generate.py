"""grammar.lark -> tables.py: `python -m wddmcheck.lang.generate`.

Building the automaton takes lark about 150 ms, far more than parsing a model; so it is built when
the grammar changes, and the tables are part of the package. tests/lang/test_grammar.py fails where
the two differ. Lark is needed here and nowhere else.

A row of the automaton maps a terminal's text (or NAME, INT, STRING) to a state to shift to, or to
`~rule`; a rule says how many values it takes, which of them it keeps, and what is built from them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wddmcheck.lang.automaton import LIST, PASS

GRAMMAR = Path(__file__).with_name("grammar.lark")
TABLES = Path(__file__).with_name("tables.py")
HEADER = '''"""Generated from grammar.lark by wddmcheck.lang.generate; do not edit."""

from __future__ import annotations

TABLES = """\\
'''


def automaton() -> dict[str, Any]:
    """The tables as plain data, numbered in an order that depends on the grammar only."""
    from lark import Lark

    parser = Lark(GRAMMAR.read_text(encoding="utf-8"), parser="lalr", start="file",
                  maybe_placeholders=True)
    texts = {
        terminal.name: terminal.pattern.value if terminal.pattern.type == "str" else terminal.name
        for terminal in parser.terminals
    }
    texts["$END"] = "$END"
    table: Any = parser.parser.parser._parse_table
    numbers = {rule: index for index, rule in enumerate(parser.rules)}
    (start,) = table.start_states.values()
    order = _reachable(table.states, start)
    rows: list[dict[str, int]] = []
    jumps: list[dict[str, int]] = []
    for state in order:
        row: dict[str, int] = {}
        jump: dict[str, int] = {}
        for symbol, (action, argument) in sorted(table.states[state].items()):
            if action.name != "Shift":
                row[texts[symbol]] = ~numbers[argument]
            elif symbol in texts:
                row[texts[symbol]] = order[argument]
            else:
                jump[symbol] = order[argument]
        rows.append(dict(sorted(row.items())))
        jumps.append(jump)
    (end,) = table.end_states.values()
    return {
        "rules": [_rule(rule) for rule in parser.rules],
        "rows": rows, "jumps": jumps, "end": order[end],
    }


def _reachable(states: dict[int, Any], start: int) -> dict[int, int]:
    """New numbers for the states, breadth first from `start`."""
    order = {start: 0}
    queue = [start]
    for state in queue:
        for _, (action, argument) in sorted(states[state].items()):
            if action.name == "Shift" and argument not in order:
                order[argument] = len(order)
                queue.append(argument)
    return order


def _rule(rule: Any) -> list[Any]:
    """`[name of the left side, length, what to build, kept]`.

    `kept` lists what the builder gets: a position, `-1` for an absent optional part, and
    `~position - 1` (below -1) for a list that is spliced in.
    """
    empty = rule.options.empty_indices or (False,) * len(rule.expansion)
    kept: list[int] = []
    position = 0
    for absent in empty:
        if absent:
            kept.append(-1)
            continue
        symbol = rule.expansion[position]
        if not (symbol.is_term and symbol.filter_out):
            spliced = not symbol.is_term and symbol.name.startswith("_")
            kept.append(-position - 2 if spliced else position)
        position += 1
    name = rule.origin.name.value if hasattr(rule.origin.name, "value") else rule.origin.name
    if name.startswith("_"):
        build = LIST
    elif rule.alias is None and rule.options.expand1 and len(kept) == 1:
        build = PASS
    else:
        build = rule.alias or name
    return [str(name), len(rule.expansion), build, kept]


def text() -> str:
    """The content of tables.py; equal rows are written once."""
    data = automaton()
    for key in ("rows", "jumps"):
        distinct: dict[str, int] = {}
        index = [distinct.setdefault(json.dumps(row), len(distinct)) for row in data[key]]
        data[key] = [json.loads(row) for row in distinct]
        data[key[:-1] + "_of"] = index
    symbols = sorted({symbol for key in ("rows", "jumps") for row in data[key] for symbol in row})
    number = {symbol: index for index, symbol in enumerate(symbols)}
    for key in ("rows", "jumps"):
        data[key] = [[part for symbol, action in row.items() for part in (number[symbol], action)]
                     for row in data[key]]
    data["symbols"] = symbols
    packed = json.dumps(data, separators=(",", ":"))
    lines = [packed[at:at + 99] for at in range(0, len(packed), 99)]
    assert "\\" not in packed
    return HEADER + "\\\n".join(lines) + '"""\n'


if __name__ == "__main__":
    TABLES.write_text(text(), encoding="utf-8")
