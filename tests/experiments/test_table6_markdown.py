"""What table6.md says, of made-up results."""

import pytest
import table6_report
from table6_images import by_image
from table6_markdown import write_markdown

from tests.experiments.table6_results import result, three_seeds

RECORD = {"command": "python experiments/table6.py", "machine": "a machine"}


@pytest.fixture
def results():
    return three_seeds()


def markdown(results, dataset, path):
    rows = table6_report.rows_of(results)
    write_markdown(path, rows, results, dataset, RECORD)
    text = path.read_text()
    table = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[c.strip() for c in line[1:-1].split("|")] for line in table]
    assert {len(row) for row in cells} == {len(cells[0])}
    assert cells[1] == ["---" if ":" not in c else "---:" for c in cells[1]]
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
    text, cells = markdown(results, "simulated", tmp_path / "table6.md")
    assert "against U-Net, seed by seed (volume): PSNR +3.0000" in text
    assert [row[:2] for row in cells[3:]] == [
        *(["U-Net", "tile"], ["U-Net", "volume"]),
        *(["U-Net+SAO", "tile"], ["U-Net+SAO", "volume"]),
    ]
    assert table6_report.main_mode(["tile", "window"]) == "tile"
    assert table6_report.main_mode(["tile", "default"]) == "default"


def test_markdown_beside_the_paper(results, tmp_path):
    text, cells = markdown(results, "planaria", tmp_path / "table6.md")
    assert "`python experiments/table6.py`" in text
    assert "*Measured* on a machine" in text
    assert "columns headed paper are *quoted*" in text
    head, _, source, unet, sao = cells
    assert head[:4] == ["network", "PSNR (dB)", "paper", "SSIM"]
    assert source[:2] == ["input", "20.2500"]
    assert unet == [
        *("U-Net", "32.0000 ± 6.5724", "31.571"),
        *("0.7200 ± 0.0657", "0.7707", "0.0500 ± 0.0000", "0.0268"),
        *("31.0000 ± 6.5724", "0.3600 ± 0.0329", "2.00", "3 MiB"),
    ]
    assert source[-4:] == ["–", "–", "", ""]
    assert sao[0] == "U-Net+SAO"
    assert sao[2::2][:3] == ["31.929", "0.7898", "0.0257"]
    assert text.splitlines()[-4::2] == [
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
    assert cells[0][:4] == ["network", "PSNR (dB)", "SSIM", "NRMSE"]


def test_gvtnets_are_named(results, tmp_path):
    for run in results.values():
        with_stacks(run, run["restored"]["default"]["psnr"])
    rows = table6_report.rows_of(results)
    labels = table6_report.GVTNET_LABELS
    path = tmp_path / "table6.md"
    write_markdown(path, rows, results, "simulated", RECORD, labels)
    assert "U-Net" not in path.read_text()
    assert "| GVTNet without attention | 32.0000 ± 6.5724 |" in path.read_text()
    assert (
        "GVTNet with SAO against GVTNet without attention, image by image: "
        "PSNR +0.8333 dB" in path.read_text()
    )


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
    assert cells[4][1] == "29.0000"
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
    assert by_image("A against U-Net", gains) == (
        "A against U-Net, image by image: PSNR at exposure 0.1 +1.5000 ± "
        "6.3531 dB over 2, at exposure 0.5 -0.5000 ± 0.0000 dB over 2."
    )


def test_older_records_have_a_dash(results, tmp_path):
    for run in results.values():
        del run["restored"]["default"]["psnr_raw"]
        del run["restored"]["default"]["ssim_3d"]
    _, cells = markdown(results, "simulated", tmp_path / "table6.md")
    assert cells[3][-4:-2] == ["–", "–"]
