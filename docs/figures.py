"""The figures of the documentation, drawn from what the code computes.

    python docs/figures.py

writes build/figures/*.png in seconds; `make docs` does so before it builds
the site. Costs are read from results/profiling/scaling.csv (measured).
"""

import csv
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from sanet_tf.commands import cli
from sanet_tf.utils import backends, files

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "build/figures"
SCALING = ROOT / "results/profiling/scaling.csv"
LABELS = {
    "softmax": "softmax (Attn)",
    "pooled": "pooled (Attn+Pool)",
    "scaled": "scaled (Attn 1/N)",
    "siamese": "siamese (SAO)",
}
PLACES = ((9, 6), (18, 18))  # row and column of a dark and of a light position


def pairs(weights):
    """What two positions see of the others, by each of the four operators."""
    matrices = weights.pair_weights()
    figure, axes = _grid(2, 1 + len(matrices))
    for row, place in zip(axes, PLACES, strict=True):
        _mark(row[0], place)
        row[0].imshow(weights.photograph())
        index = place[0] * weights.SIDE + place[1]
        for axis, matrix in zip(row[1:], matrices.values(), strict=True):
            side = int(matrix.shape[1] ** 0.5)
            _map(axis, matrix[index].reshape(side, side))
    titles = ["position i", *(LABELS[name] for name in matrices)]
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, fontsize="medium")
    return figure


def rank(weights):
    """Singular values of the weights; time against N, as measured."""
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    values, time = figure.subplots(1, 2)
    for name, matrix in weights.pair_weights().items():
        singular = np.linalg.svd(matrix.astype("float64"), compute_uv=False)
        kept = singular[singular > 1e-5 * singular[0]]
        label = f"{LABELS[name]}: {len(kept)}"
        values.plot(range(1, len(kept) + 1), kept / kept[0], ".-", label=label)
    values.set_xlabel("number of the singular value")
    values.set_ylabel("singular value, of the largest")
    values.legend(title="above 1e-5", fontsize="small")
    for name, rows in _scaling().items():
        time.plot(*zip(*rows, strict=True), "o-", label=LABELS[name])
    time.set_xlabel("positions N, square maps of 16 channels")
    time.set_ylabel("time (ms), measured")
    time.legend(fontsize="small")
    for axes in (values, time):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.grid(alpha=0.3)
    return figure


def gsa(weights):
    """What GSA's terms at one place take from each position."""
    place = PLACES[1]
    maps = weights.gsa_weights(place)
    figure, ((photo, *axes),) = _grid(1, 1 + len(maps))
    photo.imshow(weights.photograph())
    photo.set_title("place (a, b)", fontsize="medium")
    _mark(photo, place)
    for axis, (term, values) in zip(axes, maps.items(), strict=True):
        _map(axis, values)
        axis.set_title(term, fontsize="medium")
    return figure


def gates(weights):
    """What SE, SSA and CA multiply two channels by; what GC averages over."""
    factors = weights.gates()
    figure, axes = _grid(2, 2 + len(factors))
    for row, colour in zip(axes, weights.COLOURS, strict=True):
        channel = weights.photograph()[..., weights.COLOURS[colour]]
        row[0].imshow(channel, cmap="gray")
        row[0].set_ylabel(f"{colour} channel")
        for axis, name in zip(row[1:], factors, strict=False):
            shown = axis.imshow(factors[name][colour], vmin=0, vmax=1)
    figure.colorbar(shown, ax=axes[:, -2], shrink=0.6)
    axes[1, -1].remove()
    shown = axes[0, -1].imshow(weights.context_weights())
    figure.colorbar(shown, ax=axes[0, -1], shrink=0.8)
    titles = [
        "input",
        *(f"{name.upper()}: factor" for name in factors),
        "GC: weight of a position, 1 = mean",
    ]
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, fontsize="medium")
    return figure


FIGURES = {"pairs": pairs, "rank": rank, "gsa": gsa, "gates": gates}


def main(arguments):
    cli.no_arguments(arguments)
    backends.load_tensorflow()
    import weights

    files.make_directory(OUTPUT)
    for name, draw in FIGURES.items():
        files.write_figure(OUTPUT / f"{name}.png", draw(weights))
        print(f"wrote {OUTPUT.relative_to(ROOT)}/{name}.png")


def _grid(rows, columns):
    """A figure of pictures without axes, `(rows, columns)`."""
    figure = Figure(figsize=(2.2 * columns, 2.3 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.set_xticks([])
        axis.set_yticks([])
    return figure, axes


def _map(axis, values):
    """Weights as colours: white is none, red counts for, blue against."""
    largest = np.abs(values).max()
    axis.imshow(values, cmap="RdBu_r", vmin=-largest, vmax=largest)


def _mark(axis, place):
    axis.plot(place[1], place[0], "o", mfc="none", mec="yellow", mew=2, ms=9)


def _scaling():
    """`{operator: [(N, ms), ...]}` of the square maps that were measured."""
    with open(SCALING) as file:
        rows = [row for row in csv.DictReader(file) if row["wall_ms"]]
    return {
        name: [
            (int(row["positions"]), float(row["wall_ms"]))
            for row in rows
            if row["operator"] == name and row["dimensions"] == "2"
        ]
        for name in LABELS
    }


if __name__ == "__main__":
    cli.run(main)
