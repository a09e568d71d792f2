"""experiments/compare.py: its arithmetic and its files, on made-up results."""

import csv
import json

import compare_report
import compare_rows
import pytest
from PIL import Image

from tests import command_line as commands
from tests.experiments.conftest import error_line

SCRIPT = "experiments/compare.py"


def metrics_of(top1, **other):
    """The contents of a metrics.json, as far as the comparison reads it."""
    entry = {"epoch": 5, "val_top1": top1, "val_top5": 0.9}
    images = {"train": 9469, "val": 3925}
    return {
        "last": entry,
        "best": {**entry, "epoch": 4, "val_top1": top1 + 0.01},
        **{"parameters": 1234567, "madd": 50_000_000},
        **{"seconds_per_epoch": 4.0, "backend": "jax", "device": "a GPU"},
        "data": {
            **{"name": "folder", "sha256": "12ab", "classes": 10},
            **{"images": images, "image_size": 96},
        },
        **other,
    }


@pytest.fixture
def results():
    """The gains of b over a are 1, 2 and 3 points; c has one run of two."""
    tops = {
        **{("a", 0): 0.50, ("a", 1): 0.54, ("a", 2): 0.52},
        **{("b", 0): 0.51, ("b", 1): 0.56, ("b", 2): 0.55, ("c", 1): 0.6},
    }
    return {key: metrics_of(top1) for key, top1 in tops.items()}


FAILED = {("c", 0): "the loss became nan at step 3 of epoch 1"}
RECORD = {
    **{"command": "python experiments/compare.py", "machine": "a machine"},
    **{"baseline": "a", "flags": {"processes": 2, "data_dir": "flowers"}},
}


def rows_of(results, failed=FAILED):
    runs = compare_rows.run_rows([*results, *failed], results, failed)
    return runs, compare_rows.model_rows(runs, "a")


def test_differences_are_paired_with_students_interval(results):
    """4.303 standard errors of 1 / sqrt(3) to each side of the mean."""
    _, (a, b, c) = rows_of(results)
    assert (b["difference"], b["pairs"]) == (0.02, 3)
    half = 4.302653 * 0.01 / 3**0.5
    assert b["difference_low"] == pytest.approx(0.02 - half, abs=2e-6)
    assert b["difference_high"] == pytest.approx(0.02 + half, abs=2e-6)
    assert (c["difference"], c["pairs"]) == (pytest.approx(0.06), 1)
    assert c["difference_low"] is c["difference_high"] is None
    assert (a["difference"], a["pairs"]) == (None, 0)


def test_rows_of_models(results):
    _, (a, _, c) = rows_of(results)
    assert (a["val_top1"], a["val_top1_ci95"]) == (0.52, 0.049683)
    assert (a["best_val_top1"], a["val_top5"]) == (0.53, 0.9)
    assert (a["seeds"], a["failed"]) == (3, 0)
    assert (c["seeds"], c["failed"], c["val_top1_ci95"]) == (1, 1, None)
    assert (a["parameters"], a["madd"]) == (1234567, 50_000_000)


def test_rows_of_runs(results):
    runs, _ = rows_of(results)
    keys = [(run["model"], run["seed"]) for run in runs]
    assert keys == sorted([*results, *FAILED])
    assert runs[-2]["error"] == FAILED["c", 0]
    assert runs[-2]["val_top1"] is None
    assert (runs[-1]["best_epoch"], runs[-1]["epochs"]) == (4, 5)
    assert runs[-1]["error"] is None


def test_files(results, tmp_path):
    keys = [*results, *FAILED]
    compare_report.write(tmp_path, keys, results, FAILED, RECORD)
    text = (tmp_path / "compare.md").read_text()
    assert "`python experiments/compare.py`" in text
    assert "flowers, sha256 `12ab`; 10 classes, 9,469 images" in text
    assert "*Measured* on a GPU (jax)" in text
    assert "2 runs side by side" in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[c.strip() for c in line[1:-1].split("|")] for line in table]
    assert [len(row) for row in cells] == [9] * 5 + [4] * 5
    assert cells[3] == [
        *("`b`", "3", "54.00 ± 6.57", "55.00 ± 6.57", "90.00 ± 0.00"),
        *("+2.00 [-0.48, +4.48]", "1,234,567", "50.00 M", "4.0"),
    ]
    assert cells[4][1:3] == ["1, 1 failed", "60.00"]
    assert cells[7:] == [
        ["`a`", "–", "-2.00 ± 2.48", "-6.00"],
        ["`b`", "+2.00 ± 2.48", "–", "-4.00"],
        ["`c`", "+6.00", "+4.00", "–"],
    ]
    assert f"- `c`, seed 0, failed: {FAILED['c', 0]}" in text
    assert (
        "An interval reaches 4.3 standard errors from 3 seeds to each" in text
    )
    record = json.loads((tmp_path / "compare.run.json").read_text())
    assert (record["data"]["name"], record["data"]["sha256"]) == (
        *("flowers", "12ab"),
    )
    with Image.open(tmp_path / "compare.png") as image:
        assert image.width > 1000
    with open(tmp_path / "runs.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == 8


def test_one_seed_has_no_interval(results):
    one = {key: value for key, value in results.items() if key[1] == 0}
    _, rows = rows_of(one, {})
    assert [row["val_top1_ci95"] for row in rows] == [None, None]
    runs, rows = rows_of(one, {})
    record = {**RECORD, "data": compare_report.data_of(one, RECORD)}
    assert "no intervals" in compare_report.markdown(rows, runs, record)


def test_a_model_without_any_result(results):
    failed = {("d", 0): "the loss became nan"}
    runs, rows = rows_of(results, failed)
    record = {**RECORD, "data": compare_report.data_of(results, RECORD)}
    text = compare_report.markdown(rows, runs, record)
    assert "| `d` | 0, 1 failed | – |" in text


def test_other_data_are_refused(results):
    other = {**results["b", 1]["data"], "sha256": "34cd"}
    results["b", 1] = metrics_of(0.5, data=other)
    with pytest.raises(ValueError, match="different checksums"):
        compare_report.data_of(results, RECORD)


def test_wrong_flags_are_one_line(tmp_path):
    output = tmp_path / "new"
    cases = {
        "expected --networks=NAME,NAME, each once; got none": [],
        "each once; got sanet,sanet": ["--models=sanet,sanet"],
        "expected --networks, which gives every run its own; got --network=": [
            *("--networks=sanet", "--model=sanet"),
        ],
        "expected --seeds, which gives every run its own; got --seed=1": [
            *("--models=sanet", "--seed=1"),
        ],
        "expected --seeds=N, or a number for each of 2 networks; got 3": [
            *("--networks=sanet,attnnet", "--seeds=1,2,3"),
        ],
        "expected whole numbers above 0, such as 5 or 5,5,3": [
            *("--networks=sanet", "--seeds=0"),
        ],
        "expected --baseline among sanet; got attnnet": [
            *("--models=sanet", "--baseline=attnnet"),
        ],
        "expected flags only, got 'seeds=3'": ["seeds=3"],
    }
    flags = [[*case, f"--output_dir={output}"] for case in cases.values()]
    results = commands.run_many(SCRIPT, flags)
    for message, result in zip(cases, results, strict=True):
        assert message in error_line(result)
    assert not output.exists()
