"""`--scope`: names, sizes, defaults, and every way to get it wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.cli.tiny import SYSTEM
from wddmcheck.diagnostics.codes import CODES
from wddmcheck.diagnostics.diagnostic import UserError
from wddmcheck.pipeline.scopes import ScopeChoice, reject_empty, resolve


def sizes(text: str) -> dict[str, int]:
    (choice,) = resolve(SYSTEM, (text,))
    return dict(choice.sizes)


def failing(*texts: str) -> tuple[str, str, str]:
    with pytest.raises(UserError) as caught:
        resolve(SYSTEM, texts)
    assert caught.value.exit_code == 2
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code in CODES
    assert diagnostic.help
    assert len(diagnostic.message) <= 100
    return diagnostic.code, diagnostic.message, diagnostic.help


def test_default_scopes_are_the_declared_ones() -> None:
    assert resolve(SYSTEM, ()) == (ScopeChoice("one", (("Thing", 1), ("Call", 1))),)
    both = replace(SYSTEM, default_scopes=("two", "none"))
    assert [c.name for c in resolve(both, ())] == ["two", "none"]


def test_the_first_scope_is_the_default_if_none_is_marked() -> None:
    assert [c.name for c in resolve(replace(SYSTEM, default_scopes=()), ())] == ["one"]


def test_scopes_by_name_and_by_size() -> None:
    assert sizes("two") == {"Thing": 2, "Call": 2}
    assert sizes("TWO") == {"Thing": 2, "Call": 2}
    assert sizes("Thing=5") == {"Thing": 5, "Call": 1}, "the rest as in the default scope"
    assert sizes(" thing = 5 , CALLS=2 ") == {"Thing": 5, "Call": 2}
    assert sizes("Thing=0") == {"Thing": 0, "Call": 1}
    assert sizes("Box=1,Thing=007") == {"Thing": 7, "Call": 1}


def test_several_scopes_and_repetitions() -> None:
    choices = resolve(SYSTEM, ("two", "Thing=3", "two"))
    assert [c.text for c in choices] == ["two", "Thing=3,Call=1"]


def test_calls_where_no_call_is_ever_interrupted() -> None:
    system = replace(SYSTEM, pools=SYSTEM.pools[:2], scopes=(("one", (("Thing", 1),)),))
    (choice,) = resolve(system, ("Thing=2,calls=2",))
    assert choice.sizes == (("Thing", 2),)


def test_a_model_without_pools_needs_no_scope() -> None:
    bare = replace(SYSTEM, pools=SYSTEM.pools[:1], scopes=(), default_scopes=())
    assert resolve(bare, ()) == (ScopeChoice("", ()),)


def test_a_model_without_scopes_needs_sizes() -> None:
    system = replace(SYSTEM, scopes=(), default_scopes=())
    with pytest.raises(UserError) as caught:
        resolve(system, ())
    assert caught.value.diagnostics[0].code == "WC307"
    (choice,) = resolve(system, ("Thing=2",))
    assert dict(choice.sizes) == {"Thing": 2, "Call": 1}


@pytest.mark.parametrize(("text", "code", "said"), [
    ("Thingg=1", "WC301", "Thing"),
    ("contexts=1", "WC301", "pools of tiny: Thing, calls"),
    ("Thing=1000000000", "WC304", "64"),
    ("Thing=65", "WC304", "64"),
    ("Thing=" + "9" * 5000, "WC304", "64"),
    ("Box=2", "WC304", "leave Box out"),
    ("Box=0", "WC302", "leave Box out"),
    ("Thing=-1", "WC305", "0 to 64"),
    ("Thing=x", "WC305", "0 to 64"),
    ("Thing=1.5", "WC305", "0 to 64"),
    ("Thing=\N{SUPERSCRIPT TWO}", "WC305", "0 to 64"),
    ("Thing=", "WC305", "0 to 64"),
    ("Thing=1,,Call=1", "WC305", "POOL=SIZE"),
    ("=1", "WC305", "POOL=SIZE"),
    ("Thing=1 Call=1", "WC305", ""),
    ("Thing=1,thing=2", "WC306", "one size"),
    ("Call=1,calls=1", "WC306", "one size"),
    ("tow", "WC307", "did you mean `two`?"),
    ("", "WC307", "one, two"),
])
def test_wrong_scopes(text: str, code: str, said: str) -> None:
    found = failing(text)
    assert found[0] == code
    assert said in f"{found[1]} {found[2]}"


def test_a_property_that_was_asked_for_must_have_something_to_speak_of() -> None:
    none = resolve(SYSTEM, ("none",))
    with pytest.raises(UserError) as caught:
        reject_empty(SYSTEM, none, ("things_fine",))
    assert caught.value.diagnostics[0].code == "WC302"
    reject_empty(SYSTEM, none, ("in_range", "can_be_two"))
    reject_empty(SYSTEM, resolve(SYSTEM, ("none", "one")), ("things_fine",))
