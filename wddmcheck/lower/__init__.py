"""Typed model -> IR, under a choice of policies."""

from wddmcheck.lower.lower import lower

__all__ = ["lower"]
