"""The figure of a training: curves over its epochs."""

from matplotlib.figure import Figure

from sanet_tf.utils import files


def plot_curves(path, epochs, panels):
    """Draws curves, each panel beside the other.

    Args:
        path: of the picture.
        epochs: their numbers.
        panels: `{what the panel shows: {curve: a value an epoch}}`.
    """
    figure = Figure(figsize=(4.5 * len(panels), 3.5), layout="constrained")
    (row,) = figure.subplots(1, len(panels), squeeze=False)
    for axes, (what, curves) in zip(row, panels.items(), strict=True):
        for label, values in curves.items():
            axes.plot(epochs, values, marker=".", label=label)
        axes.set_xlabel("epoch")
        axes.set_ylabel(what)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend()
    files.write_figure(path, figure)
