"""The shape of a code's page; each family lists its own in a module beside this one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CodePage:
    """What `wddmcheck explain CODE` prints.

    `bad` is a model (or, for command-line codes, a command) that yields exactly this code; `good`
    is the same thing put right. Both are run by the test suite; "" where no text can show it.
    """

    code: str
    title: str
    explanation: str
    bad: str = ""
    good: str = ""
