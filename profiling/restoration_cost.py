"""The cost of restoring one volume, and of a training step."""

import dataclasses
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from sanet_tf.utils import files, timing
from sanet_tf.utils.memory import peak_above_baseline


@dataclasses.dataclass(frozen=True)
class VolumeCase:
    """A network, a volume and what the attention sees of it.

    Attributes:
        network: a key of `sanet_tf.layers.QKV_ATTENTION`, or "none".
        statistics: "tile", "window" or "volume".
        shape: voxels (Z, Y, X).
        n_tiles: tiles along each axis, or None to choose from memory.
        n_first: channels of the U-Net at full resolution.
        repeats: timed restorations, after the one whose memory is measured.
        batch_size: patches in a training step; 0: none is timed.
    """

    network: str
    statistics: str
    shape: tuple
    n_tiles: tuple | None
    n_first: int
    repeats: int
    batch_size: int


def measure_volume(case):
    """A row of restoration.csv; input and output are mapped files."""
    import keras

    from sanet_tf.restoration import SiameseCARE, SiameseConfig

    keras.utils.set_random_seed(0)
    attention = None if case.network == "none" else case.network
    config = SiameseConfig(
        "ZYX",
        attention=attention,
        unet_n_first=case.n_first,
        train_patch_size=[16, 64, 64],
    )
    model = SiameseCARE(config, basedir=None)
    counts, tile, predicted = model.plan(
        case.shape, "ZYX", case.n_tiles, statistics=case.statistics
    )
    with tempfile.TemporaryDirectory() as folder:
        source = _mapped(folder, "in", np.uint16, case.shape)
        _fill(source)
        target = _mapped(folder, "out", np.float32, case.shape)
        seconds = []

        def restore():
            start = time.perf_counter()
            model.restore(
                *(source, "ZYX", target, case.n_tiles, case.statistics)
            )
            seconds.append(time.perf_counter() - start)

        memory = peak_above_baseline(restore)
        for _ in range(case.repeats - 1):
            restore()
    timed = seconds[1:] or seconds
    step = _training_step(model, case.batch_size) if case.batch_size else None
    return {
        "network": case.network,
        "statistics": case.statistics,
        "shape": "x".join(map(str, case.shape)),
        "n_first": case.n_first,
        "n_tiles": "x".join(map(str, counts)),
        "tiles": int(np.prod(counts)),
        "tile_shape": "x".join(map(str, tile)),
        "seconds": round(statistics.median(timed), 3),
        "predicted_bytes": predicted + source.nbytes + target.nbytes,
        "peak_rss_bytes": memory,
        "step_ms": step and round(1e3 * step.median, 1),
        "step_spread_ms": step and round(1e3 * step.spread, 1),
    }


def _training_step(model, batch_size):
    """The `Timing` of one, as `train` takes it."""
    shape = (batch_size, *model.config.train_patch_size, 1)
    patches = np.random.default_rng(0).random(shape, np.float32)
    model.prepare_for_training()
    step = model.keras_model.train_on_batch
    return timing.measure(lambda: step(patches, patches), 2, 6)


def write_markdown(path, rows, record):
    """Writes the rows beside what the plain U-Net costs."""
    lines = [
        "# The cost of restoring a volume",
        "",
        f"`{record['command']}`",
        "",
        f"*Measured* on {record['machine']}. Memory is the process's peak "
        "above what it had before. The mapped input and output are in it, and "
        "in what was predicted. Training is one step; half the interquartile "
        "range in brackets.",
        "",
        "| attention | statistics | tiles | seconds | / U-Net | memory | "
        "/ U-Net | predicted | training | / U-Net |",
        "|---|---|---|" + "---:|" * 7,
    ]
    plain = next((r for r in rows if r["network"] == "none"), None)
    for row in rows:
        cells = [
            *(row["network"], row["statistics"], row["n_tiles"]),
            f"{row['seconds']:,.2f}",
            _ratio(row, plain, "seconds"),
            mebibytes(row["peak_rss_bytes"]),
            _ratio(row, plain, "peak_rss_bytes"),
            mebibytes(row["predicted_bytes"]),
            _milliseconds(row),
            _ratio(row, plain, "step_ms"),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    files.write_text(path, "\n".join(lines) + "\n")


def mebibytes(count):
    """A number of bytes as text; "?" where the kernel does not say."""
    return "?" if count is None else f"{count / 2**20:,.0f} MiB"


def _ratio(row, plain, name):
    """As text; empty where one of both is not known."""
    known = plain and row[name] and plain[name]
    return f"{row[name] / plain[name]:.3f}" if known else ""


def _milliseconds(row):
    if row["step_ms"] is None:
        return ""
    return f"{row['step_ms']:,.0f} ({row['step_spread_ms']:,.0f}) ms"


def _mapped(folder, name, dtype, shape):
    return np.memmap(Path(folder) / name, dtype, "w+", shape=shape)


def _fill(volume):
    """Noise that grows from plane to plane, and within each."""
    rng = np.random.default_rng(0)
    for z in range(len(volume)):
        ramp = np.linspace(1.0, 4.0, volume.shape[-1])
        volume[z] = rng.poisson(
            20.0 * ramp * (1 + z / len(volume)), volume.shape[1:]
        )
