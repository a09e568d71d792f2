"""The figures of restoration on the pages are those of the records."""

import csv
import json
import re
import statistics

import pytest

from sanet_tf.utils.intervals import half_width, plus_minus
from tests.pages import ROOT, gains, mean, page


@pytest.mark.parametrize(
    ("data", "row"),
    [
        ("w2s", "W2S widefield images"),
        ("simulated", "simulated volumes, ten"),
        ("flybrain", "fly brain, regions"),
        ("ovule", "plant ovule, regions"),
    ],
)
def test_the_restoration(data, row):
    """Input, networks and their difference seed by seed."""
    folder = ROOT / "results/restoration" / data
    metrics = {}
    for network in ("unet", "attn", "sao"):
        runs = sorted(folder.glob(f"{network}-seed*/metrics.json"))
        if runs:
            metrics[network] = [json.loads(path.read_text()) for path in runs]
    psnr = {
        network: [run["restored"]["default"]["psnr"] for run in runs]
        for network, runs in metrics.items()
    }
    cells = [
        f"{metrics['unet'][0]['input']['psnr']:.2f}",
        *(mean(psnr[n]) if n in psnr else "–" for n in ("unet", "attn", "sao")),
        mean(gains(psnr["sao"], psnr["unet"]), "+"),
    ]
    (line,) = (
        line
        for line in page("results.md").splitlines()
        if line.startswith(f"| {row}")
    )
    own = [cell.strip() for cell in line.strip("|").split("|")]
    best = own.pop(2).strip("*")
    assert own[1:] == cells
    filters = metrics["unet"][0]["baselines"].values()
    found = [baseline["psnr"] for baseline in filters]
    assert best == f"{max(found):.2f}"


def test_gvtnet_at_the_time_of_the_unet():
    """Its own figures, and those against the U-Net seed by seed."""
    folder = ROOT / "results/restoration"
    gvtnet, unet = (
        [json.loads(p.read_text()) for p in sorted(folder.glob(runs))]
        for runs in (
            "gvtnet/attn-*/metrics.json",
            "simulated/unet-*/metrics.json",
        )
    )
    assert [run["data"] for run in gvtnet] == [run["data"] for run in unet]
    text = page("results.md")
    psnr, ssim = (
        [
            [run["restored"]["default"][name] for run in runs]
            for runs in (gvtnet, unet)
        ]
        for name in ("psnr", "ssim")
    )
    assert f"It reaches {mean(psnr[0])} dB" in text
    best = gvtnet[0]["verdict"]["default"]["baseline"]
    filtered = gvtnet[0]["baselines"][best]["psnr"]
    above = mean([value - filtered for value in psnr[0]])
    assert f"{above} above the best filter over the seeds" in text
    below = mean(gains(psnr[1], psnr[0]))
    assert f"it is {below} dB below the U-Net" in text
    less = gains(ssim[1], ssim[0])
    shown = plus_minus(statistics.mean(less), half_width(less), 3)
    assert f"{shown} of SSIM below" in text
    assert half_width(less) < statistics.mean(less)
    parameters = (f"{r[0]['training']['parameters']:,}" for r in (gvtnet, unet))
    assert "{} parameters against {} of".format(*parameters) in text
    ends = (
        f"{min(seconds):.0f} to {max(seconds):.0f} s"
        for runs in (gvtnet, unet)
        for seconds in [[r["training"]["seconds_of_this_call"] for r in runs]]
    )
    assert "took {}, the U-Net's {} beside other".format(*ends) in text


def test_restoration_at_exposures_that_are_not_told():
    table = (ROOT / "results/restoration/exposures/table6.md").read_text()
    text = page("results.md")
    for label in ("U-Net", "U-Net+SAO"):
        (cell,) = re.findall(rf"\| {re.escape(label)} \| (\S+ ± \S+) ", table)
        shown = " ± ".join(f"{float(n):.2f}" for n in cell.split(" ± "))
        assert shown in text
    (gain,) = re.findall(r"seed by seed: PSNR (\S+ ± [\d.]+),", table)
    gains = re.findall(r"at exposure \S+ (\S+ ± \S+) dB", table)
    assert len(gains) == 3
    for found in (gain, *gains):
        mean, half = (float(number) for number in found.split(" ± "))
        side = "above" if mean > 0 else "below"
        size = f"{abs(mean):.2f} ± {half:.2f}"
        assert re.search(rf"{size}( dB)? {side}", text), found


def test_what_supervision_reaches_is_that_of_the_records():
    text = page("restoration.md")
    for supervision in ("pairs", "noise2noise", "noise2void"):
        run = ROOT / "results/restoration/supervision" / supervision
        metrics = json.loads((run / "metrics.json").read_text())
        row, found = (
            metrics["restored"]["default"],
            metrics["verdict"]["default"],
        )
        gain = plus_minus(found["psnr_gain"], found["psnr_gain_ci95"], 2, "+")
        gain = gain.replace("-", "−")
        cells = f"{row['psnr']:.2f} | {row['ssim']:.3f} | {gain}"
        assert f"| `{supervision}` | {cells} |" in text
        best = metrics["baselines"][found["baseline"]]
        assert best["chosen"] == "gaussian (sigma 1.2)"
        assert f"{best['psnr']:.2f} dB. `noise2noise`" in text


def test_how_sure_a_probabilistic_model_is():
    """Shares of true values over the images, its PSNR, and the others'."""
    folder = ROOT / "results/restoration"
    run = json.loads((folder / "w2s-probabilistic/metrics.json").read_text())
    assert run["data"]["measured_on"] == "--test_data"
    restored, found = run["restored"]["default"], run["verdict"]["default"]
    shares = {
        level: [100 * row[f"coverage_{level}"] for row in restored["stacks"]]
        for level in (50, 68, 90, 95)
    }
    cells = (
        f"{plus_minus(statistics.mean(v), half_width(v), 1)} %"
        for v in shares.values()
    )
    text = " ".join(page("restore.md").split())
    assert f"| holds, of the true values | {' | '.join(cells)} |" in text
    gain = plus_minus(found["psnr_gain"], found["psnr_gain_ci95"], 2)
    assert f"{restored['psnr']:.2f} dB, {gain} above the best filter" in text
    pairs = (
        json.loads(path.read_text())["restored"]["default"]["psnr"]
        for path in folder.glob("w2s/unet-seed*/metrics.json")
    )
    assert f"has {mean([*pairs])} by the absolute error" in text


def test_how_far_denoisers_of_simulated_scenes_fall_short():
    folder = ROOT / "results/restoration/pretrained"
    text = page("restoration.md").replace("−", "-")
    for data, name in (
        ("w2s", "W2S, planes"),
        ("flybrain", "fly brain, volume"),
        ("ovule", "plant ovule, volume"),
    ):
        run = json.loads((folder / data / "metrics.json").read_text())
        found = run["verdict"]["default"]
        best = run["baselines"][found["baseline"]]
        gain = f"{found['psnr_gain']:.2f}"
        if found["psnr_gain_ci95"] is not None:
            gain += f" ± {found['psnr_gain_ci95']:.2f}"
        cells = (
            f"{run['restored']['default']['psnr']:.2f}",
            f"{best['psnr']:.2f}, {best['chosen']}",
            gain,
        )
        assert f"| {name} | {' | '.join(cells)} |" in text
        assert found["psnr_gain"] < 0
    own = (
        json.loads((folder / name / "metrics.json").read_text())["verdict"]
        for name in ("denoise-2d", "denoise-3d")
    )
    gains = (
        plus_minus(v["default"]["psnr_gain"], v["default"]["psnr_gain_ci95"], 2)
        for v in own
    )
    assert "{} (planes) and {} dB (volumes)".format(*gains) in text


def test_what_noise2void_reaches_on_w2s():
    folder = ROOT / "results/restoration"
    few, run = (
        json.loads((folder / name / "metrics.json").read_text())
        for name in ("noise2void-w2s-default", "noise2void-w2s")
    )
    for each in (few, run):
        assert each["data"]["measured_on"] == "--test_data"
    with open(folder / "w2s/table6.csv", newline="") as file:
        pairs = {row["network"]: row for row in csv.DictReader(file)}["unet"]
    filters = [run["baselines"][name] for name in ("gaussian", "tv")]
    rows = {
        "one exposure": run["input"],
        **{row["chosen"]: row for row in filters},
        "U-Net by `noise2void`, 0.198 % hidden": few["restored"]["default"],
        "U-Net by `noise2void`, 1.5 % hidden": run["restored"]["default"],
    }
    text = page("restoration.md")
    for name, row in rows.items():
        assert f"| {name} | {row['psnr']:.2f} | {row['ssim']:.3f} |" in text
    psnr, ssim = (
        plus_minus(float(pairs[name]), float(pairs[f"{name}_ci95"]), digits)
        for name, digits in (("psnr", 2), ("ssim", 3))
    )
    assert f"| U-Net by `pairs`, three seeds | {psnr} | {ssim} |" in text
    gains = (
        plus_minus(each["psnr_gain"], each["psnr_gain_ci95"], 2)
        for each in (run["verdict"]["default"], few["verdict"]["default"])
    )
    text = " ".join(text.split())
    assert (
        "the U-Net is {} dB above the best filter with 1.5 % hidden, {} dB "
        "with 0.198 %".format(*gains)
        in text
    )
    chosen = (
        json.loads((folder / name / "validation.json").read_text())
        for name in ("noise2void-w2s-default", "noise2void-w2s")
    )
    psnr = (each["restored"]["default"]["psnr"] for each in chosen)
    assert "has {:.2f} dB there, 1.5 % {:.2f}".format(*psnr) in text
