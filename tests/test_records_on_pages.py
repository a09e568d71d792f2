"""The figures on the pages are those of the committed records."""

import csv
import json
import re
import statistics
from pathlib import Path

import pytest

from sanet_tf.utils.intervals import half_width, plus_minus

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs/pages"
COMPARISON = ROOT / "results/classification/comparison"
NETWORKS = {  # by five seeds
    "MobileNetV2": "mobilenet_v2",
    "SANet": "sanet",
    "SANet without attention": "sanet_no_attention",
    "AttnNet, regular attention": "attnnet",
}
VARIANTS = {  # by three, and what they are held against
    "SANet without the global term": ("sanet_no_global_term", "SANet"),
    "SANet without score weights": ("sanet_no_score_weights", "SANet"),
    "MobileNetV2 with SAO": ("mobilenet_v2_sao", "MobileNetV2"),
}


def page(name):
    return (PAGES / name).read_text()


def top1(model):
    """After the last epoch in per cent, seed by seed."""
    return [
        100 * json.loads(path.read_text())["last"]["val_top1"]
        for path in sorted(COMPARISON.glob(f"{model}-seed*/metrics.json"))
    ]


def mean(values, sign=""):
    text = plus_minus(statistics.mean(values), half_width(values), 2, sign)
    return text.replace("-", "−")


def gains(values, others):
    return [a - b for a, b in zip(values, others, strict=True)]


def test_the_comparison():
    results = page("results.md")
    for name, model in NETWORKS.items():
        values = top1(model)
        assert len(values) == 5
        cells = [name, mean(values)]
        for other in ("mobilenet_v2", "sanet_no_attention"):
            gain = mean(gains(values, top1(other)), "+")
            cells.append("" if other == model else gain)
        assert f"| {' | '.join(cells)} | ".replace("|  |", "| |") in results
    for other, text in (
        ("sanet_no_attention", "above itself without attention"),
        ("attnnet", "above AttnNet"),
        ("mobilenet_v2", "above; that is not shown"),
    ):
        gain = mean(gains(top1("sanet"), top1(other)))
        assert f"{gain} points {text}" in results
        assert gain in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", VARIANTS)
def test_the_variants(name):
    model, base = VARIANTS[name]
    values = top1(model)
    assert len(values) == 3
    gain = mean(gains(values, top1(NETWORKS[base])[:3]), "+")
    row = f"| {name} | {mean(values)} | {base} | {gain} |"
    assert row in page("results.md")


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
        assert f"{abs(mean):.2f} ± {half:.2f}" in text


def test_records_of_changed_working_copies_are_named():
    beginning = page("results.md").partition("##")[0]
    dirty = {
        path.relative_to(ROOT / "results").parts[1].removesuffix(".run.json")
        for path in (ROOT / "results").rglob("*run.json")
        if json.loads(path.read_text())["commit"].endswith("-dirty")
    }
    named = re.findall(r"`(?:\w+/)?(\w+)`", beginning.partition("-dirty")[2])
    assert set(named) - {"profiling"} == dirty


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


def test_how_sanet_begins():
    """Unbroken lines of the page have what the record's table says."""
    record = (
        ROOT / "results/classification/stability/stability.md"
    ).read_text()
    text = " ".join(page("stability.md").split())

    def found(pattern):
        return re.search(pattern, record)[1].removeprefix("+")

    zero, one = (
        found(rf"\| from {name} \| running \| 5 \| ([^|]*) \|")
        for name in ("zero", "one")
    )
    assert f"{zero} % against {one} %" in text
    for name in (
        "from zero less from one",
        "from zero, QK-norm less from zero",
        "from zero, precise less running",
    ):
        points = found(rf"- {name}: top-1 (\S+ ± \S+ points)")
        assert points.removesuffix(" points") in text
    for name in ("from zero less from one", "from zero, QK-norm less from"):
        loss = found(rf"- {name}.*at contrast 2 -(\S+ ± \S+)\n")
        assert f"by {loss}" in text


def test_how_attnnet_scaled_begins():
    folder = ROOT / "results/classification/stability_attnnet_scaled"
    text = " ".join(page("stability.md").split())
    for name in ("from zero", "from zero, QK-norm"):
        record = (folder / "stability.md").read_text()
        cells = re.search(rf"\| {name} \| running \| 3 \| (.*) \|", record)[1]
        assert f"{cells.split(' | ')[0]} %" in text
    lost = {}
    for path in sorted(folder.glob("*/log.csv")):
        _, *epochs = path.read_text().splitlines()
        # A run whose last validation is not finite has no line for it.
        finite = sum(line.split(",")[4] != "" for line in epochs)
        form = path.parent.name.rpartition("-")[0]
        lost[form] = lost.get(form, 0) + 5 - finite
    assert lost == {"from-one": 9, "from-zero": 0, "from-zero-qk-norm": 0}


def test_latencies():
    """Three tables of ratios, of calls and runtimes."""
    with open(ROOT / "results/profiling/latency.csv") as file:
        ms = {
            (r["batch_size"], r["threads"], r["runtime"], r["network"]): r["ms"]
            for r in csv.DictReader(file)
        }
    text = page("latency.md")
    tables = [
        ("sanet", "keras.applications MobileNetV2"),
        ("sanet", "mobilenet_v2"),
        ("sanet, not folded", "sanet"),
    ]
    calls = {
        ("1", "1"): "one image, one thread",
        ("1", "2"): "one image, two threads",
        ("32", "1"): "32 images, one thread",
        ("32", "2"): "32 images, two threads",
    }
    for call, name in calls.items():
        rows = re.findall(rf"^\| {name} \| (.*) \|$", text, re.MULTILINE)
        for row, (network, other) in zip(rows, tables, strict=True):
            ratios = [
                float(ms[*call, runtime, network])
                / float(ms[*call, runtime, other])
                for runtime in ("SavedModel", "LiteRT", "ONNX Runtime")
            ]
            assert row == " | ".join(f"{ratio:.2f}" for ratio in ratios)


def test_a_whole_stack():
    """Minutes and GiB of each statistics."""
    path = ROOT / "results/profiling/restoration_planaria.csv"
    with open(path) as file:
        rows = {row["statistics"]: row for row in csv.DictReader(file)}
    text = page("results.md")
    for name, row in rows.items():
        minutes = float(row["seconds"]) / 60
        size = int(row["peak_rss_bytes"]) / 2**30
        assert f"{minutes:.1f} minutes and {size:.1f} GiB with `{name}`" in text
    ratio = float(rows["volume"]["seconds"]) / float(rows["tile"]["seconds"])
    assert f"`volume` takes {ratio:.2f} times the time of `tile`" in text
