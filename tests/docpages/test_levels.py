"""The lists of the level pages: complete, and the same as what is said of single calls."""

from __future__ import annotations

import pytest

from wddmcheck.docpages import files, levels


@pytest.fixture(scope="module")
def known() -> levels.Levels:
    return levels.load()


def raw() -> tuple[dict[str, object], dict[str, dict[str, object]]]:
    folder = files.folder("pages") / "pages"
    return files.table(folder / "levels.toml"), files.table(folder / "ddis.toml")


def test_the_lists_are_those_of_the_pages(known: levels.Levels) -> None:
    """Counted on the pages of the four levels."""
    data, _ = raw()
    sizes = {(entry["level"], entry["class"]): len(entry["calls"])
             for entry in data["list"]}  # type: ignore[attr-defined]
    assert sizes == {(0, ""): 32, (1, "pointer"): 2, (1, "gpu-scheduler"): 7, (1, "overlay"): 4,
                     (1, "swizzling-range"): 2, (1, "child-io"): 15, (1, "display"): 4,
                     (2, ""): 13, (3, ""): 9}


def test_both_files_say_the_same(known: levels.Levels) -> None:
    """What `explain` shows of a call is what the table of overlaps has."""
    _, ddis = raw()
    for name, entry in ddis.items():
        if "level" in entry and name not in known.hardware:
            call = known.calls[name]
            assert (entry["level"], entry["class"]) == (call.level, call.klass), name
            assert entry["uid"] == call.uid, name


def test_a_call_on_no_list_says_why_or_has_a_page_of_its_own(known: levels.Levels) -> None:
    for call in known.calls.values():
        assert call.why or call.stated, call.name
        assert call.page, call.name


def test_what_two_pages_say_differently_is_kept(known: levels.Levels) -> None:
    """The level that promises least counts, and the other page is named."""
    call = known.calls["DxgkDdiRecommendFunctionalVidPn"]
    assert call.level == 0
    assert [page.rpartition("-")[0][-6:] for page, _ in call.differs] == ["second"]
    assert known.calls["DxgkDdiEscape"].level == 0
    for name in ("DxgkDdiEscape", "DxgkDdiSignalMonitoredFence", "DxgkDdiMiracastQueryCaps"):
        assert known.calls[name].differs, name


def test_the_isr_and_the_dpc_are_no_threads(known: levels.Levels) -> None:
    assert set(known.hardware) == {"DxgkDdiInterruptRoutine", "DxgkDdiDpcRoutine"}
    assert not known.calls.keys() & set(known.hardware)


def test_exceptions_are_about_known_calls_and_rules(known: levels.Levels) -> None:
    from wddmcheck.cli import catalogue

    rules = catalogue.load().rules
    for pair in known.pairs:
        assert pair.calls <= known.calls.keys()
        assert pair.rule in rules
