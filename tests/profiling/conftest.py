"""The profiling scripts import each other from their own folder."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "profiling"))


def run_script(name, *flags):
    """Runs `python profiling/NAME FLAGS` to its end."""
    return subprocess.run(
        [sys.executable, f"profiling/{name}", *flags],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
