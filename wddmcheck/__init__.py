"""wddmcheck: a model checker for WDDM display-miniport object lifecycles."""

__version__ = "0.1.0"
