"""README tells the truth: its code runs, its commands and counts exist."""

import csv
import re
from pathlib import Path

import keras
import numpy as np
import pytest

from sanet_tf.commands.main import COMMANDS
from sanet_tf.export import export_saved_model
from sanet_tf.models import MODELS, UNETS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
OPERATORS = {
    "sanet": "siamese",
    "attnnet": "softmax",
    "attnnet_pool": "pooled",
    "attnnet_scaled": "scaled",
}
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def block(text):
    """The only block of code that has the text."""
    (found,) = [block for block in BLOCKS if text in block]
    return found


def test_the_layer_in_ten_lines(capsys):
    code = block("SiameseAttention(")
    assert len(code.splitlines()) <= 10
    exec(code, {})
    (shape,) = re.findall(r"# (\(.*\))", code)
    assert capsys.readouterr().out.strip() == shape


def test_restoration():
    names = {}
    exec(block("SiameseCARE"), names)
    assert names["restored"].shape == names["stack"].shape
    assert np.isfinite(names["restored"]).all()


def test_the_networks():
    names = {}
    exec(block("import MODELS, SANet"), names)
    assert names["model"].count_params() > 3_000_000
    assert names["features"].output_shape == (None, None, None, 1280)
    assert names["baseline"].output_shape == (None, 10)


def test_deployment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images = keras.Input((32, 32, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(images)
    model = keras.Model(images, keras.layers.Dense(2)(pooled))
    export_saved_model(model, ["cat", "dog"], "exported")
    names = {}
    exec(block("sanet_tf.load"), names)
    assert names["probabilities"].shape == (1, 2)
    assert tuple(names["names"]) == ("cat", "dog")


@pytest.mark.parametrize(
    "path",
    sorted(
        {
            *re.findall(r"(?:python |flagfile=)([\w/.]+/[\w.-]+)", README),
            *re.findall(r"\]\(([\w/.-]+)[)#]", README),
        }
    ),
)
def test_files_exist(path):
    assert (ROOT / path).is_file()


def test_the_commands_exist():
    named = set(re.findall(r"\bsanet ([a-z][a-z-]+)", README))
    assert named >= {"train", "train-restoration", "restore", "export"}
    assert named <= set(COMMANDS)
    assert all(f"`{name}`" in README or name in named for name in COMMANDS)


def test_every_network_is_in_the_table():
    """In that of the documentation; README has five of them."""
    page = (ROOT / "docs/pages/networks.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` (\|.*)$", page, re.MULTILINE))
    assert set(rows) == {*MODELS, *UNETS}
    few = dict(re.findall(r"^\| `(\w+)` (\|.*)$", README, re.MULTILINE))
    assert len(few) == 5
    with open(ROOT / "results/profiling/counts.csv") as file:
        counts = {row["model"]: row for row in csv.DictReader(file)}
    for name in MODELS:
        count = counts[name]
        parameters = {
            f"| {int(count[column]):,} |"
            for column in ("parameters", "parameters_paper_rule")
        }
        for row in (rows[name], *([few[name]] if name in few else [])):
            assert any(cell in row for cell in parameters), name
            assert f"| {int(count['madd']) / 1e6:,.2f} M |" in row, name


def test_the_speed_ups_are_those_of_the_record():
    with open(ROOT / "results/profiling/table2.csv") as file:
        rows = list(csv.DictReader(file))
    of_operator = {
        row["operator"]: f"| {float(row['speedup']):.1f} |"
        for row in rows
        if row["size"] == "56x256"
    }
    few = dict(re.findall(r"^\| `(\w+)` (\|.*)$", README, re.MULTILINE))
    for name, operator in OPERATORS.items():
        assert of_operator[operator] in few[name], name
