"""Typed model -> IR, under a choice of policies, without guarantees that are dropped."""

from wddmcheck.lower.lower import lower

__all__ = ["lower"]
