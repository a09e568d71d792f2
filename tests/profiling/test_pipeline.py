"""The input pipeline's rate, and what a GPU needs of it."""

import csv
import json
import math

from .conftest import run_script


def test_rates_and_cores(tmp_path):
    """On photographs made for the occasion, without a training step."""
    result = run_script(
        "run_pipeline.py",
        *("--dataset=photographs", "--image_size=32", "--batch_size=8"),
        *("--repeats=2", "--model=", "--gpu_images_per_second=12345"),
        f"--output_dir={tmp_path}",
    )
    assert result.returncode == 0, result.stderr
    record = json.loads((tmp_path / "pipeline.run.json").read_text())
    with open(tmp_path / "pipeline.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    kinds = ["pipeline, uncached", "pipeline, cached"]
    assert [row["what"] for row in rows] == kinds
    for row in rows:
        each = float(row["images_per_second_per_core"])
        assert each > 0
        needed = 12345 / each
        assert abs(int(row["cores_for_gpu"]) - math.ceil(needed)) <= 1
        assert f"needs {row['cores_for_gpu']} such cores" in result.stdout
    page = (tmp_path / "pipeline.md").read_text()
    assert record["command"] in page
    assert all(row["images_per_second"] in page for row in rows)
