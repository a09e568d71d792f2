"""experiments/table6.py: its arithmetic on made-up results, and a tiny run."""

import csv
import json

import pytest
import table6_report
from PIL import Image

from tests import command_line as commands
from tests.experiments.conftest import error_line
from tests.experiments.table6_results import result, three_seeds

SCRIPT = "experiments/table6.py"
TINY = (
    *("--volume_shape=8,32,32", "--num_volumes=1", "--num_test=1"),
    *("--patch_size=4,16,16", "--num_patches=8", "--n_depth=1", "--n_first=4"),
    *("--batch_size=4", "--epochs=1", "--notensorboard"),
)


@pytest.fixture
def results():
    return three_seeds()


def test_rows_are_means_and_their_intervals(results):
    unet, sao = table6_report.rows_of(results)
    assert unet == {
        "network": "unet",
        "statistics": "default",
        "seeds": 3,
        "psnr": 32.0,
        "psnr_ci95": 6.57241,  # of -2, -1, 3: 4.302653 (7 / 3) ** 0.5
        "ssim": 0.72,
        "ssim_ci95": 0.06572,
        "nrmse": 0.05,
        "nrmse_ci95": 0.0,
        "psnr_raw": 31.0,
        "psnr_raw_ci95": 6.57241,
        "ssim_3d": 0.36,
        "ssim_3d_ci95": 0.03286,
        "below": None,
        "seconds_per_volume": 2.0,  # medians
        "peak_rss_bytes": 3 * 2**20,
        "parameters": 1000,
    }
    assert (sao["network"], sao["psnr"], sao["psnr_ci95"]) == (
        *("sao", 32.83333, 8.98535),
    )
    assert (sao["seconds_per_volume"], sao["peak_rss_bytes"]) == (5, 2**23)


def test_one_seed_has_no_interval():
    (row,) = table6_report.rows_of({("sao", 0): result(30.0, 0.7, 0.05)})
    assert row["psnr_ci95"] is None
    assert row["seeds"] == 1


def test_memory_is_of_the_first_mode():
    modes = ("tile", "volume")
    one = {("sao", 0): result(30.0, 0.7, 0.05, modes=modes)}
    rows = table6_report.rows_of(one)
    assert [row["statistics"] for row in rows] == ["tile", "volume"]
    assert [row["peak_rss_bytes"] for row in rows] == [2**20, ""]


def test_differences_are_paired(results):
    """+0.5, 0 and +2 dB: their spread is far below that of the networks."""
    found = table6_report.differences(results, "sao")
    assert found["psnr"] == (pytest.approx(2.5 / 3), 2.58557)
    assert found["ssim"] == (pytest.approx(0.03), 0.06572)
    assert found["nrmse"] == (pytest.approx(-0.01), 0.02484)


def test_differences_are_of_seeds_that_both_have(results):
    del results["unet", 0], results["sao", 1]
    found = table6_report.differences(results, "sao")
    assert found["psnr"] == (2.0, None)
    assert table6_report.differences(results, "attn") == {}
    del results["unet", 1], results["unet", 2]
    assert table6_report.differences(results, "sao") == {}


def test_figure(results, tmp_path):
    table6_report.write_figure(tmp_path / "table6.png", results)
    with Image.open(tmp_path / "table6.png") as image:
        assert image.width > 500


@pytest.mark.slow
def test_goes_on_after_a_failed_run(tmp_path):
    """The second run finds a file in its way; the first is not repeated."""
    in_the_way = tmp_path / "sao-seed0"
    in_the_way.touch()
    flags = (*TINY, "--networks=unet,sao", "--seeds=1")
    flags = (*flags, f"--output_dir={tmp_path}")
    failed = commands.run(SCRIPT, *flags)
    line = error_line(failed)
    assert line.startswith("error: the run sao-seed0 failed: cannot make the")
    assert line.endswith("the same command goes on from there")
    assert not (tmp_path / "table6.md").exists()
    in_the_way.unlink()
    weights = tmp_path / "unet-seed0" / "model" / "weights_best.h5"
    before = weights.stat().st_mtime_ns
    complete = commands.run(SCRIPT, *flags)
    assert complete.returncode == 0, complete.stderr
    assert weights.stat().st_mtime_ns == before
    assert {path.name for path in tmp_path.iterdir()} == {
        *("unet-seed0", "sao-seed0", "table6.csv", "table6.md"),
        *("table6.png", "table6.run.json"),
    }
    with open(tmp_path / "table6.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["network"] for row in rows] == ["unet", "sao"]
    for row in rows:
        folder = tmp_path / f"{row['network']}-seed0"
        metrics = json.loads((folder / "metrics.json").read_text())
        psnr = metrics["restored"]["default"]["psnr"]
        assert float(row["psnr"]) == pytest.approx(psnr, abs=1e-5)
        assert row["psnr_ci95"] == ""
    unet, sao = (
        json.loads((tmp_path / f"{network}-seed0/run.json").read_text())
        for network in ("unet", "sao")
    )
    assert (unet["flags"].pop("attention"), sao["flags"].pop("attention")) == (
        *("none", "siamese"),
    )
    assert unet["flags"] == sao["flags"]
    assert (tmp_path / "table6.md").read_text() in complete.stdout
    record = json.loads((tmp_path / "table6.run.json").read_text())
    assert record["flags"]["networks"] == ["unet", "sao"]
    assert record["flags"]["n_first"] == 4
    other = error_line(commands.run(SCRIPT, *flags, "--epochs=2"))
    assert "holds a run with other flags (--epochs was 1, is 2)" in other
    assert "goes on" not in other


def test_gvtnet_has_its_own_attention(tmp_path):
    flags = (*TINY, "--network=gvtnet", "--networks=attn", "--seeds=1")
    flags = (*flags, "--baselines=none", f"--output={tmp_path}")
    result = commands.run(SCRIPT, *flags)
    assert result.returncode == 0, result.stderr
    record = json.loads((tmp_path / "attn-seed0/run.json").read_text())
    assert record["flags"]["network"] == "gvtnet"
    assert record["flags"]["attention"] == "scaled"
    assert "| GVTNet | " in (tmp_path / "table6.md").read_text()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ["--networks=unet,siamese"],
            "expected one or more of unet, attn, sao",
        ),
        (["--networks="], "expected one or more of unet, attn, sao"),
        (
            ["--processes=64", "--threads=64"],
            "expected --processes times --threads of at most",
        ),
        (["--seed=3"], "expected --seeds, the number of runs of each"),
        (["seeds=3"], "expected flags only, got 'seeds=3'"),
    ],
)
def test_wrong_flags_are_one_line(flags, message, tmp_path):
    result = commands.run(SCRIPT, *flags, f"--output_dir={tmp_path / 'new'}")
    assert message in error_line(result)
    assert not (tmp_path / "new").exists()
