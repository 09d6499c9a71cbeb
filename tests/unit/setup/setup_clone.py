"""A copy of what the set-up scripts read, for tests of those scripts."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CLONE = Path(__file__).resolve().parents[3]


@dataclass
class Clone:
    """A copy of what the set-up scripts read, run with stand-ins for the programs they call."""

    root: Path
    programs: Path
    environment: dict[str, str] = field(default_factory=dict)

    def stand_in(self, name: str, script: str) -> None:
        """Put a program first on PATH."""
        program = self.programs / name
        program.write_text(f"#!/bin/bash\n{script}\n")
        program.chmod(0o755)

    def variables(self, extra: Mapping[str, str]) -> dict[str, str]:
        return {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "HOME": str(self.root.parent),
            **self.environment,
            **extra,
        }

    def run(self, script: str, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.root / script)],
            env=self.variables(extra),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
