"""Markdown -> sentences: every rule of spec/catalogue.md, on pages made up for it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from wddmcheck.docpages.sentences import front_matter, sentences
from wddmcheck.docpages.terms import MOST, has_terms, key_terms

CHECKOUT = Path("tests/docs/checkout")
PAGE = (CHECKOUT / "wdk-ddi-src/content/d3dkmddi/nc-d3dkmddi-dxgkddi_patch.md").read_text("utf-8")
PROSE = (CHECKOUT / "windows-driver-docs-pr/display/fence.md").read_text("utf-8")


def read(page: str) -> list[tuple[str, str]]:
    return [(s.place, s.text) for s in sentences(page)]


def test_a_reference_page() -> None:
    assert read(PAGE) == [
        ("header 1", "req.irql: PASSIVE_LEVEL"),
        ("description 1", "A made-up page: it says nothing about real calls."),
        ("description 2", "It has two sentences."),
        ("parameters/hThing 1", "The thing to patch."),
        ("parameters/hThing 2", "It must be live."),
        ("parameters/pArgs 1", "Points to arguments (with parentheses), i.e. Structures that go on "
                               "in the next line."),
        ("returns 1", "STATUS_SUCCESS: The thing is patched."),
        ("returns 2", "STATUS_NO_MEMORY"),
        ("remarks 1", "Nothing waits for the thing."),
        ("remarks 2", "The caller stops the thing."),
        ("remarks 3", "The caller patches it."),
        ("remarks 4", "It may be patched again."),
        ("remarks 5", "Fences grow on each node."),
    ]


def test_a_prose_page() -> None:
    assert read(PROSE) == [
        ("on-things 1", "A thing has one fence."),
        ("what-the-caller-does 1", "It waits for the fence."),
        ("what-the-caller-does 2", "It frees the thing."),
        ("afterwards 1", "The fence & the thing are gone!"),
        ("what-the-fence-does 1", "It grows."),
    ]


@pytest.mark.parametrize("change", [
    lambda t: "\ufeff" + t,
    lambda t: t.replace("\n", "\r\n"),
    lambda t: t.replace("made-up", "`made-up`").replace("It must", "It&nbsp;must"),
    lambda t: t.replace("Points to", "[in, out] Points  to"),
    lambda t: t.replace("patches it.\n   It may", "patches it.\n\n   It may"),
], ids=["byte-order mark", "line ends", "markup", "direction", "paragraphs"])
def test_what_makes_no_difference(change: object) -> None:
    assert callable(change)
    assert change(PAGE) != PAGE
    assert read(change(PAGE)) == read(PAGE)


def test_a_fence_is_closed_by_one_without_a_language() -> None:
    page = "# T\n\nOne.\n\n```sh\na\n```cpp\nNot this.\n```\n\nTwo.\n"
    assert [s.text for s in sentences(page)] == ["One.", "Two."]


def test_fields_of_a_structure() -> None:
    page = ("---\nUID: NS:x._Y\n---\n# S\n\n## -struct-fields\n\n### -field hOne\n\nFirst.\n\n"
            "#### - field Two.Inner\n\n[out] Second.\n")
    assert read(page) == [("fields/hOne 1", "First."), ("fields/Two.Inner 1", "Second.")]


def test_the_fingerprint_is_the_head_of_a_sha256() -> None:
    sentence = sentences("# T\n\nOne.\n")[0]
    assert sentence.fingerprint == hashlib.sha256(b"One.").hexdigest()[:12]


def test_front_matter_leaves_out_what_is_empty() -> None:
    assert front_matter(PAGE) == {
        "UID": "NC:d3dkmddi.DXGKDDI_PATCH", "title": "A page made up for tests",
        "ms.date": "01/02/2026", "req.irql": "PASSIVE_LEVEL"}
    assert front_matter("no block") == {}


@pytest.mark.parametrize(("sentence", "terms"), [
    ("The driver must free all resources that it allocated for the context.",
     ("allocated", "context", "free", "resources")),
    ("DxgkDdiStopDevice", ("dxgkddistopdevice",)),
    ("Setting bit 0 of SubmissionFenceId and hContext means that GPU work has ended altogether.",
     ("0", "altogether", "gpu", "hcontext", "submissionfenceid")),
    ("It is so.", ("is", "it", "so")),
])
def test_key_terms(sentence: str, terms: tuple[str, ...]) -> None:
    assert key_terms(sentence) == terms
    assert len(terms) <= MOST
    assert has_terms(sentence.upper(), terms)


def test_terms_are_words_not_parts_of_words() -> None:
    assert not has_terms("The contexts end.", ("context",))
    assert not has_terms("anything", ())
