"""The data flow: load -> check -> lower -> explore -> re-check -> report. `flow` is the page to
read; only this package composes the stages."""

from wddmcheck.pipeline.flow import Loaded, Typed, load_model, lower_model, read_model, verify
from wddmcheck.pipeline.options import ScopeProgress, VerifyOptions, silent

__all__ = ["Loaded", "ScopeProgress", "Typed", "VerifyOptions", "load_model", "lower_model",
           "read_model", "silent", "verify"]
