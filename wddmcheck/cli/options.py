"""Option values and the options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError

F = TypeVar("F", bound=Callable[..., Any])

ANY = "*"
"""The choice that stands for all choices of a policy."""

_TIME = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_BYTES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def duration(option: str, **attrs: Any) -> Callable[[F], F]:
    """An option whose value is a time: `300`, `300s`, `5m`, `1h`. The command gets seconds."""
    return click.option(option, metavar="TIME", callback=_seconds, **attrs)


def amount(option: str, **attrs: Any) -> Callable[[F], F]:
    """An option whose value is an amount of memory: `4G`, `512M`. The command gets bytes."""
    return click.option(option, metavar="SIZE", callback=_bytes, **attrs)


def number(option: str, low: int, high: int = 1_000_000_000, **attrs: Any) -> Callable[[F], F]:
    """An option whose value is a whole number from `low` to `high`."""

    def convert(ctx: click.Context, param: click.Parameter, value: Any) -> int | None:
        return None if value is None else _whole(param, str(value), low, high)

    return click.option(option, metavar="N", callback=convert, **attrs)


def _seconds(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*([a-z]*)", value.strip().lower(),
                         re.ASCII)
    if match is None or match[2] not in _TIME:
        raise _bad(param, value, "is not a time", "write 300, 300s, 5m or 1h")
    seconds = float(match[1]) * _TIME[match[2]]
    if seconds <= 0:
        raise _bad(param, value, "is no time to work in", "write 300, 300s, 5m or 1h")
    return seconds


def _bytes(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    match = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([kmgt]?)(?:i?b)?",
                         value.strip().lower(), re.ASCII)
    if match is None:
        raise _bad(param, value, "is not an amount of memory", "write 4G, 512M or a number")
    size = int(float(match[1]) * _BYTES[match[2]])
    if size < 1 << 20:
        raise _bad(param, value, "is too little memory", "at least 1M; 4G is usual")
    return size


def _whole(param: click.Parameter, value: str, low: int, high: int) -> int:
    hint = f"write a number from {low} to {high:,}"
    if not re.fullmatch(r"[+-]?[0-9]{1,30}", value.strip(), re.ASCII):
        raise _bad(param, value, "is not a whole number", hint)
    found = int(value)
    if not low <= found <= high:
        raise _bad(param, value, "is out of range", hint)
    return found


@dataclass(frozen=True, slots=True)
class PolicyWish:
    """What `--policy` options ask for: `chosen` fixes policies, `tried` names those of which every
    choice is to be tried; `every`: all that are not fixed."""

    chosen: dict[str, str]
    tried: tuple[str, ...] = ()
    every: bool = False

    @property
    def one(self) -> bool:
        """Whether it is one choice of policies, and not several."""
        return not (self.tried or self.every)


def policies(texts: tuple[str, ...]) -> dict[str, str]:
    """`NAME=CHOICE` options as a mapping. Raises `UserError` (exit code 2)."""
    wish = policy_wish(texts)
    if not wish.one:
        raise _wrong("--policy: several choices are only tried by `wddmcheck verify`",
                     "write --policy NAME=CHOICE")
    return wish.chosen


def policy_wish(texts: tuple[str, ...]) -> PolicyWish:
    """`NAME=CHOICE`, `NAME=*` and `all`. Raises `UserError` (exit code 2)."""
    chosen: dict[str, str] = {}
    every = False
    for text in texts:
        if text.strip() == "all":
            every = True
            continue
        name, equals, choice = (part.strip() for part in text.partition("="))
        if not (name and equals and choice):
            raise _wrong(f"--policy: cannot read `{text[:60]}`",
                         "write --policy NAME=CHOICE, --policy 'NAME=*' or --policy all; "
                         "`wddmcheck check MODEL` lists them")
        if chosen.get(name, choice) != choice:
            raise _wrong(f"--policy: {name[:60]} is given twice", "give each policy one choice")
        chosen[name] = choice
    tried = tuple(name for name, choice in chosen.items() if choice == ANY)
    return PolicyWish({n: c for n, c in chosen.items() if c != ANY}, tried, every)


@dataclass(frozen=True, slots=True)
class WithoutWish:
    """What `--without` options ask for: guarantees to drop; `every`: each of them alone; `listed`:
    only to say which there are."""

    names: tuple[str, ...] = ()
    every: bool = False
    listed: bool = False


def without_wish(texts: tuple[str, ...]) -> WithoutWish:
    """`NAME`, `all` and `help`. Raises `UserError` (exit code 2)."""
    names = tuple(dict.fromkeys(text.strip() for text in texts))
    for word in ("all", "help"):
        if word in names and len(names) > 1:
            raise _wrong(f"--without {word} stands alone", "give names of guarantees, or "
                         f"`{word}` and nothing else")
    if "" in names:
        raise _wrong("--without: the name of a guarantee is missing",
                     "write --without L1; --without help lists them")
    return WithoutWish(() if names in (("all",), ("help",)) else names, names == ("all",),
                       names == ("help",))


def without_names(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The guarantees to drop, for commands that have no table. Raises `UserError` (exit code 2)."""
    wish = without_wish(texts)
    if wish.every or wish.listed:
        raise _wrong(f"--without {'all' if wish.every else 'help'} is for `wddmcheck verify`",
                     "name guarantees: --without L1")
    return wish.names


def common(command: F) -> F:
    """The options of every command that prints a result."""
    for option in (
        click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto",
                     help="Colour: auto (a terminal), always, never. NO_COLOR and FORCE_COLOR "
                          "count too."),
        click.option("-v", "--verbose", count=True, help="Say more on stderr."),
        click.option("-q", "--quiet", is_flag=True, help="Say nothing on stderr but errors."),
    ):
        command = option(command)
    return command


def policy_option(text: str = "Decide an open question of the documentation. Repeatable.",
                  metavar: str = "NAME=CHOICE") -> Callable[[F], F]:
    """`--policy`."""
    return click.option("--policy", multiple=True, metavar=metavar, help=text)


def without_option(text: str = "Drop a guarantee of the operating system: L0 to L3, or a rule that "
                               "a `requires` cites. Repeatable.",
                   metavar: str = "NAME") -> Callable[[F], F]:
    """`--without`."""
    return click.option("--without", multiple=True, metavar=metavar, help=text)


def _bad(param: click.Parameter, value: str, problem: str, hint: str) -> UserError:
    return _wrong(f"{param.opts[0]}: `{value[:40]}` {problem}", hint)


def _wrong(message: str, hint: str) -> UserError:
    return UserError((Diagnostic("WC309", message, help=hint),), exit_code=2)
