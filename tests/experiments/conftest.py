"""A folder of photographs, the command that trains on it, and a stack."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "experiments"))  # scripts import their modules
COLORS = {"blue": (40, 60, 200), "green": (50, 180, 60), "red": (200, 50, 40)}


@pytest.fixture(scope="session")
def photographs(tmp_path_factory):
    """Three classes of noisy colours; four files of train are unreadable."""
    root = tmp_path_factory.mktemp("photographs")
    rng = np.random.default_rng(0)
    for split, count in (("train", 20), ("val", 6)):
        for name, color in COLORS.items():
            folder = root / split / name
            folder.mkdir(parents=True)
            for index in range(count):
                noise = rng.normal(0, 30, (40, 48, 3))
                pixels = np.clip(np.add(color, noise), 0, 255).astype("uint8")
                Image.fromarray(pixels).save(folder / f"{index:02d}.JPEG")
    red = root / "train" / "red"
    (red / "empty.jpg").touch()
    (red / "text.png").write_text("this is not an image")
    whole = (red / "00.JPEG").read_bytes()
    (red / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    Image.new("1", (10_000, 10_000)).save(red / "oversized.png")
    return root


def command(*flags):
    """The arguments of a small training run."""
    return [
        sys.executable,
        "experiments/imagenet.py",
        "--dataset=folder",
        "--image_size=32",
        "--alpha=0.1",
        "--batch_size=16",
        "--learning_rate=0.005",  # higher ones may explode: SAO is quadratic
        "--schedule=cosine",
        *flags,
    ]


def run(*flags):
    """Runs a small training to its end."""
    return subprocess.run(
        command(*flags), cwd=ROOT, capture_output=True, text=True, check=False
    )


def error_line(result):
    """The one line of a command that failed as it should."""
    assert result.returncode not in (0, None)
    assert "Traceback" not in result.stderr
    lines = [
        line for line in result.stderr.splitlines() if line.startswith("error:")
    ]
    assert len(lines) == 1
    return lines[0]


@pytest.fixture(scope="module")
def scene():
    """A clean stack (8, 48, 32), uint16."""
    grid = np.indices((8, 48, 32)).sum(axis=0)
    return (500 + 400 * np.sin(grid / 3)).astype("uint16")
