"""What each siamese attention operator of a network looks at in a picture.

Per head, with scores s = X w and values v (`sanet_tf.layers.siamese`):

    o_i = s_i mean_j v_j + mean_j s_j v_j      local + global term

where queries and keys are not projected. A map of s shows where a head asks
and is asked; the global term is the same at all positions. Both terms are
taken before BatchNorm.

Gao, Xie, Ji, "Siamese Attention Networks", Eq. 4-6.
"""

import dataclasses
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops
from matplotlib import colors
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from sanet_tf.layers import SiameseAttention, positions
from sanet_tf.layers.siamese import attend_to_means

COLORS = "RdBu_r"
CELL = 1.5  # inches
OPAQUE = 0.65  # how much of a map covers the photograph


@dataclasses.dataclass(frozen=True)
class AttentionMap:
    """What one operator made of one picture.

    Attributes:
        name: of the layer.
        scores: `(h, w, H)`, the queries' scores of each head.
        local_size: root mean square of the local term.
        global_size: of the global term; 0 where there is none.
    """

    name: str
    scores: np.ndarray
    local_size: float
    global_size: float


def attention_maps(
    model: keras.Model, image: np.ndarray
) -> tuple[list[AttentionMap], np.ndarray]:
    """The maps of all siamese attention layers, and what the network says.

    Args:
        model: a `keras.Model` that gives logits.
        image: `(S, S, 3)`, as `preprocess_input` gives it.

    Returns:
        `(maps, probabilities)`: a list of `AttentionMap` in the order of the
        network, and `(classes,)` float32.

    Raises:
        ValueError: the network has no siamese attention.
    """
    layers = [
        layer for layer in model.layers if isinstance(layer, SiameseAttention)
    ]
    if not layers:
        raise ValueError(
            "expected a network with siamese attention, such as sanet. "
            f"Received: {model.name}"
        )
    taps = keras.Model(
        model.input, [*(layer.input for layer in layers), *model.outputs]
    )
    *inputs, logits = taps(image[None], training=False)
    maps = [
        _attention_map(layer, x)
        for layer, x in zip(layers, inputs, strict=True)
    ]
    probabilities = ops.softmax(ops.cast(logits, "float32"))
    return maps, np.asarray(ops.convert_to_numpy(probabilities[0]))


def score_terms(layer: SiameseAttention, inputs):
    """Scores and both terms of a siamese attention layer.

    Args:
        layer: a built `SiameseAttention`.
        inputs: `(B, *spatial, C)`.

    Returns:
        Scores `(B, N, H)`, local term `(B, N, C)` and global term `(B, 1, C)`;
        None for the global term where there is none.
    """
    flat = positions.widen(positions.flatten(inputs))
    scores = layer.query_scores(flat)
    means = layer.means(inputs)  # the unweighted mean is the last
    local = attend_to_means(scores, means[:, -1:], layer.value_matrix())
    if not layer.use_global_term:
        return scores, local, None
    both = attend_to_means(scores[:, :1], means, layer.value_matrix())
    return scores, local, both - local[:, :1]


def draw(image: np.ndarray, maps: Sequence[AttentionMap], title: str) -> Figure:
    """One figure: a column for each operator, a row for each head.

    Args:
        image: `(S, S, 3)`, 0 to 255, what the network has seen.
        maps: a list of `AttentionMap`.
        title: line above all.

    Returns:
        A Matplotlib `Figure`.
    """
    heads = max(m.scores.shape[-1] for m in maps)
    figure = Figure(
        figsize=(CELL * (len(maps) + 2.6), CELL * (heads + 1.3) + 1),
        layout="constrained",
    )
    figure.suptitle(title, fontsize=15, parse_math=False)
    grid = figure.add_gridspec(
        heads + 1,
        len(maps) + 1,
        width_ratios=[2, *[1] * len(maps)],
        height_ratios=[*[1] * heads, 1.2],
    )
    photograph = figure.add_subplot(grid[:-1, 0], anchor="N")
    photograph.imshow(_bytes(image))
    photograph.set_title("as the network sees it", fontsize=10)
    photograph.set_axis_off()
    _draw_legend(figure, figure.add_subplot(grid[-1, 0]))
    for column, attention in enumerate(maps, start=1):
        limit = np.abs(attention.scores).max() or 1
        for head in range(attention.scores.shape[-1]):
            place = figure.add_subplot(grid[head, column])
            _draw_map(place, image, attention.scores[..., head], limit)
            if head == 0:
                place.set_title(_heading(attention, limit), fontsize=9)
            if column == 1:
                place.set_ylabel(f"head {head + 1}", fontsize=10)
        _draw_sizes(figure.add_subplot(grid[-1, column]), attention)
    return figure


def _attention_map(layer, inputs):
    scores, local, shared = score_terms(layer, inputs)
    height, width = inputs.shape[1:3]
    return AttentionMap(
        layer.name,
        ops.convert_to_numpy(scores)[0].reshape(height, width, -1),
        _size(local),
        0.0 if shared is None else _size(shared),
    )


def _size(term):
    return float(np.sqrt(np.mean(np.square(ops.convert_to_numpy(term)))))


def _bytes(image):
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _heading(attention, limit):
    height, width = attention.scores.shape[:2]
    place = attention.name.removesuffix("_attention").replace("_", "\n")
    return f"{place}\n{height} × {width}, ±{limit:.2g}"


def _draw_map(place, image, scores, limit):
    """Scores in colour over the photograph in grey; a cell is a position."""
    height, width = image.shape[:2]
    extent = (0, width, height, 0)
    grey = _bytes(np.repeat(image.mean(-1, keepdims=True), 3, -1))
    place.imshow(grey, extent=extent)
    place.imshow(
        scores,
        COLORS,
        vmin=-limit,
        vmax=limit,
        alpha=OPAQUE,
        extent=extent,
        interpolation="nearest",
    )
    place.set(xticks=[], yticks=[])


def _draw_sizes(place, attention):
    sizes = (attention.local_size, attention.global_size)
    bars = place.bar(
        ("local", "global"), sizes, color=("tab:green", "tab:purple")
    )
    place.bar_label(bars, fmt="%.2g", fontsize=8)
    place.margins(y=0.25)
    place.set_yticks([])
    place.tick_params(labelsize=8, length=0)
    for side in ("top", "left", "right"):
        place.spines[side].set_visible(False)


def _draw_legend(figure, place):
    place.set_axis_off()
    scale = figure.colorbar(
        ScalarMappable(colors.Normalize(-1, 1), COLORS),
        cax=place.inset_axes([0, 0.85, 1, 0.1]),
        orientation="horizontal",
        ticks=[-1, 0, 1],
    )
    scale.ax.set_xticklabels(["−", "0", "+"], fontsize=9)
    scale.set_label(
        "score s = X w, up to the number\nabove its column", fontsize=9
    )
    place.text(
        *(0.5, 0, "size (RMS) of local and global\nterm, before BatchNorm →"),
        ha="center",
        fontsize=9,
        transform=place.transAxes,
    )
