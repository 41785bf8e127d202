"""Path -> Program: a model with all that it imports and extends, in dependency order.

Paths in a file are relative to that file, with `/` or `\\`. Each file is read once, however many
others import it. Errors of all files are collected; only a model that cannot be read at all is an
error of the command line.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from wddmcheck.diagnostics.diagnostic import Diagnostic, Label, Sink, UserError
from wddmcheck.diagnostics.source import SourceFile, SourceMap, Span
from wddmcheck.diagnostics.suggest import closest
from wddmcheck.lang import ast
from wddmcheck.lang.parse import MAX_SIZE, parse

STDIN = "<stdin>"
_MAX_BYTES = 4 * MAX_SIZE


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A file that another one names, and where; `extends` tells a base from a part."""

    path: str
    span: Span
    extends: ast.Extends | None = None


def load(path: str, sources: SourceMap, sink: Sink) -> ast.Program | None:
    """The model at `path` (`-`: stdin) and what it needs, or None with errors in `sink`.

    Raises `UserError` (exit code 2) where there is no such file or it cannot be read.
    """
    before = len(sink.errors)
    try:
        data = sys.stdin.buffer.read(_MAX_BYTES + 1) if path == "-" else _read(path)
    except OSError as error:
        raise UserError((_unreadable(path, error),), exit_code=2) from None
    name = STDIN if path == "-" else path
    main = _parse(name, data, sources, sink)
    if main is not None and main.part:
        sink.error("WC043", f"`{main.name.text}` is a part, which cannot be verified alone",
                   main.name.span, caret="this file is there to be imported",
                   help="verify the model that imports it")
    if main is None or main.part:
        return None
    files = _Loader(sources, sink).all_of(main)
    return ast.Program(files) if len(sink.errors) == before else None


class _Loader:
    """Walks the files in depth, with a stack of its own."""

    def __init__(self, sources: SourceMap, sink: Sink) -> None:
        self.sources = sources
        self.sink = sink
        self.done: dict[str, ast.File | None] = {}
        self.files: list[ast.File] = []

    def all_of(self, main: ast.File) -> tuple[ast.File, ...]:
        """`main`, with what it needs before it."""
        key = _identity(main.span.source)
        stack = [(main, key, _wanted(main))]
        active = [key]
        while stack:
            file, key, wanted = stack[-1]
            if not wanted:
                stack.pop()
                active.pop()
                self.done[key] = file
                self.files.append(file)
                continue
            want = wanted.pop(0)
            path = self._find(want, file)
            if path is None:
                continue
            other = _identity(path)
            if other in active:
                cycle = [entry[0].span.source for entry in stack[active.index(other):]]
                self._cycle(want, [*cycle, cycle[0]])
                continue
            if other not in self.done:
                opened = self._open(path, want)
                if opened is not None and self._suits(opened, want):
                    stack.append((opened, other, _wanted(opened)))
                    active.append(other)
                else:
                    self.done[other] = None
                continue
            known = self.done[other]
            if known is not None:
                self._suits(known, want)
        return tuple(self.files)

    def _find(self, want: _Wanted, file: ast.File) -> str | None:
        """The path of what is wanted, as messages show it; None and an error if it is missing."""
        folder = "" if file.span.source == STDIN else os.path.dirname(file.span.source)
        candidates = [os.path.normpath(os.path.join(folder, want.path))]
        if want.extends is not None and want.extends.path is None:
            candidates.append(os.path.normpath(os.path.join(folder or ".", "..", want.path)))
            own = _identity(file.span.source)
            candidates = [path for path in candidates if _identity(path) != own]
        for path in candidates:
            if os.path.exists(path):
                return path
        shown = " or ".join(f"`{path}`" for path in candidates)
        meant = _similar(candidates[0])
        self.sink.error(
            "WC040", f"there is no file {shown}", want.span,
            caret=f"did you mean `{meant}`?" if meant else "looked for from this file's folder",
            help="give its path: `extends BASE from \"../base.wddm\"`" if want.extends
            else f"write `import \"{meant or 'path/to/part.wddm'}\"`")
        return None

    def _open(self, path: str, want: _Wanted) -> ast.File | None:
        try:
            data = _read(path)
        except OSError as error:
            problem = _unreadable(path, error)
            self.sink.error(problem.code, problem.message, want.span, caret="needed here",
                            help=problem.help)
            return None
        return _parse(path, data, self.sources, self.sink)

    def _suits(self, file: ast.File, want: _Wanted) -> bool:
        """Whether a file is what was wanted: a part to import, a model to extend."""
        label = Label(file.name.span, "declared here")
        if want.extends is None and not file.part:
            self.sink.error(
                "WC044", f"`{file.name.text}` is a model; only parts are imported", want.span,
                caret="this is a model", help=f"write `extends {file.name.text}` in the header, or "
                f"make it `part {file.name.text}`", labels=(label,))
            return False
        if want.extends is not None and file.part:
            self.sink.error(
                "WC044", f"`{file.name.text}` is a part; only models are extended", want.span,
                caret="this is a part", help=f"write `import \"{want.path}\"`", labels=(label,))
            return False
        if want.extends is not None and file.name.text != want.extends.base.text:
            self.sink.error(
                "WC045", f"the file holds the model `{file.name.text}`", want.extends.base.span,
                caret=f"not `{want.extends.base.text}`",
                help=f"write `extends {file.name.text}`", labels=(label,))
            return False
        return True

    def _cycle(self, want: _Wanted, names: list[str]) -> None:
        self.sink.error(
            "WC042", "files need each other in a circle", want.span,
            caret="this closes the circle",
            help="cut one of " + " -> ".join(f"`{name}`" for name in names)
            + ", or move what both need into a third file")


def _wanted(file: ast.File) -> list[_Wanted]:
    """What a file needs, its base first."""
    out: list[_Wanted] = []
    if file.extends is not None:
        path = file.extends.path or f"{file.extends.base.text}.wddm"
        out.append(_Wanted(path.replace("\\", "/"), file.extends.span, file.extends))
    out.extend(_Wanted(item.path.replace("\\", "/"), item.span) for item in file.imports)
    return out


def _identity(path: str) -> str:
    return path if path == STDIN else os.path.realpath(path)


def _read(path: str) -> bytes:
    """The bytes of a file, or one more than any model may have."""
    if "\0" in path:
        raise FileNotFoundError(2, "No such file or directory", path)
    with open(path, "rb") as stream:
        return stream.read(_MAX_BYTES + 1)


def _unreadable(path: str, error: OSError) -> Diagnostic:
    if isinstance(error, FileNotFoundError):
        meant = _similar(path)
        return Diagnostic("WC040", f"there is no file `{path}`",
                          help=f"did you mean `{meant}`?" if meant else "give the path of a model")
    if isinstance(error, IsADirectoryError) or os.path.isdir(path):
        return Diagnostic("WC041", f"`{path}` is a folder, not a file",
                          help="name a .wddm file in it")
    return Diagnostic("WC041", f"`{path}` cannot be read: {(error.strerror or str(error)).lower()}",
                      help="check its permissions")


def _similar(path: str) -> str | None:
    """A file beside `path` that may have been meant."""
    folder = os.path.dirname(path)
    try:
        names = [entry for entry in os.listdir(folder or ".") if entry.endswith(".wddm")]
    except (OSError, ValueError):
        return None
    meant = closest(os.path.basename(path), names)
    return os.path.join(folder, meant) if meant else None


def _parse(name: str, data: bytes, sources: SourceMap, sink: Sink) -> ast.File | None:
    """Decode and parse; the source is registered whatever happens, for the messages."""
    if len(data) > _MAX_BYTES:
        source = SourceFile(name, "")
        sources.add(source)
        sink.error("WC003", f"the file is larger than {_MAX_BYTES:,} bytes", Span(name, 0, 0),
                   help=f"a model has at most {MAX_SIZE:,} characters; split it into parts")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        at = 0 if wide else len(data[:error.start].decode("utf-8-sig", errors="replace"))
        sources.add(SourceFile(name, data.decode("utf-8-sig", errors="replace")))
        sink.error("WC002", "this is not a text in UTF-8", Span(name, at, at + 1),
                   caret="saved as UTF-16" if wide else f"byte {data[error.start]:#04x} here",
                   help="save the file as UTF-8")
        return None
    source = SourceFile(name, text)
    sources.add(source)
    return parse(source, sink)
