"""Table 2: the rules against the printed digits, and the command's files."""

import csv
import json
import shutil

import measured
import numpy as np
import paper
import pytest
import table2
from cases import Case, make_layer, parse_sizes
from PIL import Image

from sanet_tf.models.counting import count_attention_madd

from .conftest import ROOT, run_script

RECORDS = ROOT / "results/profiling"
SIZES = ((14, 64), (28, 128), (56, 256))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A small table with a trace, and what the command said."""
    folder = tmp_path_factory.mktemp("table2")
    result = run_script(
        "run_table2.py",
        "--sizes=6x8",
        "--operators=softmax,siamese",
        "--batch_size=2",
        "--repeats=2",
        f"--output_dir={folder}",
        f"--trace_dir={folder}/trace",
    )
    assert result.returncode == 0, result.stderr
    with open(folder / "table2.csv", newline="") as file:
        return folder, list(csv.DictReader(file)), result


def exact_row(operator, size):
    """A row without measuring: its exact columns."""
    case = Case(operator, *size)
    madd = count_attention_madd(make_layer(case), case.shape[1:])
    return table2.row(case, {"madd": madd})


@pytest.mark.parametrize("operator", paper.LABELS)
@pytest.mark.parametrize("size", SIZES)
def test_multiply_adds_are_the_printed_ones(operator, size):
    row = exact_row(operator, size)
    printed = paper.TABLE_2[row["size"], operator]["madd"]
    assert paper.as_printed(row["madd"], printed) == printed


def test_only_explained_digits_differ():
    rows = [exact_row(op, size) for size in SIZES for op in paper.LABELS]
    found = {difference[:3] for difference in table2.differences(rows)}
    assert found == set(paper.WHY_DIFFERENT)


@pytest.mark.parametrize("operator", ["pooled", "scaled", "siamese"])
def test_savings_of_the_paper_follow_from_the_rule(operator):
    """But for the last digit; at 56x256 they follow from its own 5.04 GB."""
    for size in SIZES[:2]:
        rows = [exact_row(name, size) for name in ("softmax", operator)]
        table2.compare(rows)
        assert rows[1]["saving_paper_rule"] == pytest.approx(
            rows[1]["paper_saving"], abs=1.1e-4
        )


def test_savings_show_that_the_paper_cuts_gigabytes():
    attn = paper.value(paper.TABLE_2["56x256", "softmax"]["memory"])
    for operator in ("scaled", "siamese"):
        row = exact_row(operator, (56, 256))
        saving = 1 - row["memory_bytes_paper_rule"] / attn
        assert saving == pytest.approx(row["paper_saving"], abs=1.1e-4)


def test_columns(written):
    _, rows, _ = written
    assert [row["operator"] for row in rows] == ["softmax", "siamese"]
    needed = (
        "size operator madd memory_bytes memory_bytes_paper_rule "
        "peak_rss_bytes profiler_ms wall_ms saving speedup paper_madd "
        "paper_memory paper_ms paper_speedup"
    )
    assert set(needed.split()) <= rows[0].keys()


def test_counts_and_memory_are_those_of_the_operator(written):
    softmax, siamese = written[1]
    assert int(softmax["madd"]) == 2 * 36**2 * 8
    assert int(softmax["madd_counted"]) == 2 * 36**2 * 8
    assert int(siamese["madd"]) == 4 * 36 * 8
    assert int(siamese["madd_counted"]) == 5 * 36 * 8  # a column of ones
    scores_and_output = 4 * 2 * (36 * 36 + 36 * 8)
    memory = int(softmax["memory_bytes"])
    scratch = 50_000  # of the matrix products, whatever their size
    assert scores_and_output <= memory < scores_and_output + scratch
    assert float(siamese["saving"]) > 0
    assert int(siamese["peak_rss_bytes"]) >= 0
    for row in (softmax, siamese):
        assert float(row["wall_ms"]) > 0
        assert float(row["profiler_ms"]) > 0


def test_files(written):
    folder, _, result = written
    text = (folder / "table2.md").read_text()
    assert "| 6² x 8 | SAO | 0.00 M |" in text
    record = json.loads((folder / "table2.run.json").read_text())
    assert record["flags"]["sizes"] == ["6x8"]
    with Image.open(folder / "table2.png") as image:
        assert image.width > 500
    assert len(list(folder.glob("trace/6x8-s*/**/*.xplane.pb"))) == 2
    assert "6x8 SAO" in result.stdout + result.stderr


def test_a_measurement_is_drawn_anew(tmp_path):
    """The committed table and figure are those of the committed cases."""
    for name in ("table2.csv", "table2.run.json"):
        shutil.copy(RECORDS / name, tmp_path)
    result = run_script("run_table2.py", "--redraw", f"--output={tmp_path}")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "table2.png").exists()
    for name in ("table2.csv", "table2.md", "table2.run.json"):
        again = (tmp_path / name).read_text()
        assert again == (RECORDS / name).read_text()


def test_times_are_drawn_with_their_spread():
    """Half the interquartile range on each side; memory has none."""
    rows, _ = measured.read(RECORDS, "table2")
    memory, time = table2.draw(rows).axes
    for operator, drawn in zip(paper.LABELS, time.containers, strict=True):
        own = [row for row in rows if row["operator"] == operator]
        ends = [path[:, 1] for path in drawn.lines[2][0].get_segments()]
        expected = [
            (row["wall_ms"] - spread, row["wall_ms"] + spread)
            for row in own
            for spread in [row["wall_spread_ms"]]
        ]
        np.testing.assert_allclose(ends, expected)
        assert len(own) == 3
    assert not any(drawn.has_yerr for drawn in memory.containers)


def test_a_case_that_does_not_fit_is_a_row():
    """Scores of ten million gigabytes are not tried."""
    result = run_script(
        "run_table2.py", "--sizes=9999x2", "--operators=softmax"
    )
    assert result.returncode == 0, result.stderr
    assert "9999x2 Attn" in result.stdout + result.stderr
    assert "GB free" in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--sizes=14", "expected --sizes as SIDExCHANNELS"),
        ("--sizes=0x8", "got '0x8'"),
        ("--operators=sao", "expected --operators among softmax, pooled"),
        ("sizes=14x64", "flags are written --name=value"),
    ],
)
def test_wrong_flags(flag, message):
    result = run_script("run_table2.py", flag)
    assert result.returncode == 1
    assert result.stderr.startswith("error: ")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_sizes():
    assert parse_sizes(["14x64", " 28x128"]) == [(14, 64), (28, 128)]
