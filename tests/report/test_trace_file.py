"""Trace files: round trip, determinism, and what hostile files are told."""

from __future__ import annotations

import contextlib
import json
import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.report.driver_model import PATH, QUICK, SYSTEM, WIDE, lasso, leak, prop, sources, twice
from tests.report.goldens import check_golden
from tests.report.schema_from_types import trace_schema
from wddmcheck.diagnostics.codes import CODES
from wddmcheck.diagnostics.diagnostic import UserError
from wddmcheck.report import files, trace_file
from wddmcheck.report.codec import decode
from wddmcheck.report.jsontext import dumps
from wddmcheck.report.tell import tell
from wddmcheck.report.terminal import render_story
from wddmcheck.report.trace_file import TraceFile, check_fits, make, read, to_json, write
from wddmcheck.result.needs import Needs


def example() -> TraceFile:
    story = tell(SYSTEM, QUICK, prop("ctx_allocs_freed_first"), leak(), sources=sources())
    return make(story, leak(), model=PATH, digest="ab" * 32, engine="explicit",
                policies=SYSTEM.policies, command=f"wddmcheck verify {PATH}")


def refused(call: Callable[[], object]) -> tuple[str, str]:
    """The code and the message of the error that `call` ends in."""
    with pytest.raises(UserError) as caught:
        call()
    assert caught.value.exit_code == 2
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code in CODES
    assert diagnostic.message[0].islower() or diagnostic.message.startswith(("/", "'"))
    return diagnostic.code, diagnostic.message


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "trace.json"


def test_round_trip(target: Path) -> None:
    write(target, example())
    again = read(target)
    assert again == example()
    assert again.to_trace() == leak()
    assert render_story(again.story) == render_story(example().story)


@pytest.mark.parametrize(("name", "make_trace", "scope"), [
    ("no_double_destroy", twice, WIDE), ("running_ends", lasso, {**QUICK, "Process": 2})])
def test_round_trip_of_others(target: Path, name: str, make_trace: Any,
                              scope: dict[str, int]) -> None:
    story = tell(SYSTEM, scope, prop(name), make_trace(), sources=sources())
    file = make(story, make_trace(), model=PATH, digest="", engine="explicit")
    write(target, file)
    assert read(target) == file
    jsonschema.Draft202012Validator(trace_schema()).validate(json.loads(target.read_text()))


def test_a_file_of_an_older_version_is_read() -> None:
    file = read(Path(__file__).with_name("older") / "schema_1.json")
    assert file.schema_version == 1 < trace_file.SCHEMA_VERSION
    assert all(step.failed == () and step.turns == () for step in file.story.steps)
    assert "no_use_after_destroy" in render_story(file.story)
    file = read(Path(__file__).with_name("older") / "schema_2.json")
    assert file.schema_version == 2 < trace_file.SCHEMA_VERSION
    assert file.intact()
    assert file.story.why.needs is None
    assert file.story.why.forecast == ()


def test_a_stop_code_without_its_page_is_still_told() -> None:
    """As in files of version 2, or for a code that the catalogue does not have."""
    story = example().story
    bare = replace(story, why=replace(story.why, forecast=(), bugchecks=("0x10E/0x33",)))
    assert "stop:  documented for this state: bug check 0x10E/0x33\n" in render_story(bare)


def test_needs_survive_the_file() -> None:
    story = example().story
    needs = Needs((("G06", "leak"),), ("G04",))
    told = replace(story, why=replace(story.why, needs=needs))
    file = make(told, example().to_trace(), model="m.wddm", digest="ab" * 32, engine="explicit")
    assert decode(TraceFile, json.loads(dumps(to_json(file))), "$").story.why.needs == needs
    text = render_story(told)
    assert "needs: G06=leak (answered otherwise, nothing is violated in as many steps)" in text
    assert "not decided for G04" in " ".join(text.split())


def test_the_file_is_golden() -> None:
    text = dumps(to_json(example()))
    check_golden("trace-ctx_allocs_freed_first.json", text.replace(
        f'"version": "{example().tool.version}"', '"version": "X"'))


def test_a_trace_fits_its_system() -> None:
    check_fits(example(), SYSTEM, QUICK, digest="ab" * 32)


@pytest.mark.parametrize(("key", "value", "says"), [
    ("property", "nothing", "has no property nothing"),
    ("action", "DxgkDdiGone/1", "step 3: driver has no action DxgkDdiGone/1"),
    ("args", [0], "step 3: DxgkDdiCreateContext/1 takes 3 arguments, not 1"),
])
def test_a_trace_of_another_system(key: str, value: Any, says: str) -> None:
    data: Any = json.loads(dumps(to_json(example())))
    if key == "property":
        data["property"] = data["story"]["property"] = value
    else:
        data["trace"]["steps"][2][key] = value
    file = trace_file.decode(TraceFile, data, "$")
    code, message = refused(lambda: check_fits(file, SYSTEM, QUICK, digest="cd" * 32))
    assert code == "WC508"
    assert says in message


def test_another_scope_does_not_fit() -> None:
    assert "scope.Call" in refused(lambda: check_fits(example(), SYSTEM, WIDE))[1]


# --- hostile files -------------------------------------------------------------------------------


def put(target: Path, change: Callable[[Any], None]) -> Path:
    data = json.loads(dumps(to_json(example())))
    change(data)
    target.write_text(json.dumps(data))
    return target


EDITS: tuple[tuple[str, Callable[[Any], None], str], ...] = (
    ("WC505", lambda d: d.pop("format"), "is not a wddmcheck trace"),
    ("WC505", lambda d: d.update(schema_version=5), "newer than 4"),
    ("WC506", lambda d: d.update(schema_version="1"), "schema_version"),
    ("WC506", lambda d: d.pop("story"), "story: is missing"),
    ("WC506", lambda d: d.update(extra=1), "extra: no such key"),
    ("WC506", lambda d: d["trace"]["steps"][3].update(args="0"), "trace.steps[3].args"),
    ("WC506", lambda d: d["trace"]["steps"][3].update(state=[True]), "trace.steps[3].state[0]"),
    ("WC506", lambda d: d["story"]["steps"][1].update(actor=7), "story.steps[1].actor"),
    ("WC506", lambda d: d["story"].update(ends="\x1b[2J"), "story.ends: the text has control"),
    ("WC506", lambda d: d["story"]["steps"][2]["changes"][0].update(kind="eaten"),
     "story.steps[2].changes[0].kind: `eaten` is none of created"),
    ("WC506", lambda d: d["scope"].update(Context=-1), "scope.Context"),
    ("WC506", lambda d: d["scope"].update(Context=1 << 40), "scope.Context"),
    ("WC506", lambda d: d["scope"].update(Context=10 ** 30), "out of range"),
    ("WC507", lambda d: d["trace"]["steps"].pop(), "trace has 6 steps, story has 7"),
    ("WC507", lambda d: d["trace"]["steps"][2].update(action="Complete/1"), "step 3"),
    ("WC507", lambda d: d["trace"]["steps"][2].update(state=None), "trace.steps[2].state"),
    ("WC507", lambda d: d["trace"]["steps"][2]["state"].pop(), "trace.steps[2].state"),
    ("WC507", lambda d: d["trace"].update(loop=99), "trace.loop"),
    ("WC507", lambda d: d.update(property="other"), "property"),
    ("WC507", lambda d: d.update(verdict="REACHED"), "verdict"),
    ("WC507", lambda d: d["story"]["steps"][2].update(number=9), "story.steps[2].number"),
    ("WC507", lambda d: d["story"]["lives"][0].update(born=10 ** 9), "story.lives[0]"),
    ("WC507", lambda d: d["story"]["lives"][0].update(touched=[-5]), "story.lives[0]"),
    ("WC507", lambda d: d["story"].update(broken_at=8), "story.broken_at"),
    ("WC507", lambda d: d["story"]["steps"][0]["changes"][0].update(subject="proc#9"),
     "step 1: no object proc#9"),
)


@pytest.mark.parametrize(("code", "edit", "says"), EDITS)
def test_edited_files(target: Path, code: str, edit: Callable[[Any], None], says: str) -> None:
    got, message = refused(lambda: read(put(target, edit)))
    assert (got, says in message) == (code, True), message


BYTES: tuple[tuple[str, bytes, str], ...] = (
    ("WC503", b"", "is empty"),
    ("WC503", b"\x89PNG\r\n\x1a\n\x00\x00", "is not text: byte 0"),
    ("WC503", b"hello", ":1:1: not JSON"),
    ("WC503", b'{"format": "wddmcheck-trace",, }', ":1:30: not JSON"),
    ("WC503", b"[" * 100_000, "nested too deeply"),
    ("WC505", b"[]", "is not a wddmcheck trace"),
    ("WC505", b"null", "is not a wddmcheck trace"),
    ("WC506", b'{"format": "a", "format": "b"}', "format: the key appears twice"),
    ("WC506", b'{"a": NaN}', "NaN"),
    ("WC506", b'{"a": ' + b"9" * 10_000 + b"}", "out of range"),
)


@pytest.mark.parametrize(("code", "data", "says"), BYTES)
def test_other_bytes(target: Path, code: str, data: bytes, says: str) -> None:
    target.write_bytes(data)
    got, message = refused(lambda: read(target))
    assert (got, says in message) == (code, True), message


def test_every_cut_is_noticed(target: Path) -> None:
    text = dumps(to_json(example()))
    for end in random.Random(7).sample(range(1, len(text.rstrip())), 60):
        target.write_text(text[:end])
        code, _ = refused(lambda: read(target))
        assert code == "WC503"


def test_random_damage_never_escapes(target: Path) -> None:
    rng = random.Random(11)
    data = dumps(to_json(example())).encode()
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(rng.randint(1, 3)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        target.write_bytes(bytes(damaged))
        with contextlib.suppress(UserError):
            render_story(read(target).story)


def test_missing_directory_and_too_large(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(lambda: read(target))[0] == "WC502"
    assert "directory" in refused(lambda: read(target.parent))[1]
    assert refused(lambda: read("a\0b"))[0] == "WC502"
    monkeypatch.setattr(trace_file, "MAX_BYTES", 10)
    target.write_text("x" * 11)
    assert refused(lambda: read(target))[0] == "WC504"


# --- writing -------------------------------------------------------------------------------------


def test_a_failed_write_leaves_the_old_file(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, message = refused(lambda: write(target, example()))
    assert (code, "no space left on device" in message) == ("WC501", True)
    assert target.read_text() == "old"
    assert os.listdir(target.parent) == ["trace.json"]


def test_an_interrupt_leaves_nothing(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        write(target, example())
    assert os.listdir(target.parent) == []


def test_missing_and_wrong_directories(tmp_path: Path) -> None:
    code, message = refused(lambda: write(tmp_path / "no" / "t.json", example()))
    assert (code, "cannot write" in message) == ("WC501", True)
    assert refused(lambda: write(tmp_path, example()))[0] == "WC501"
    (tmp_path / "plain").write_text("")
    assert refused(lambda: write(tmp_path / "plain" / "t.json", example()))[0] == "WC501"


def test_devices_are_written_not_replaced() -> None:
    files.write_atomic("/dev/null", "text")
    assert not Path("/dev/null").is_file()


def test_links_stay_links(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    link.symlink_to(real)
    files.write_atomic(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"
