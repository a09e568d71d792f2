"""Counts: pinned to the paper's, and to products of known size."""

import csv
import subprocess
import sys
from pathlib import Path

import keras
import pytest
from counting import count_computed_madd, count_madd, count_parameters

from sanet_tf.models import MODELS, UNETS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """The output of count_models.py and its rows, by model."""
    folder = tmp_path_factory.mktemp("counts")
    result = subprocess.run(
        [sys.executable, "profiling/count_models.py", f"--output_dir={folder}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    with open(folder / "counts.csv", newline="") as file:
        rows = {row["model"]: row for row in csv.DictReader(file)}
    return result.stdout, rows


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("mobilenet_v2", 300.77),
        ("attnnet", 365.37),
        ("attnnet_pool", 299.75),
        ("attnnet_scaled", 312.09),
        ("sanet", 289.86),
        ("sanet_no_attention", 279.15),
    ],
)
def test_multiply_adds(table, name, millions):
    assert round(int(table[1][name]["madd"]) / 1e6, 2) == millions


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("sanet", 3_449_408),
        ("sanet_no_score_weights", 3_448_448),
        ("sanet_no_attention", 3_344_448),
        ("mobilenet_v2", 3_470_760),
    ],
)
def test_parameters(table, name, parameters):
    assert int(table[1][name]["parameters_paper_rule"]) == parameters


def test_every_model_is_counted(table):
    output, rows = table
    assert list(rows) == list(MODELS)
    assert {
        "model",
        "parameters",
        "parameters_paper_rule",
        "madd",
        "paper_parameters",
        "paper_madd",
    } <= rows["sanet"].keys()
    for name in (*MODELS, *UNETS):
        assert f"\n{name} " in output


def test_folded_values_make_sanet_no_dearer_than_without_attention(table):
    """Less than 1 % more, where the paper's rule has 4 %."""
    rows = table[1]
    computed = int(rows["sanet"]["madd_computed"])
    without = int(rows["sanet_no_attention"]["madd_computed"])
    assert without < computed < 1.01 * without
    assert computed < 0.97 * int(rows["sanet"]["madd"])


def test_the_two_counts_agree_without_attention(table):
    for name in ("mobilenet_v2", "sanet_no_attention"):
        row = table[1][name]
        assert row["madd"] == row["madd_computed"]


def test_contradictions_of_the_paper_are_said(table):
    assert "Table 7 prints 3,448,448 here, with its two rows" in table[0]
    assert "does not follow from its architecture" in table[0]


def test_unknown_model():
    result = subprocess.run(
        [sys.executable, "profiling/count_models.py", "--models=sanet,nosuch"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.startswith("error: expected --models among sanet")
    assert result.stderr.endswith("got nosuch\n")


def test_known_products():
    """A convolution, a depthwise one and a matrix product, by hand."""
    inputs = keras.Input((10, 14, 3))
    x = keras.layers.Conv2D(5, 3, strides=2, padding="same")(inputs)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.DepthwiseConv2D(3, padding="same")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(7)(x))
    expected = 5 * 7 * (9 * 3 * 5) + 5 * 7 * (9 * 5) + 5 * 7
    assert count_madd(model) == expected
    assert count_computed_madd(model) == expected
    weights = 9 * 3 * 5 + 5 + 9 * 5 + 5 + 5 * 7 + 7
    assert count_parameters(model, batch_norm=False) == weights
    assert count_parameters(model) == weights + 2 * 5
