"""The files of run_latency.py."""

from latency_networks import INT8, UNFOLDED, plain
from matplotlib.figure import Figure

from sanet_tf.utils import files


def write(directory, rows, record):
    """Writes latency.csv, latency.md, latency.png and the record."""
    files.write_csv(directory / "latency.csv", rows)
    files.write_text(directory / "latency.md", markdown(rows, record))
    files.write_figure(directory / "latency.png", draw(rows))
    files.write_json(directory / "latency.run.json", record)
    print(f"wrote {directory}/: latency.csv, latency.md, latency.png")


def show(row):
    """Says that a case has been measured."""
    print(
        f"measured: batch of {row['batch_size']}, {row['threads']} thread(s)",
        flush=True,
    )


def markdown(rows, record):
    """The table of latency.md."""
    return "\n".join(
        [
            "# Latency of the exported networks",
            "",
            f"`{record['command']}`",
            "",
            f"*Measured* on {record['machine']}; TensorFlow "
            f"{record['versions']['tensorflow']}, Keras "
            f"{record['versions']['keras']}; float32, random weights, the "
            "files folded but where it is said. Calls of a case were made in "
            "turn; median, and half the interquartile range. int8 files are "
            "calibrated on random images. Ratio: to "
            "MobileNetV2 of keras.applications in the same runtime. Speed-up: "
            "over the network's own Keras graph in float32.",
            "",
            "| batch | threads | runtime | network | ms | half IQR | ratio "
            "| speed-up |",
            "|---:|---:|---|---|---:|---:|---:|---:|",
            *(
                f"| {row['batch_size']} | {row['threads']} | {row['runtime']} "
                f"| {row['network']} | {row['ms']} | {row['spread_ms']} "
                f"| {row['ratio']} | {row['speedup']} |"
                for row in rows
            ),
            "",
        ]
    )


def draw(rows):
    """Bars for each runtime and network, a panel for each case.

    A network has one colour in all its forms, and a column of the legend.
    """
    cases = list(
        dict.fromkeys((row["batch_size"], row["threads"]) for row in rows)
    )
    names = list(dict.fromkeys(row["network"] for row in rows))
    networks = list(dict.fromkeys(map(plain, names)))
    names.sort(key=lambda name: networks.index(plain(name)))
    runtimes = list(dict.fromkeys(row["runtime"] for row in rows))
    figure = Figure(figsize=(4 * len(cases) + 1, 5), layout="constrained")
    panels = figure.subplots(1, len(cases), squeeze=False, sharey=True)[0]
    height = 0.8 / len(names)
    for axes, case in zip(panels, cases, strict=True):
        for i, name in enumerate(names):
            bars = [
                row
                for row in rows
                if (row["batch_size"], row["threads"]) == case
                and row["network"] == name
            ]
            axes.barh(
                [runtimes.index(bar["runtime"]) + i * height for bar in bars],
                [bar["ms"] for bar in bars],
                height,
                xerr=[bar["spread_ms"] for bar in bars],
                label=name,
                color=f"C{networks.index(plain(name))}",
                alpha=0.5 if name.endswith(INT8) else 1,
                hatch="///" if name.endswith(UNFOLDED) else None,
                edgecolor="white",
            )
        axes.set_title(f"batch of {case[0]}, {case[1]} thread(s)")
        axes.set_xlabel("ms a call; line: half the interquartile range")
        axes.grid(axis="x", alpha=0.3)
    panels[0].set_yticks(
        [i + 0.4 - height / 2 for i in range(len(runtimes))], runtimes
    )
    panels[0].invert_yaxis()
    figure.legend(
        *panels[0].get_legend_handles_labels(),
        loc="outside upper center",
        ncols=len(networks),
    )
    return figure
