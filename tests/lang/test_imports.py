"""Files that need files: order, circles, and what cannot be read."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from wddmcheck.diagnostics.diagnostic import Diagnostic, Sink, UserError
from wddmcheck.diagnostics.render import render_all
from wddmcheck.diagnostics.source import SourceMap
from wddmcheck.lang.imports import load

Files = Callable[..., None]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    """Writes files below a fresh current folder."""
    monkeypatch.chdir(tmp_path)

    def write(**texts: str | bytes) -> None:
        for name, text in texts.items():
            path = tmp_path / (name.replace("__", "/") + ".wddm")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())

    return write


def names(path: str) -> list[str]:
    sink = Sink()
    program = load(path, SourceMap(), sink)
    assert program is not None, sink.items
    return [file.name.text for file in program.files]


def errors(path: str) -> list[Diagnostic]:
    sink, sources = Sink(), SourceMap()
    assert load(path, sources, sink) is None
    assert render_all(sink.items, sources)
    return sink.items


def test_dependencies_come_first_and_once(files: Files) -> None:
    files(main='model main extends base\nimport "parts/a.wddm"\nimport "parts/b.wddm"',
          base='model base\nimport "parts/b.wddm"', parts__a='part a import "b.wddm"',
          parts__b='part b')
    assert names("main.wddm") == ["b", "base", "a", "main"]


def test_spellings_of_one_path_are_one_file(files: Files) -> None:
    files(main='model main import "p/a.wddm" import "./p/../p/a.wddm" import "p\\\\a.wddm"',
          p__a="part a")
    assert names("main.wddm") == ["a", "main"]


def test_base_is_found_in_the_folder_above(files: Files) -> None:
    files(base="model base", variants__v="model v extends base",
          variants__base="model base extends base")
    assert names("variants/v.wddm") == ["base", "base", "v"]


def test_a_base_may_have_a_base(files: Files) -> None:
    files(a="model a", b="model b extends a", c="model c extends b")
    assert names("c.wddm") == ["a", "b", "c"]


def test_circle_is_spelled_out(files: Files) -> None:
    files(m='model m import "a.wddm"', a='part a import "b.wddm"', b='part b import "a.wddm"')
    (found,) = errors("m.wddm")
    assert found.code == "WC042"
    assert "`a.wddm` -> `b.wddm` -> `a.wddm`" in found.help
    assert found.span is not None
    assert found.span.source == "b.wddm"


def test_extending_oneself_looks_above(files: Files) -> None:
    files(m="model m extends m")
    (found,) = errors("m.wddm")
    assert found.code == "WC040"


def test_missing_import_is_an_error_of_the_model(files: Files) -> None:
    files(m='model m\nimport "pats.wddm"', parts="part parts")
    (found,) = errors("m.wddm")
    assert (found.code, found.caret) == ("WC040", "did you mean `parts.wddm`?")
    assert found.span is not None


def test_import_of_a_folder(files: Files) -> None:
    files(m='model m import "p"', p__a="part a")
    assert [item.code for item in errors("m.wddm")] == ["WC041"]


def test_models_are_extended_and_parts_imported(files: Files) -> None:
    files(m='model m extends p from "p.wddm" import "b.wddm"', p="part p", b="model b")
    found = errors("m.wddm")
    assert [item.code for item in found] == ["WC044", "WC044"]
    assert all(item.labels for item in found)


def test_name_of_the_base(files: Files) -> None:
    files(m='model m extends a from "b.wddm"', b="model b")
    assert [item.code for item in errors("m.wddm")] == ["WC045"]


def test_a_part_alone(files: Files) -> None:
    files(p="part p")
    assert [item.code for item in errors("p.wddm")] == ["WC043"]


def test_errors_of_all_files(files: Files) -> None:
    files(m='model m import "a.wddm" import "b.wddm" import "a.wddm"', a="part a objct",
          b="part b objct")
    found = errors("m.wddm")
    assert [item.span.source for item in found if item.span] == ["a.wddm", "b.wddm"]


@pytest.mark.parametrize(("data", "caret"), [
    (b"model m\nobject \xff", "byte 0xff here"), ("model m".encode("utf-16"), "saved as UTF-16"),
    (b"\x7fELF\0\0\x80", "byte 0x80 here"), (b"model m\0", "a NUL byte"),
])
def test_not_a_text_file(files: Files, data: bytes, caret: str) -> None:
    files(m=data)
    (found,) = errors("m.wddm")
    assert (found.code, found.caret) == ("WC002", caret)


def test_position_of_a_bad_byte(files: Files) -> None:
    files(m="model m\n// é é ".encode() + b"\xff")
    sink, sources = Sink(), SourceMap()
    load("m.wddm", sources, sink)
    assert render_all(sink.items, sources).startswith("m.wddm:2:8: error[WC002]")


def test_too_large(files: Files) -> None:
    files(m="model m\n" + " " * 1_000_000, n="model m " + "é" * 2_500_000)
    assert [item.code for item in errors("m.wddm")] == ["WC003"]
    assert [item.code for item in errors("n.wddm")] == ["WC003"]


def test_byte_order_mark(files: Files) -> None:
    files(m="\ufeffmodel m")
    assert names("m.wddm") == ["m"]


@pytest.mark.parametrize(("path", "code"), [
    ("nowhere.wddm", "WC040"), (".", "WC041"), ("a\0b", "WC040"), ("", "WC040"),
    ("m.wddm/x", "WC041"), ("x" * 5000, "WC041"),
])
def test_main_file_is_a_matter_of_the_command_line(files: Files, path: str, code: str) -> None:
    files(m="model m")
    with pytest.raises(UserError) as caught:
        load(path, SourceMap(), Sink())
    assert caught.value.exit_code == 2
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert found.span is None
    assert found.help


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
def test_no_permission(files: Files) -> None:
    files(m="model m")
    Path("m.wddm").chmod(0)
    with pytest.raises(UserError, match="WC041"):
        load("m.wddm", SourceMap(), Sink())


def test_similar_main_file_is_suggested(files: Files) -> None:
    files(models__miniport="model miniport")
    with pytest.raises(UserError) as caught:
        load("models/minport.wddm", SourceMap(), Sink())
    assert os.path.join("models", "miniport.wddm") in caught.value.diagnostics[0].help


def test_standard_input(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files(p="part p")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'model m import "p.wddm"')))
    assert names("-") == ["p", "m"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX only")
def test_endless_file() -> None:
    sink = Sink()
    assert load("/dev/zero", SourceMap(), sink) is None
    assert [item.code for item in sink.items] == ["WC003"]


def test_many_files_in_a_row(files: Files) -> None:
    files(**{f"p{i}": f'part p{i} import "p{i + 1}.wddm"' for i in range(1500)}, p1500="part p1500",
          m='model m import "p0.wddm"')
    assert len(names("m.wddm")) == 1502
