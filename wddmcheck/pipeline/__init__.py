"""The data flow: load -> check -> lower -> explore -> re-check -> report. `flow` is the page to
read; only this package composes the stages."""

from wddmcheck.pipeline.flow import Loaded, load_model, verify
from wddmcheck.pipeline.options import ScopeProgress, VerifyOptions, silent

__all__ = ["Loaded", "ScopeProgress", "VerifyOptions", "load_model", "silent", "verify"]
