"""The reference miniport: a small driver that does what the documentation asks for."""

from wddmcheck.machine.reference.miniport import ReferenceMiniport

__all__ = ["ReferenceMiniport"]
