"""What a status says. Statuses are names in the IR; "" is the result of what returns none."""

from __future__ import annotations


def succeeds(status: str) -> bool:
    """NT_SUCCESS of a status by name (STATUS_PENDING is a success)."""
    return status in ("", "STATUS_SUCCESS", "STATUS_PENDING")
