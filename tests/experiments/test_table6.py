"""experiments/table6.py: its arithmetic on made-up results, and a tiny run."""

import csv
import json

import pytest
import table6_report
from PIL import Image
from table6_images import by_image

from tests import command_line as commands
from tests.experiments.conftest import error_line

SCRIPT = "experiments/table6.py"
TINY = (
    *("--volume_shape=8,32,32", "--num_volumes=1", "--num_test=1"),
    *("--patch_size=4,16,16", "--num_patches=8", "--n_depth=1", "--n_first=4"),
    *("--batch_size=4", "--epochs=1", "--notensorboard"),
)
RECORD = {"command": "python experiments/table6.py", "machine": "a machine"}


def result(psnr, ssim, nrmse, seconds=2.0, memory=2**20, modes=("default",)):
    """The contents of a metrics.json, as far as the table reads it."""
    row = {"psnr": psnr, "ssim": ssim, "nrmse": nrmse, "seconds": seconds}
    row |= {"psnr_raw": psnr - 1, "ssim_3d": ssim / 2}
    row["stacks"] = [{"name": "a", "psnr": psnr}]
    return {
        "input": {"psnr": 20.25, "ssim": 0.25, "nrmse": 0.125},
        "restored": dict.fromkeys(modes, row),
        "peak_rss_bytes": memory,
        "training": {"parameters": 1000},
    }


@pytest.fixture
def results():
    """Two networks, three seeds."""
    return {
        ("unet", 0): result(30.0, 0.70, 0.05, 1.0, 2**20),
        ("sao", 0): result(30.5, 0.75, 0.04, 4.0, 8 * 2**20),
        ("unet", 1): result(31.0, 0.71, 0.05, 9.0, 3 * 2**20),
        ("sao", 1): result(31.0, 0.75, 0.05, 5.0, 9 * 2**20),
        ("unet", 2): result(35.0, 0.75, 0.05, 2.0, 7 * 2**20),
        ("sao", 2): result(37.0, 0.75, 0.03, 6.0, 4 * 2**20),
    }


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


def markdown(results, dataset, path):
    table6_report.write_markdown(
        path, table6_report.rows_of(results), results, dataset, RECORD
    )
    text = path.read_text()
    table = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[c.strip() for c in line[1:-1].split("|")] for line in table]
    assert {len(row) for row in cells} == {12}
    return text, cells


def test_differences_are_of_the_default_statistics(tmp_path):
    """Volume, not the first; the text names it where there are several."""
    results = {
        ("unet", 0): result(30.0, 0.5, 0.1, modes=("tile", "volume")),
        ("sao", 0): result(30.0, 0.5, 0.1, modes=("tile", "volume")),
    }
    better = {**results["sao", 0]["restored"]["volume"], "psnr": 33.0}
    results["sao", 0]["restored"]["volume"] = better
    assert table6_report.differences(results, "sao")["psnr"] == (3.0, None)
    text, _ = markdown(results, "simulated", tmp_path / "table6.md")
    assert "against U-Net, seed by seed (volume): PSNR +3.0000" in text
    assert table6_report.main_mode(["tile", "window"]) == "tile"
    assert table6_report.main_mode(["tile", "default"]) == "default"


def test_markdown_beside_the_paper(results, tmp_path):
    text, cells = markdown(results, "planaria", tmp_path / "table6.md")
    assert "`python experiments/table6.py`" in text
    assert "*Measured* on a machine" in text
    assert "columns headed paper are *quoted*" in text
    head, _, source, unet, sao = cells
    assert head[:4] == ["network", "statistics", "PSNR (dB)", "paper"]
    assert source[:3] == ["input", "", "20.2500"]
    assert unet == [
        *("U-Net", "default", "32.0000 ± 6.5724", "31.571"),
        *("0.7200 ± 0.0657", "0.7707", "0.0500 ± 0.0000", "0.0268"),
        *("31.0000 ± 6.5724", "0.3600 ± 0.0329", "2.00", "3 MiB"),
    ]
    assert source[-4:] == ["–", "–", "", ""]
    assert sao[0] == "U-Net+SAO"
    assert sao[3::2][:3] == ["31.929", "0.7898", "0.0257"]
    assert text.splitlines()[-2:] == [
        "U-Net+SAO against U-Net, seed by seed: PSNR +0.8333 ± 2.5856, "
        "SSIM +0.0300 ± 0.0657, NRMSE -0.0100 ± 0.0248.",
        "U-Net+SAO against U-Net, image by image: PSNR +0.8333 dB over 1.",
    ]


def test_markdown_of_data_that_the_paper_has_not(results, tmp_path):
    """A projection's input has no metrics."""
    for value in results.values():
        value["input"] = None
        value["peak_rss_bytes"] = None
    text, cells = markdown(results, "simulated", tmp_path / "table6.md")
    assert "the paper has no row for these data" in text
    assert [row[0] for row in cells[2:]] == ["U-Net", "U-Net+SAO"]
    assert cells[2][3] == cells[2][5] == cells[2][7] == ""


def with_stacks(run, *psnr):
    run["restored"]["default"]["stacks"] = [
        {"name": str(number), "psnr": value}
        for number, value in enumerate(psnr)
    ]
    run["baselines"] = {
        name: {
            **run["restored"]["default"],
            "psnr": value,
            "chosen": f"{name} (1)",
            "validation_psnr": validation,
            "stacks": [{"psnr": value}] * len(psnr),
        }
        for name, value, validation in (("tv", 29.5, 28), ("gaussian", 29, 30))
    }
    return run


def test_markdown_beside_what_needs_no_training(tmp_path):
    """The gaussian is to be beaten: tv is better on the test stacks only."""
    results = {
        ("unet", 0): with_stacks(result(28.0, 0.7, 0.05), 28.0, 28.0),
        ("unet", 1): with_stacks(result(28.0, 0.7, 0.05), 28.5, 27.5),
        ("sao", 0): with_stacks(result(30.0, 0.7, 0.05), 29.9, 30.1),
        ("sao", 1): with_stacks(result(30.2, 0.7, 0.05), 30.1, 30.3),
        ("attn", 0): with_stacks(result(29.2, 0.7, 0.05), 29.1, 29.3),
    }
    rows = table6_report.rows_of(results)
    assert [row["below"] for row in rows] == ["tv gaussian", "none", "tv"]
    text, cells = markdown(results, "simulated", tmp_path / "table6.md")
    assert [row[0] for row in cells[2:5]] == ["input", "tv (1)", "gaussian (1)"]
    assert cells[4][2:4] == ["29.0000", ""]
    end = "against gaussian (1), the best yardstick of the validation stacks: "
    # Of images -0.75 and -1.25, and of seeds -1 and -1, by 12.7062 = t of two.
    assert (
        f"U-Net {end}PSNR -1.0000 dB, ± 3.1766 over 2 images, ± 0.0000 over 2 "
        "seeds. It is **below tv, gaussian**." in text
    )
    assert (
        f"U-Net+SAO {end}PSNR +1.1000 dB, ± 1.2706 over 2 images, ± 1.2706 "
        "over 2 seeds; not shown to be above it." in text
    )
    assert (
        f"U-Net+Attn {end}PSNR +0.2000 dB, ± 1.2706 over 2 images; not shown "
        "to be above it. It is **below tv**." in text
    )
    # Of images 1.75 and 2.45, each the mean of two seeds.
    assert "image by image: PSNR +2.1000 ± 4.4472 dB over 2." in text
    table6_report.write_figure(tmp_path / "table6.png", results)


def test_gains_at_several_exposures_are_apart():
    names = (
        "0-exposure-0.1",
        "0-exposure-0.5",
        "1-exposure-0.1",
        "1-exposure-0.5",
    )
    gains = dict(zip(names, (1.0, -0.5, 2.0, -0.5), strict=True))
    assert by_image("A", gains) == (
        "A against U-Net, image by image: PSNR at exposure 0.1 +1.5000 ± "
        "6.3531 dB over 2, at exposure 0.5 -0.5000 ± 0.0000 dB over 2."
    )


def test_older_records_have_a_dash(results, tmp_path):
    for run in results.values():
        del run["restored"]["default"]["psnr_raw"]
        del run["restored"]["default"]["ssim_3d"]
    _, cells = markdown(results, "simulated", tmp_path / "table6.md")
    assert cells[3][-4:-2] == ["–", "–"]


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
