"""The goals of speed and memory, held against the records of a folder."""

import functools

from measured import read_rows
from targets import Target

from sanet_tf.utils.files import read_json, write_text

GIB = 2**30
CALLS = {
    (1, 1): "one image, one thread",
    (1, 2): "one image, two threads",
    (32, 1): "32 images, one thread",
    (32, 2): "32 images, two threads",
}
RECORDS = (  # of what is read here
    "operators",
    "table2",
    "latency",
    "models",
    "kept_pages/models",
    "huge_pages/models",
    "restoration",
    "kept_pages/restoration",
    "huge_pages/restoration",
    "restoration_planaria",
    "restoration_planaria_16_tiles",
)
RUNTIMES = ("Keras graph", "SavedModel", "LiteRT", "ONNX Runtime")


def operators(folder):
    """As run_operators.py holds them against their limits."""
    targets = []
    for row in read_rows(folder / "targets.csv"):
        sign, limit = row["limit"].split()
        name = f"operators: {row['target']}"
        at_least = sign == ">="
        targets.append(Target(name, row["measured"], float(limit), at_least))
    return targets


def table2(folder):
    """The speed-up of SAO at each size, beside the paper's."""
    return [
        Target(
            f"Table 2, {row['size'].replace('x', '² x ')}: speed-up of SAO, "
            "paper's as limit",
            row["speedup"],
            row["paper_speedup"],
            at_least=True,
        )
        for row in read_rows(folder / "table2.csv")
        if row["operator"] == "siamese"
    ]


def latency(folder):
    """SANet beside both MobileNetV2, and 8 bits beside 32."""
    columns = ("network", "runtime", "batch_size", "threads")
    ms = {
        tuple(row[name] for name in columns): row["ms"]
        for row in read_rows(folder / "latency.csv")
    }
    targets = []
    for runtime in RUNTIMES:
        for call, said in CALLS.items():
            for other in ("mobilenet_v2", "keras.applications MobileNetV2"):
                ratio = ms["sanet", runtime, *call] / ms[other, runtime, *call]
                name = f"latency, {runtime}, {said}: SANet / {other}"
                targets.append(Target(name, ratio, 1.0))
    for runtime in ("LiteRT", "ONNX Runtime"):
        for call, said in CALLS.items():
            small = ms["sanet, int8", runtime, *call]
            ratio = small / ms["sanet", runtime, *call]
            name = f"latency, {runtime}, {said}: SANet, int8 / float32"
            targets.append(Target(name, ratio, 1.0))
    return targets


def pages(folder):
    """A training step where glibc keeps its pages, or has huge ones."""
    settings = {"kept_pages": "pages kept by glibc", "huge_pages": "huge pages"}
    targets = []
    for place, setting in settings.items():
        for step, milliseconds in STEPS.items():
            ratio = milliseconds(folder / place) / milliseconds(folder)
            name = f"{setting}: training step of {step}, with / without"
            targets.append(Target(name, ratio, 0.85))
    return targets


def _sanet_step(folder):
    rows = read_rows(folder / "models.csv")
    return next(r["training_step_ms"] for r in rows if r["model"] == "sanet")


def _unet_step(folder, network):
    rows = read_rows(folder / "restoration.csv")
    return next(r["step_ms"] for r in rows if r["network"] == network)


STEPS = {  # and its milliseconds, by a folder of records
    "SANet": _sanet_step,
    "the U-Net": functools.partial(_unet_step, network="none"),
    "the U-Net with SAO": functools.partial(_unet_step, network="siamese"),
}


def volume(folder):
    """A whole stack: time, memory, and how that was predicted."""
    targets = []
    for record in ("restoration_planaria", "restoration_planaria_16_tiles"):
        rows = read_rows(folder / f"{record}.csv")
        by = {row["statistics"]: row for row in rows}
        whole, tile = by["volume"], by["tile"]
        stack = f"{whole['shape'].replace('x', ' x ')}, {whole['tiles']} tiles"
        ratio = whole["seconds"] / tile["seconds"]
        targets.append(Target(f"{stack}: time of volume / tile", ratio, 1.4))
        for name, row in by.items():
            peak, predicted = row["peak_rss_bytes"], row["predicted_bytes"]
            if name == "volume":
                said = f"{stack}: memory of volume, GiB"
                targets.append(Target(said, peak / GIB, 8.0))
            said = f"{stack}: memory of {name}, predicted / taken less 1"
            targets.append(Target(said, abs(predicted / peak - 1), 0.05))
    return targets


GROUPS = (operators, table2, latency, pages, volume)


def write(folder):
    """Writes goals.md to the folder of the records.

    Returns:
        How many goals were met, missed, and not measured.
    """
    targets = [target for group in GROUPS for target in group(folder)]
    counts = [
        sum(target.met is met for target in targets)
        for met in (True, False, None)
    ]
    write_text(folder / "goals.md", _markdown(folder, targets, counts))
    return counts


def _markdown(folder, targets, counts):
    records = [read_json(folder / f"{name}.run.json") for name in RECORDS]
    commits = sorted({record["commit"] for record in records})
    rows = []
    for target in targets:
        sign = "≥" if target.at_least else "≤"
        measured = "" if target.measured is None else f"{target.measured:.3g}"
        said = {True: "met", False: "missed", None: "not measured"}[target.met]
        rows.append(
            f"| {target.name} | {measured} | {sign} {target.limit:g} | {said} |"
        )
    return "\n".join(
        [
            "# Goals of speed and memory",
            "",
            "`python profiling/write_goals.py --output=results/profiling`",
            "",
            f"{counts[0]} met, {counts[1]} missed, {counts[2]} not measured. "
            "*Measured*, each by the records beside this page, of commit "
            f"{' and '.join(commits)}. Nothing was measured on a GPU.",
            "",
            "| goal | measured | limit | |",
            "|---|---:|---:|---|",
            *rows,
            "",
            TRIED,
        ]
    )


TRIED = """\
## What was tried for those that are missed

What is said of trials without a record is *recalled*: they were timed once,
while this was written, and no command here repeats them.

**Operators at batch 64.** SAO is three products one after the other, scores,
means and output, of 0.5 to 0.7 times `x + 1` each. XLA takes longer, and
keeping the kernel's pages gains nothing ([record](kept_pages/operators.md)).
Tried: the batch in 4 to 64 parts, so that the means find a part in the cache
(no gain). One pass for scores and means would need a kernel of our own.

**Small maps in Table 2.** At 14 x 14 positions regular attention is cheap, and
the paper measured it on another machine. Tried: the three products without the
layer around them, sums in place of products of one row, and XLA (none quicker).

**Latency.** Tried: BatchNorm in the weights; sums in place of concatenations;
constants in place of sums over heads; the attention as its transpose for ONNX;
the attention's share of the closing convolution on a few rows (no gain, one
operation more); in ONNX Runtime, the mean row once for all heads (no gain) and
convolutions for both factors in place of the swap (slower). What is left, by
ONNX Runtime's own profile too, are the small operations of ten attentions:
products of a few rows, reshapes, and maps put into another order for them. What
SANet without attention takes is in [the record](latency.md).

**Pages of memory.** Tried: pages kept by glibc, and huge pages. No command sets
either.

**Whole volumes.** Tried: feature maps kept from one pass to the next, there
only while a pass takes them, and written without a copy; memory predicted for
each pass by its own graph. TensorFlow takes 1.05 to 1.35 times what is alive,
by the tile and from call to call, and keeps some of one pass in the next: no
factor comes within 5 % of all. Tiles of at most 4 GiB, the default, are hardly
slower than those of 6, and a volume takes less than 8 GiB with them. Each time
is that of one call; between records they differ by up to a fifth.

**On a GPU** nothing was measured: there was none.
"""
