"""Tracebacks that crashes leave go where pytest cleans up."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _temporary_files(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory,
                     ) -> Path:
    folder = tmp_path_factory.mktemp("tracebacks")
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder
