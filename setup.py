"""The one build step that pyproject.toml cannot say: the catalogue of documentation facts lives in
`spec/`, where people read it, and is copied into the package, where `wddmcheck docs` and `explain`
find it once installed. In a checkout (an editable install) it is read where it is."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithCatalogue(build_py):
    """`build_py`, and `spec/*/*.toml` as `wddmcheck/spec/*/*.toml`."""

    def run(self) -> None:
        """Build, then copy."""
        super().run()
        if self.editable_mode:
            return
        for source in sorted(Path("spec").glob("*/*.toml")):
            target = Path(self.build_lib) / "wddmcheck" / source
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


setup(cmdclass={"build_py": BuildWithCatalogue})
