"""The figures of speed and memory on the pages are those of the records."""

import csv
import re

from tests.pages import ROOT, page

CALLS = {  # (batch size, threads): how the pages name them
    ("1", "1"): "one image, one thread",
    ("1", "2"): "one image, two threads",
    ("32", "1"): "32 images, one thread",
    ("32", "2"): "32 images, two threads",
}


def read_csv(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def latencies(path):
    """`{(batch size, threads, runtime, network): milliseconds}`."""
    names = ("batch_size", "threads", "runtime", "network")
    return {
        tuple(row[name] for name in names): float(row["ms"])
        for row in read_csv(ROOT / path)
    }


def test_latencies():
    """Three tables of ratios, of calls and runtimes."""
    ms = latencies("results/profiling/latency.csv")
    text = page("latency.md").partition("## Files of 8 bits")[0]
    tables = [
        ("sanet", "keras.applications MobileNetV2"),
        ("sanet", "mobilenet_v2"),
        ("sanet, not folded", "sanet"),
    ]
    for call, name in CALLS.items():
        rows = re.findall(rf"^\| {name} \| (.*) \|$", text, re.MULTILINE)
        for row, (network, other) in zip(rows, tables, strict=True):
            ratios = [
                ms[*call, runtime, network] / ms[*call, runtime, other]
                for runtime in ("SavedModel", "LiteRT", "ONNX Runtime")
            ]
            assert row == " | ".join(f"{ratio:.2f}" for ratio in ratios)


def test_latencies_without_attention():
    """The least and the most of the files, of all calls and runtimes."""
    ms = latencies("results/profiling/latency.csv")
    text = " ".join(page("latency.md").split())

    def said(network, other):
        ratios = [
            ms[*call, runtime, network] / ms[*call, runtime, other]
            for call in CALLS
            for runtime in ("SavedModel", "LiteRT", "ONNX Runtime")
        ]
        return min(ratios), max(ratios)

    low, high = said("sanet", "mobilenet_v2")
    aim = f"everywhere, by {100 * low - 100:.0f} to {100 * high - 100:.0f} %"
    assert aim in text
    low, high = said("sanet_no_attention", "mobilenet_v2")
    assert f"files take {low:.2f} to {high:.2f} of the time" in text
    low, high = (100 * x - 100 for x in said("sanet", "sanet_no_attention"))
    assert f"attention adds {low:.0f} to {high:.0f} % to that" in text


def test_files_of_8_bits():
    ms = latencies("results/profiling/latency.csv")
    text = page("latency.md").partition("## Files of 8 bits")[2]
    for call, name in CALLS.items():
        ratios = [
            ms[*call, runtime, f"{network}, int8"] / ms[*call, runtime, network]
            for network in ("sanet", "mobilenet_v2")
            for runtime in ("LiteRT", "ONNX Runtime")
        ]
        cells = " | ".join(f"{ratio:.2f}" for ratio in ratios)
        assert f"| {name} | {cells} |" in text


def test_how_much_a_record_is_worth():
    """What a copy and SAO took in a busy hour, and with pages kept."""
    folder = ROOT / "results/profiling"
    ms = {
        name: {(r["group"], r["call"]): float(r["wall_ms"]) for r in rows}
        for name in (".", "busy", "kept_pages")
        for rows in [read_csv(folder / name / "operators.csv")]
    }
    text = " ".join(page("measure.md").split())
    groups = [f"SAO 56²x256, batch {batch}" for batch in (8, 64)]
    then, now = (ms[n][groups[1], "copy"] for n in ("busy", "."))
    assert f"took {then:.0f} ms, {now:.0f} in the record" in text
    small, large = (
        [
            ms[name][group, "graph"] / ms[name][group, "copy"]
            for name in (".", "kept_pages")
        ]
        for group in groups
    )
    assert "{:.2f} at batch 8 without and {:.2f} with".format(*small) in text
    assert "{:.2f} and {:.2f} at batch 64".format(*large) in text
    times = [
        float(row["speedup"])
        for name in ("busy", ".")
        for row in read_csv(folder / name / "table2.csv")
        if (row["size"], row["operator"]) == ("56x256", "siamese")
    ]
    assert f"SAO is [{times[0]:.0f} times]" in text
    assert f"not {times[1]:.0f} times" in text


def test_pages_of_memory():
    """A training step with pages kept and with huge ones."""
    folder = ROOT / "results/profiling"
    names = {"none": "the U-Net", "siamese": "the U-Net with SAO"}
    steps = []
    for place in (".", "kept_pages", "huge_pages"):
        rows = read_csv(folder / place / "models.csv")
        (own,) = [r for r in rows if r["model"] == "sanet"]
        ms = {"SANet": float(own["training_step_ms"])}
        for row in read_csv(folder / place / "restoration.csv"):
            if row["statistics"] == "tile":
                ms[names[row["network"]]] = float(row["step_ms"])
        steps.append(ms)
    plain, *others = steps
    text = page("measure.md")
    for name, step in plain.items():
        cells = " | ".join(f"{ms[name] / step:.2f}" for ms in others)
        assert f"| {name} | {cells} |" in text


def test_networks_beside_mobilenet_v2():
    """One image, a batch, and a training step, each in turn with it."""
    columns = ("latency_ratio", "batch_ratio", "training_step_ratio")
    rows = {
        row["model"]: [float(row[column]) for column in columns]
        for row in read_csv(ROOT / "results/profiling/models.csv")
    }
    ours = zip(rows["sanet"], rows["mobilenet_v2"], strict=True)
    text = page("results.md")
    for ratios, said in (
        (rows["sanet"], "takes {:.2f} times as long for one image, {:.2f} for"),
        (rows["sanet"][2:], "and {:.2f} for a training step of 32"),
        ([a / b for a, b in ours], "`mobilenet_v2` {:.2f}, {:.2f} and {:.2f}"),
        (rows["sanet_no_attention"], "it takes {:.2f}, {:.2f} and {:.2f}."),
    ):
        assert said.format(*ratios) in text


def test_a_whole_stack():
    """Minutes and GiB of each statistics."""
    path = ROOT / "results/profiling/restoration_planaria.csv"
    rows = {row["statistics"]: row for row in read_csv(path)}
    path = path.with_stem("restoration_planaria_16_tiles")
    coarser = {row["statistics"]: row for row in read_csv(path)}
    text = page("results.md")
    for name, row in rows.items():
        minutes = float(row["seconds"]) / 60
        size = int(row["peak_rss_bytes"]) / 2**30
        assert f"{minutes:.1f} minutes and {size:.1f} GiB with `{name}`" in text
    ratio = float(rows["volume"]["seconds"]) / float(rows["tile"]["seconds"])
    assert f"`volume` takes {ratio:.2f} times the time of `tile`" in text
    seconds, peak = (
        float(coarser["volume"][n]) for n in ("seconds", "peak_rss_bytes")
    )
    ratio = seconds / float(coarser["tile"]["seconds"])
    assert (
        f"`volume` takes {seconds / 60:.1f} minutes, {ratio:.2f} times `tile`, "
        f"and {peak / 2**30:.1f} GiB"
    ) in text
    wrong = [
        float(row["predicted_bytes"]) / float(row["peak_rss_bytes"])
        for row in (*rows.values(), *coarser.values())
    ]
    high, low = 100 * (max(wrong) - 1), 100 * (1 - min(wrong))
    said = f"between {high:.0f} % too high and {low:.0f} % too low"
    assert said in text


def test_what_sao_adds_to_the_unet():
    """In one tile: per cent of time and memory, and a training step."""
    rows = read_csv(ROOT / "results/profiling/restoration.csv")
    plain = next(row for row in rows if row["network"] == "none")
    own = {r["statistics"]: r for r in rows if r["network"] == "siamese"}

    def more(name, column):
        return 100 * (float(own[name][column]) / float(plain[column]) - 1)

    time = {name: f"{more(name, 'seconds'):.0f}" for name in own}
    memory = [more(name, "peak_rss_bytes") for name in own]
    text = page("results.md")
    assert (
        f"{time['tile']} % of time with `tile`, {time['volume']} % with "
        f"`volume`, {time['window']} % with `window`, and {min(memory):.0f} "
        f"to {max(memory):.0f} % of memory"
    ) in text
    step = 1 + more("tile", "step_ms") / 100
    assert f"16 patches takes {step:.2f} of that of the U-Net" in text
    readme = (ROOT / "README.md").read_text()
    assert f"SAO adds {time['tile']} to {time['volume']} % to" in readme
