"""README tells the truth: its code runs, its commands and counts exist."""

import csv
import re
from pathlib import Path

import pytest

from sanet_tf.models import MODELS, UNETS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_layer_in_ten_lines(capsys):
    assert len(BLOCKS[0].splitlines()) <= 10
    exec(BLOCKS[0], {})
    (shape,) = re.findall(r"# (\(.*\))", BLOCKS[0])
    assert capsys.readouterr().out.strip() == shape


def block(text):
    """The only block of code that has the text."""
    (found,) = [block for block in BLOCKS if text in block]
    return found


def test_restoration():
    names = {}
    exec(block("SiameseCARE"), names)
    assert names["restored"].shape == names["stack"].shape
    assert (names["model"].logdir / "fiji.zip").is_file()


def test_the_networks():
    names = {}
    exec(block("import MODELS, SANet"), names)
    assert names["model"].count_params() > 3_000_000
    assert names["features"].output_shape == (None, None, None, 1280)
    assert names["baseline"].output_shape == (None, 10)


@pytest.mark.parametrize(
    "path",
    sorted(set(re.findall(r"(?:python |flagfile=)([\w/.]+/[\w.-]+)", README))),
)
def test_files_of_the_commands_exist(path):
    assert (ROOT / path).is_file()


def test_every_network_is_in_the_table():
    rows = dict(re.findall(r"^\| `(\w+)` (\|.*)$", README, re.MULTILINE))
    assert set(rows) == {*MODELS, *UNETS}
    with open(ROOT / "results/profiling/counts.csv") as file:
        counts = {row["model"]: row for row in csv.DictReader(file)}
    for name in MODELS:
        count = counts[name]
        parameters = {
            f"| {int(count[column]):,} |"
            for column in ("parameters", "parameters_paper_rule")
        }
        assert any(cell in rows[name] for cell in parameters), name
        assert f"| {int(count['madd']) / 1e6:,.2f} M |" in rows[name], name
