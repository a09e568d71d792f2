"""The figures on the pages are those of the committed records."""

import json
import re

import pytest

from tests.pages import ROOT, gains, mean, page

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


def top1(model):
    """After the last epoch in per cent, seed by seed."""
    return [
        100 * json.loads(path.read_text())["last"]["val_top1"]
        for path in sorted(COMPARISON.glob(f"{model}-seed*/metrics.json"))
    ]


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


def test_records_of_changed_working_copies_are_named():
    beginning = page("results.md").partition("##")[0]
    dirty = {
        path.relative_to(ROOT / "results").parts[1].removesuffix(".run.json")
        for path in (ROOT / "results").rglob("*run.json")
        if json.loads(path.read_text())["commit"].endswith("-dirty")
    }
    named = re.findall(r"`(?:\w+/)?(\w+)`", beginning.partition("-dirty")[2])
    assert set(named) - {"profiling"} == dirty


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
