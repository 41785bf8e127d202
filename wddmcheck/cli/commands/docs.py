"""`wddmcheck docs`: what became of the documentation: its sentences, its rules, its pages."""

from __future__ import annotations

from collections.abc import Iterable

import click

from wddmcheck.cli.console import console
from wddmcheck.cli.options import common
from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError

DEFAULT_MODEL = "models/miniport.wddm"
DEFAULT_MODELS = "models"


@click.command(name="docs", short_help="Which sentence or rule of the documentation is modelled "
                                       "where.")
@click.argument("names", nargs=-1, metavar="[MODEL] [DDI]")
@click.option("--rules", is_flag=True,
              help="Show for each rule where the models in the folder MODEL encode it (default: "
                   "models; a model: with what it extends).")
@click.option("--overlap", is_flag=True,
              help="Show which DDIs may overlap, by the documentation or by MODEL; with the name "
                   "of a DDI, for that one.")
@click.option("--checkout", multiple=True, metavar="DIR",
              help="Compare what the rules rely on with a checkout of the documentation (or a bare "
                   "git directory). Repeatable.")
@click.option("--page", metavar="UID", help="With --checkout: show the sentences of a page.")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text",
              help="How --rules, --overlap and --checkout print.")
@click.option("--all", "all_", is_flag=True,
              help="Also show sentences that bind nobody; with --rules, every place.")
@common
def command(names: tuple[str, ...], rules: bool, overlap: bool, checkout: tuple[str, ...],
            page: str | None, form: str, all_: bool, color: str, verbose: int, quiet: bool) -> int:
    """Print, for each page that is covered sentence by sentence, every normative sentence with the
    declarations of MODEL that rest on it, or the reason why it is out of scope; then what the
    model assumes without a sentence.

    With --rules: for each rule of the catalogue the places in the models that encode it, or why
    none does; and which property of a model is a witness of which sequence. With --checkout: the
    passages that rules rely on and that a checkout no longer has.
    With --overlap: which calls may be in the driver at the same time, why, and on whose word.

    Exit codes: 0 nothing to do, 1 a sentence or rule is neither modelled nor excused, the model
    cites a rule that does not exist, or a page has changed.
    """
    console.configure(color=color, quiet=quiet, verbose=verbose)
    models = [n for n in names if not overlap or _is_model(n)]
    model = models[0] if models else None
    _consistent(names, model, (rules, overlap, bool(checkout)), page, form)
    if checkout:
        return _checkout(checkout, page, form)
    if overlap:
        return _overlap(model, next((n for n in names if n != model), None), form)
    if rules:
        return _rules(DEFAULT_MODELS if model is None else model, form, all_)
    return _sentences(DEFAULT_MODEL if model is None else model, all_)


def _is_model(name: str) -> bool:
    """Whether an argument of --overlap is a model: it is a file, or is written like one."""
    return name == "-" or name.endswith(".wddm") or "/" in name


def _consistent(names: tuple[str, ...], model: str | None, tables: tuple[bool, bool, bool],
                page: str | None, form: str) -> None:
    """Raise `UserError` (exit code 2) for options that do not go together."""
    rules, overlap, checkout = tables
    models = sum(_is_model(n) for n in names) if overlap else len(names)
    if models > 1 or len(names) - models > 1:
        raise _wrong(f"`{names[-1][:60]}` is one name too many",
                     "one MODEL; with --overlap also one DDI, such as DxgkDdiPatch")
    if overlap and (rules or checkout):
        raise _wrong("--overlap is a table of its own", "leave out the others, or run the command "
                     "twice")
    if overlap and form == "markdown" and len(names) > (model is not None):
        raise _wrong("--format markdown is the whole table", "leave out the DDI, or --format")
    if page is not None and not checkout:
        raise _wrong("--page needs --checkout", "give the folder of a checkout: --checkout DIR")
    if checkout and (rules or model is not None):
        raise _wrong("--checkout compares pages and looks at no model",
                     "leave out --rules and MODEL, or run the command twice")
    if form != "text" and (page is not None or not any(tables)):
        raise _wrong(f"--format {form} is for --rules, --overlap and --checkout", "add --rules")


def _sentences(model: str, all_: bool) -> int:
    from wddmcheck import pipeline
    from wddmcheck.cli import catalogue
    from wddmcheck.cli.docs_sentences import Row, closing, linked, table, unknown_rules
    from wddmcheck.cli.links import links
    from wddmcheck.diagnostics.diagnostic import InternalError

    facts = catalogue.load()
    loaded = pipeline.load_model(model, {}, console.sources)
    if loaded.model is None:
        raise InternalError("a loaded model has no typed form")
    found = links(loaded.model, loaded.sources)
    rows = tuple(Row(s, linked(s, found)) for s in facts.sentences)
    unknown = unknown_rules(facts, found)
    console.closed_code = int(bool(unknown) or not all(r.settled for r in rows))
    _print(table(rows, all_))
    _print(closing(rows, found, unknown))
    return console.closed_code


def _rules(path: str, form: str, all_: bool) -> int:
    from wddmcheck.cli import catalogue, docs_rules, topics
    from wddmcheck.cli.coverage import coverage

    known = topics.load()
    found = coverage(path, catalogue.load(), console.sources)
    console.closed_code = int(not found.complete or not found.safety <= set(known) or
                              bool(docs_rules.unknown_witnesses(found, known)))
    match form:
        case "json":
            _print([docs_rules.as_json(found)])
        case "markdown":
            _print(docs_rules.as_markdown(found))
        case _:
            _print(docs_rules.as_text(found, known, all_))
    return console.closed_code


def _overlap(model: str | None, name: str | None, form: str) -> int:
    from wddmcheck import pipeline
    from wddmcheck.cli import docs_overlap, overlap
    from wddmcheck.diagnostics.suggest import closest
    from wddmcheck.docpages import levels
    from wddmcheck.ir.system import Phase

    if model is None:
        found = overlap.documented(levels.load())
    else:
        loaded = pipeline.load_model(model, {}, console.sources)
        assert loaded.model is not None
        parks = frozenset(a.label.block for a in loaded.system.actions
                          if a.label.phase is Phase.ENTRY)
        found = overlap.of_model(loaded.model, loaded.sources, parks)
    if name is not None:
        spelled = {n.lower(): n for n in found.calls}
        if name.lower() not in spelled:
            near = closest(name, found.calls)
            raise _wrong(f"--overlap: {found.title} has no DDI `{name[:60]}`",
                         (f"did you mean `{near}`? " if near else "leave it out to see all; ")
                         + "(a model is written with .wddm)")
        name = spelled[name.lower()]
    match form:
        case "json":
            _print([docs_overlap.as_json(found, name)])
        case "markdown":
            _print(docs_overlap.as_markdown(found))
        case _:
            _print(docs_overlap.as_text(found) if name is None
                   else docs_overlap.of_one(found, name))
    return 0


def _checkout(folders: tuple[str, ...], page: str | None, form: str) -> int:
    from wddmcheck.cli import docs_passages

    if page is not None:
        _print(docs_passages.page(page, folders))
        return 0
    compared = docs_passages.compare(folders)
    console.closed_code = int(bool(compared.changed))
    match form:
        case "json":
            _print([docs_passages.as_json(compared)])
        case "markdown":
            _print(docs_passages.as_markdown(compared))
        case _:
            _print(docs_passages.as_text(compared))
    return console.closed_code


def _print(lines: Iterable[str]) -> None:
    console.result("\n".join(lines) + "\n")


def _wrong(message: str, hint: str) -> UserError:
    return UserError((Diagnostic("WC314", f"docs: {message}", help=hint),), exit_code=2)
