"""The catalogue is whole, consistent with itself, and every rule is encoded or excused."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from wddmcheck.cli import catalogue, topics
from wddmcheck.cli.catalogue import Rule
from wddmcheck.cli.coverage import Coverage, coverage
from wddmcheck.diagnostics.source import SourceMap
from wddmcheck.docpages import passages
from wddmcheck.docpages.terms import MOST

FACTS = catalogue.load()
TOPICS = topics.load()
RELIED = passages.load()
SPEC = Path("spec")
SIZES = {"ADP": 17, "ALC": 24, "CAL": 12, "CTX": 13, "DBL": 7, "DDC": 1, "DEV": 8, "DRV": 3,
         "EVT": 3, "FEN": 5, "GEN": 10, "HWQ": 9, "INT": 8, "MBS": 2, "NFN": 5, "OVL": 2,
         "PAG": 9, "PFN": 2, "PRC": 6, "PRS": 2, "PWR": 7, "RES": 4, "SUB": 12, "TDR": 12,
         "VMM": 1}


@pytest.fixture(scope="module")
def found() -> Coverage:
    return coverage("models", FACTS, SourceMap())


# --- the catalogue -------------------------------------------------------------------------------


def test_every_rule_is_there() -> None:
    expected = [f"{group}-{number:02}" for group, size in SIZES.items()
                for number in range(1, size + 1)]
    assert sorted(FACTS.rules) == sorted(expected)
    assert len(expected) == 184


@pytest.mark.parametrize("path", sorted((SPEC / "rules").glob("*.toml")), ids=lambda p: p.stem)
def test_a_file_holds_its_group(path: Path) -> None:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    group = path.stem.upper()
    assert list(data) == [f"{group}-{n:02}" for n in range(1, SIZES[group] + 1)]
    allowed = {"text", "basis", "who", "pages", "why", "gaps", "not_encoded"}
    assert all(set(entry) <= allowed for entry in data.values())


@pytest.mark.parametrize("rule", FACTS.rules.values(), ids=lambda r: r.id)
def test_a_rule_says_on_what_it_rests(rule: Rule) -> None:
    assert rule.text.endswith((".", ")"))
    assert rule.basis in ("stated", "partial", "inferred")
    assert bool(rule.why) == (rule.basis != "stated"), "only a step of our own needs a reason"
    assert set(rule.who.split("+")) <= {"OS", "KMD", "UMD", "GPU"}
    assert rule.pages
    assert len(set(rule.pages)) == len(rule.pages)
    assert set(rule.pages) <= set(RELIED.pages)
    assert set(rule.gaps) <= set(TOPICS)
    assert not rule.not_encoded.endswith(".")


def test_open_questions_and_rules_name_each_other() -> None:
    of_rules = {(g, r.id) for r in FACTS.rules.values() for g in r.gaps}
    of_gaps = {(t.id, r) for t in TOPICS.values() if t.id.startswith("G-") for r in t.rules}
    assert of_rules ^ of_gaps == set()


def test_topics_are_complete_and_name_what_exists() -> None:
    expected = [*(f"SP-{n}" for n in range(1, 26)), *(f"BC-{n}" for n in range(1, 21)),
                *(f"G-{n:02}" for n in range(1, 31)), *(f"S{n}" for n in range(1, 15))]
    assert list(TOPICS) == expected
    for topic in TOPICS.values():
        assert topic.rules, topic.id
        for title, ids in topic.lists:
            if title == "seeded in":
                assert [p for p in ids if not Path(p).is_file()] == []
            elif title not in ("decided by", "in the models", "violated", "witnessed by"):
                assert [i for i in ids if i not in FACTS.rules and i not in TOPICS] == []


def test_seeded_models_say_which_bug_class_they_have() -> None:
    for topic in TOPICS.values():
        number = topic.id.removeprefix("BC-")
        for path in next((ids for title, ids in topic.lists if title == "seeded in"), ()):
            head = Path(path).read_text(encoding="utf-8")[:300]
            assert re.search(rf"Bug class {number}[a-z]?\b", head), (path, topic.id)


def test_steps_have_a_basis() -> None:
    data = tomllib.loads((SPEC / "sequences.toml").read_text(encoding="utf-8"))
    for name, entry in data.items():
        for step in entry["steps"]:
            assert step["basis"] in ("stated", "inferred", "typical"), name
            bases = {FACTS.rules[r].basis for r in step["rules"]}
            if step["basis"] == "stated":
                assert bases & {"stated", "partial"}, f"{name}: {step['does']}"


def test_stop_codes_and_sentences_name_rules_that_exist() -> None:
    assert [b for b in FACTS.bugchecks if set(b.rules) - set(FACTS.rules)] == []
    assert [s for s in FACTS.sentences if set(s.rules) - set(FACTS.rules)] == []


# --- passages ------------------------------------------------------------------------------------


def test_every_page_of_every_rule_has_its_passages() -> None:
    """Pages that were read in a checkout have passages, the others none."""
    wanted = {(r.id, p) for r in FACTS.rules.values() for p in r.pages if RELIED.pages[p].date}
    assert {(p.rule, p.page) for p in RELIED.passages} ^ wanted == set()
    assert {p for r in FACTS.rules.values() for p in r.pages} ^ set(RELIED.pages) == set()


def test_a_passage_is_a_fingerprint_and_some_words_but_no_text() -> None:
    for passage in RELIED.passages:
        assert re.fullmatch(r"[0-9a-f]{12}", passage.hash)
        assert re.fullmatch(r"\S.* [1-9][0-9]*", passage.at)
        assert 1 <= len(passage.terms) <= MOST
        assert list(passage.terms) == sorted(passage.terms)
        assert all(term == term.lower() and " " not in term for term in passage.terms)
    keys = [(p.rule, p.page, p.hash, p.at) for p in RELIED.passages]
    assert len(set(keys)) == len(keys)


def test_passages_agree_with_the_pages_covered_sentence_by_sentence() -> None:
    """The same sentence has the same fingerprint there, and its rule relies on it."""
    known = {(p.page, p.hash) for p in RELIED.passages}
    missed = []
    for path in sorted((SPEC / "pages").glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        for entry in data.get("sentence", ()):
            if isinstance(entry, dict):
                relying = [r for r in entry["rules"] if entry["uid"] in FACTS.rules[r].pages]
                if relying and (entry["uid"], entry["fingerprint"]) not in known:
                    missed.append((entry["uid"], entry["section"], entry["ordinal"]))
    assert missed == []


def test_paths_follow_from_uids() -> None:
    for page in RELIED.pages.values():
        if page.uid.endswith(".md"):
            assert page.path == page.uid
            continue
        kind, _, rest = page.uid.lower().partition(":")
        header, _, name = rest.partition(".")
        folder = f"wdk-ddi-src/content/{header}/{kind}-{header}-"
        assert page.path in (f"{folder}{name}.md", f"{folder}{name.lstrip('_')}.md")


# --- coverage ------------------------------------------------------------------------------------


def test_no_model_cites_a_rule_that_does_not_exist(found: Coverage) -> None:
    assert [e.text for e in found.unknown] == []
    assert found.safety <= set(TOPICS)


def test_no_rule_is_excused_that_a_model_encodes(found: Coverage) -> None:
    assert [c.rule.id for c in found.rules if c.state == "stale"] == []


def test_every_rule_is_accounted_for(found: Coverage) -> None:
    """Encoded by a model, or excused by its file; most are encoded."""
    still = [c.rule.id for c in found.rules if c.state == "open"]
    assert still == [], "encode them in a model, or say in spec/rules why none needs them"
    assert found.count("encoded") + found.count("excused") == 184
    assert found.count("encoded") >= 130


def test_a_reason_is_about_its_own_rule() -> None:
    """It says something, and not what another says."""
    reasons = [r.not_encoded for r in FACTS.rules.values() if r.not_encoded]
    assert min(len(reason) for reason in reasons) > 40
    assert len(set(reasons)) == len(reasons)
