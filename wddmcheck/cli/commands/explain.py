"""`wddmcheck explain`: what a code, a DDI, a property or a stop code is about."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from wddmcheck.cli.console import console
from wddmcheck.cli.options import common
from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError

if TYPE_CHECKING:
    from wddmcheck.cli.catalogue import Call, Catalogue, Rule
    from wddmcheck.cli.topics import Topic
    from wddmcheck.diagnostics.codes.page import CodePage
    from wddmcheck.docpages.bugchecks import BugCheck
    from wddmcheck.lower.guarantees import Level
    from wddmcheck.pipeline import Loaded, Typed

WIDTH = 100


@click.command(name="explain",
               short_help="What a code, DDI, rule, property or stop code is about.")
@click.argument("topic", metavar="CODE|DDI|RULE|PROPERTY|L1|SP-4|BC-1|G-08|S7|0x10E[,0x33]")
@click.option("--model", metavar="MODEL", help="Look for properties and blocks of this model too.")
@common
def command(topic: str, model: str | None, color: str, verbose: int, quiet: bool) -> int:
    """Explain a diagnostic code (WC204), a DDI or callback, a rule of the catalogue (CTX-05), a
    built-in property (or, with --model, one of a model), what a threading level guarantees (L1), a
    safety property (SP-4), a bug class (BC-1), an open question of the documentation (G-08), a
    sequence of calls (S7), or a bug check (0x10E, 0x10E,0x33)."""
    console.configure(color=color, quiet=quiet, verbose=verbose)
    console.result("\n".join(_answer(topic.strip(), model)) + "\n")
    return 0


def _answer(topic: str, model: str | None) -> Iterator[str]:
    from wddmcheck.cli import catalogue, topics
    from wddmcheck.diagnostics.codes import CODES
    from wddmcheck.lower.guarantees import LEVELS
    from wddmcheck.lower.properties import BUILT_IN

    if re.fullmatch(r"(?i)wc[0-9]+", topic):
        if topic.upper() not in CODES:
            raise _unknown(topic, CODES)
        yield from _code(CODES[topic.upper()])
        return
    facts = catalogue.load()
    if re.match(r"(?i)(bugcheck:)?0x[0-9a-f]", topic):
        yield from _bugchecks(topic, facts, model)
        return
    loaded = _load(model)
    others = topics.load()
    known = [*CODES, *LEVELS, *facts.rules, *facts.calls, *BUILT_IN, *others]
    own = {p.name: p for p in loaded.system.properties if not p.goal} if loaded else {}
    by_name = {n.lower(): n for n in (*known, *own)}
    name = by_name.get(topic.lower()) or topics.same_id(topic, (*facts.rules, *others)) or topic
    if name in LEVELS:
        yield from _level(LEVELS[name], facts)
    elif name in facts.rules:
        yield from _rule(facts.rules[name], others)
    elif name in others:
        yield from _topic(others[name], facts)
    elif name in facts.calls:
        yield from _call(facts.calls[name], facts)
    elif loaded is not None and name in own:
        yield from _property(name, loaded, facts)
    elif name in BUILT_IN:
        yield f"{name}: a built-in property"
        yield from _text(f"Violated when {BUILT_IN[name]}. It is checked in every model; "
                         f"`property {name}: builtin` gives it a source and stop codes.")
    else:
        raise _unknown(topic, [*known, *own])


def _load(model: str | None) -> Loaded | None:
    if model is None:
        return None
    from wddmcheck import pipeline

    return pipeline.load_model(model, {}, console.sources)


# --- pages ---------------------------------------------------------------------------------------


def _code(page: CodePage) -> Iterator[str]:
    yield f"{page.code}: {page.title}"
    yield ""
    yield from textwrap.indent(page.explanation, "  ").splitlines()
    for title, text in (("instead of", page.bad), ("write", page.good)):
        if text:
            yield ""
            yield f"  {title}"
            yield ""
            yield from textwrap.indent(text.rstrip(), "      ").splitlines()


def _rule(rule: Rule, others: dict[str, Topic]) -> Iterator[str]:
    yield f"{rule.id}: a rule on {_who(rule.who)}, {rule.basis}"
    yield from _text(rule.text)
    if rule.why:
        yield from _text(f"Why: {rule.why}")
    yield from _list("pages", rule.pages)
    for gap in rule.gaps:
        yield from _text(f"open question {gap}: {others[gap].title}")
    yield from _list("named by", (t.id for t in others.values()
                                  if rule.id in t.rules and t.id not in rule.gaps))
    if rule.not_encoded:
        yield from _text(f"In no model: {rule.not_encoded}.")


def _level(level: Level, facts: Catalogue) -> Iterator[str]:
    yield f"{level.name}: a guarantee of the operating system"
    yield from _text(f"{level.text[0].upper()}{level.text[1:]}.")
    yield f"  page: {level.page}"
    rule = facts.rules[level.rule]
    yield from _text(f"{rule.id} ({rule.basis}): {rule.text}")
    yield from _text(f"What it buys a driver: wddmcheck verify MODEL --without {level.name}. "
                     "Which calls it is about: wddmcheck docs --overlap.")


def _topic(topic: Topic, facts: Catalogue) -> Iterator[str]:
    yield f"{topic.id}: {topic.title}"
    yield from _text(f"{topic.head[0].upper()}{topic.head[1:]}.")
    if topic.text:
        yield from _text(topic.text)
    for step in topic.steps:
        number, _, rest = step.partition(" ")
        yield from textwrap.wrap(rest, WIDTH, initial_indent=f"    {number:<3} ",
                                 subsequent_indent=" " * 8, break_on_hyphens=False)
    for title, ids in topic.lists:
        if title != "rules":
            yield from _list(title, ids)
    for rule in topic.rules:
        yield from _text(f"{rule} ({facts.rules[rule].basis}): {facts.rules[rule].text}", 4)


def _call(call: Call, facts: Catalogue) -> Iterator[str]:
    yield f"{call.name}: {call.uid}"
    yield f"  {call.page}"
    for key, value in call.facts:
        yield from _text(f"{key}: {value}")
    if any(key == "level" for key, _ in call.facts):
        yield f"  which calls may overlap it: wddmcheck docs --overlap {call.name}"
    rules = facts.rules_of(call.uid)
    if rules:
        yield ""
        yield "rules that rest on its page"
        for rule in rules:
            yield from _text(f"{rule.id} ({rule.basis}, {rule.who}): {rule.text}")


def _property(name: str, loaded: Loaded, facts: Catalogue) -> Iterator[str]:
    from wddmcheck.cli.links import place_of
    from wddmcheck.report.forecast import forecasts, stop_text

    prop = next(p for p in loaded.system.properties if p.name == name)
    place = place_of(prop.origin.span, loaded.sources)
    yield f"{name}: {prop.kind.value} of {loaded.path}" + (f" ({place})" if place else "")
    if prop.title:
        yield from _text(f"Violated when {prop.title}.")
    for cite in prop.origin.citations:
        source = ", ".join(filter(None, (cite.uid, *cite.rules)))
        yield from _text(f"{cite.basis.value}: " + "; ".join(filter(None, (source, cite.why))))
        for rule in cite.rules:
            if rule in facts.rules:
                yield from _text(f"{rule}: {facts.rules[rule].text}", 4)
    for stop in forecasts(prop.bugchecks):
        yield from _text(f"stop code: {stop_text(stop)}" + (f" (page {stop.page})"
                                                            if stop.page else ""))


def _bugchecks(topic: str, facts: Catalogue, model: str | None) -> Iterator[str]:
    """`0x10E`, `0x10E,0x33`, `0x10E/0x33`, `bugcheck:...`."""
    from wddmcheck.docpages import bugchecks

    text = re.sub(r"(?i)^bugcheck:", "", topic)
    code, _ = bugchecks.split(text)
    same = bugchecks.matching(code, facts.bugchecks)
    if not same:
        raise _unknown(topic, {b.code for b in facts.bugchecks})
    chosen = bugchecks.matching(text, facts.bugchecks)
    if not chosen:
        raise _unknown(topic, {f"{b.code},{b.parameter1}" for b in same if b.parameter1})
    models, wrong = _models(model)
    yield f"{same[0].code}: {same[0].name}"
    for case in chosen:
        yield from _bugcheck(case, models)
    if models:
        yield ""
        yield from _text("models looked at: " + ", ".join(m.path for m in models), 0)
    else:
        yield ""
        yield from _text("--model MODEL shows which of its properties forecast this", 0)
    yield from _text(f"not read, for they have errors: {', '.join(wrong)}", 0) if wrong else ()


def _models(model: str | None) -> tuple[tuple[Typed, ...], tuple[str, ...]]:
    """The models in which to look for forecasts, and those that cannot be read."""
    from wddmcheck.cli.forecasts import shipped
    from wddmcheck.pipeline import read_model

    if model is not None:
        return (read_model(model, console.sources),), ()
    return shipped()


def _bugcheck(case: BugCheck, models: tuple[Typed, ...]) -> Iterator[str]:
    from wddmcheck.cli import forecasts

    yield ""
    parameter = f"parameter 1 = {case.parameter1}, " if case.parameter1 else ""
    yield f"{parameter}{case.kind}"
    yield from _text(case.meaning)
    yield from _list("rules whose violation may end this way", case.rules)
    yield f"  page: {case.page}"
    if case.note:
        yield from _text(f"note: {case.note}")
    found = forecasts.forecasts(case, models)
    for line in forecasts.lines(found):
        yield from _text(f"forecast by {line}")
    if models and not found:
        yield "  forecast by no property of these models"


# --- text ----------------------------------------------------------------------------------------


def _text(text: str, indent: int = 2) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * indent,
                         break_on_hyphens=False, break_long_words=False)


def _list(title: str, items: Iterable[str]) -> list[str]:
    items = tuple(items)
    return _text(f"{title}: {', '.join(items)}") if items else []


def _who(who: str) -> str:
    names = {"OS": "the operating system", "KMD": "the miniport", "UMD": "the user-mode driver",
             "GPU": "the GPU"}
    return " and ".join(names.get(w, w) for w in who.split("+"))


def _unknown(topic: str, known: Iterable[str]) -> UserError:
    from wddmcheck.diagnostics.suggest import closest

    near = closest(topic, known)
    hint = f"did you mean `{near}`?" if near else (
        "topics: WC101, DxgkDdiDestroyContext, CTX-05, no_leak, SP-4, BC-1, G-08, S7, 0x10E; "
        "for a property of a model add --model MODEL")
    return UserError((Diagnostic("WC312", f"explain: there is nothing about `{topic[:60]}`",
                                 help=hint),), exit_code=2)
