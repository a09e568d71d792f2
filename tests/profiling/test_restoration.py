"""run_restoration.py on tiny volumes: files, columns and errors."""

import csv
import json

import pytest
from restoration_cost import write_markdown

from sanet_tf.restoration import SiameseCARE, SiameseConfig
from tests import command_line as commands
from tests.experiments.conftest import error_line

SCRIPT = "profiling/run_restoration.py"


@pytest.mark.slow
def test_tiny_volume(tmp_path):
    """The attention that has no local means is left out of the windows."""
    result = commands.run(
        SCRIPT,
        *("--shape=4,64,24", "--n_tiles=1,3,1", "--n_first=4", "--repeats=2"),
        "--batch_size=2",
        *("--attention=none,scaled", "--statistics=window,volume"),
        *(f"--output_dir={tmp_path}", "--name=cost"),
    )
    assert result.returncode == 0, result.stderr
    assert {path.name for path in tmp_path.iterdir()} == {
        *("cost.csv", "cost.md", "cost.run.json")
    }
    with open(tmp_path / "cost.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        *("network", "statistics", "shape", "n_first", "n_tiles", "tiles"),
        *("tile_shape", "seconds", "predicted_bytes", "peak_rss_bytes"),
        *("step_ms", "step_spread_ms"),
    ]
    assert [(row["network"], row["statistics"]) for row in rows] == [
        ("none", "tile"),
        ("scaled", "volume"),
    ]
    for row in rows:
        assert row["shape"] == "4x64x24"
        assert row["n_tiles"] == "1x3x1"
        assert row["tiles"] == "3"
        assert row["n_first"] == "4"
        assert row["tile_shape"].startswith("4x")
        for name in list(row)[-5:]:
            assert float(row[name]) > 0
    config = SiameseConfig(
        "ZYX", attention=None, unet_n_first=4, train_patch_size=[16, 64, 64]
    )
    model = SiameseCARE(config, basedir=None)
    _, _, needed = model.plan((4, 64, 24), "ZYX", (1, 3, 1))
    mapped = 4 * 64 * 24 * (2 + 4)  # uint16 in, float32 out
    assert int(rows[0]["predicted_bytes"]) == needed + mapped
    table = (tmp_path / "cost.md").read_text()
    assert "| none | tile | 1x3x1 |" in table
    record = json.loads((tmp_path / "cost.run.json").read_text())
    assert record["flags"]["shape"] == ["4", "64", "24"]
    assert result.stdout.count("(predicted") == 2


def row(network, seconds, memory, step=None):
    return {
        "network": network,
        "statistics": "tile",
        "n_tiles": "1x2x2",
        "seconds": seconds,
        "peak_rss_bytes": memory,
        "predicted_bytes": 3 * 2**20,
        "step_ms": step,
        "step_spread_ms": step and 20.0,
    }


def table(path, rows):
    write_markdown(path, rows, {"command": "c", "machine": "m"})
    lines = [line for line in path.read_text().splitlines() if "1x2x2" in line]
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]


def test_markdown_has_the_ratios_to_the_plain_network(tmp_path):
    rows = [
        row("none", 2.0, 2**30, 1000.0),
        row("siamese", 2.5, 1.25 * 2**30, 1100.0),
    ]
    assert table(tmp_path / "cost.md", rows)[1] == [
        *("siamese", "tile", "1x2x2", "2.50", "1.250", "1,280 MiB", "1.250"),
        *("3 MiB", "1,100 (20) ms", "1.100"),
    ]


def test_markdown_without_the_plain_network_or_memory(tmp_path):
    assert table(tmp_path / "cost.md", [row("siamese", 2.5, None)]) == [
        ["siamese", "tile", "1x2x2", "2.50", "", "?", "", "3 MiB", "", ""]
    ]
    rows = [row("none", 2.0, None), row("siamese", 2.5, None)]
    assert table(tmp_path / "cost.md", rows)[1][4:7] == ["1.250", "?", ""]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--attention=care"], ": expected one or more of none, siamese"),
        (["--networks="], ": expected one or more of none, siamese"),
        (["--statistics=default"], "expected one or more of tile, window"),
        (["--shape=32,256"], "3 whole numbers above 0, such as 16,64,64"),
        (["--shape=32,256,x"], "3 whole numbers above 0, such as 16,64,64"),
        (
            ["--n_tiles=0,1,1"],
            "3 whole numbers above 0, such as 1,4,4",
        ),
        (["shape=8,8,8"], "expected flags only, got 'shape=8,8,8'"),
    ],
)
def test_wrong_flags_are_one_line(flags, message, tmp_path):
    result = commands.run(SCRIPT, *flags, f"--output_dir={tmp_path / 'new'}")
    assert message in error_line(result)
    assert not (tmp_path / "new").exists()
