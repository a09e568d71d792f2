"""run_operators.py and run_models.py on tiny sizes: files and errors."""

import csv
import json

import numpy as np
import operator_forms as forms
import pytest
import tensorflow as tf
from operator_groups import Target
from PIL import Image

from sanet_tf.layers import ATTENTION

from .conftest import run_script


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_targets():
    assert Target("ratio", 1.3, 1.3).met is True
    assert Target("ratio", 1.31, 1.3).met is False
    assert Target("ratio", 1.31, 1.3, at_least=True).met is True
    assert Target("ratio", 1.29, 1.3, at_least=True).met is False
    assert Target("ratio", None, 1.3).met is None


def test_copy_copies_everything():
    source = np.random.default_rng(0).normal(size=(3, 7, 5))
    target = np.empty_like(source)
    forms.copy(source, target, 2)()
    np.testing.assert_array_equal(target, source)


def test_forms_of_softmax_attention_agree():
    """The baseline is compared with forms of the same function."""
    inputs = tf.random.stateless_normal((2, 3, 5, 4), (0, 0))
    layer = ATTENTION["softmax"](use_value_projection=False)
    expected = layer(inputs).numpy()
    for name, function in forms.softmax_forms(inputs).items():
        outputs = function().numpy().reshape(expected.shape)
        np.testing.assert_allclose(outputs, expected, 1e-5, err_msg=name)


@pytest.mark.slow
def test_operators(tmp_path):
    result = run_script(
        "run_operators.py",
        "--size=6x8",
        "--softmax_size=6x8",
        "--repeats=2",
        "--small_batch=2",
        "--large_batch=3",
        f"--output_dir={tmp_path}",
    )
    assert result.returncode == 0, result.stderr
    targets = read(tmp_path / "targets.csv")
    names = " ".join(row["target"] for row in targets)
    for part in ("roofline", "(x + 1)", "training", "best form", "memory"):
        assert part in names
    rows = read(tmp_path / "operators.csv")
    ms = {(row["group"], row["call"]): float(row["wall_ms"]) for row in rows}
    graphs = [row for row in targets if row["target"].endswith("graph / XLA")]
    assert len(graphs) == 4  # two batches, one head and four
    for row in graphs:
        group = row["target"].partition(":")[0]
        assert float(row["measured"]) == pytest.approx(
            ms[group, "graph"] / ms[group, "xla"], abs=2e-3
        )
    for row in targets:
        assert row["target"] in result.stdout
        assert row["met"] in ("met", "missed", "not measured")
        assert (row["met"] == "not measured") == ("SDPA" in row["target"])
    calls = {row["call"] for row in rows}
    assert {"eager", "graph", "xla", "graph, training", "copy"} <= calls
    assert targets[0]["target"] in (tmp_path / "operators.md").read_text()
    assert "commit" in json.loads((tmp_path / "operators.run.json").read_text())


@pytest.mark.slow
def test_models(tmp_path):
    result = run_script(
        "run_models.py",
        "--models=sanet",
        "--image_size=32",
        "--batch_size=2",
        "--repeats=2",
        f"--output_dir={tmp_path}",
    )
    assert result.returncode == 0, result.stderr
    sanet, reference = read(tmp_path / "models.csv")
    assert (sanet["model"], reference["model"]) == (
        "sanet",
        "keras.applications",
    )
    assert int(reference["parameters"]) == 3_504_872
    assert float(reference["latency_ratio"]) == 1
    for column in ("latency_ms", "batch_ms", "training_step_ms"):
        assert float(sanet[column]) > 0
    with Image.open(tmp_path / "models.png") as image:
        assert image.width > 500


@pytest.mark.parametrize(
    ("script", "flag", "message"),
    [
        ("run_operators.py", "--size=56", "expected --sizes as SIDExCHANNELS"),
        ("run_models.py", "--models=nosuch", "expected one or more of sane"),
        ("run_models.py", "--image_size=8", "--image_size=8 does not do"),
    ],
)
def test_wrong_flags(script, flag, message):
    result = run_script(script, flag)
    assert result.returncode == 1
    assert result.stderr.startswith("error: ")
    assert message in result.stderr
