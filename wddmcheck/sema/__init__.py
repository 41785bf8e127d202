"""Names and types: AST in, typed `Model` out; all errors of a file at once."""

from wddmcheck.sema.check import check

__all__ = ["check"]
