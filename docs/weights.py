"""How much each position counts, computed by the operators on a photograph.

An operator's output is a sum over positions of weights times values. Where the
values are the identity matrix, its output is its weights: so all of these come
out of the functions that the layers use, not out of formulas written anew.
B = 1 photograph of N = SIDE^2 positions; X is its colours, C = 3.
"""

import numpy as np
import tensorflow as tf
from keras import ops
from skimage import data, transform

from sanet_tf.layers import (
    CoordinateAttention,
    GlobalSelfAttention,
    SquashSpatialAttention,
    SqueezeExcite,
    dot_product,
    gsa,
    positions,
    scaled,
    siamese,
)

SIDE = 24
COLOURS = {"red": 0, "blue": 2}


def photograph():
    """Chelsea the cat (CC0, Stefan van der Walt): `(SIDE, SIDE, 3)`, 0 to 1."""
    square = data.chelsea()[:, 90:390] / 255
    return transform.resize(square, (SIDE, SIDE), anti_aliasing=True)


def standardised():
    """X: each colour of the photograph with mean 0 and variance 1."""
    image = photograph()
    image = (image - image.mean((0, 1))) / image.std((0, 1))
    return image[None].astype("float32")


def pair_weights():
    """`{operator: weights (N, M)}` of the four operators on X, one head.

    Queries and keys are X itself and w is all ones, so that a score is the
    brightness. M is N, or N/4 pooled positions.
    """
    image = standardised()
    flat = positions.flatten(image)
    pooled = positions.flatten(ops.max_pool(image, 2, 2, "same"))
    everyone, pools = (_identity(keys.shape[1]) for keys in (flat, pooled))
    scores = ops.sum(flat, axis=-1, keepdims=True)  # w^T x
    products = scaled.mean_products(flat, everyone, 1)
    weights = {
        "softmax": dot_product.softmax_attention(flat, flat, everyone, 1),
        "pooled": dot_product.softmax_attention(flat, pooled, pools, 1),
        "scaled": scaled.attend_to_products(flat, products),
        "siamese": siamese.siamese_attention(everyone, scores, scores),
    }
    return {
        name: ops.convert_to_numpy(matrix)[0]
        for name, matrix in weights.items()
    }


def gsa_weights(place):
    """`{term: weights (SIDE, SIDE)}` of GSA's output at a place, untrained.

    Args:
        place: its row and its column.
    """
    image = standardised()
    layer = GlobalSelfAttention(num_heads=1, seed=0)
    layer.build(image.shape)
    queries, keys, values = (
        tf.constant(image @ kernel)
        for kernel in (layer.query_kernel, layer.key_kernel, layer.value_kernel)
    )
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(values)
        content = gsa.attend_to_content(
            *(
                positions.split_heads(positions.flatten(x), 1)
                for x in (queries, keys, values)
            )
        )
        content = positions.unflatten(positions.merge_heads(content), image)
        columns = gsa.attend_along(1, queries, values, layer.column_embeddings)
        rows = gsa.attend_along(2, queries, columns, layer.row_embeddings)
        outputs = {
            term: tensor[0, *place, 0]
            for term, tensor in (
                ("content", content),
                ("columns", columns),
                ("columns, then rows", rows),
            )
        }
    return {  # the output is linear in the values: the slope is the weight
        term: tape.gradient(output, values)[0, ..., 0].numpy()
        for term, output in outputs.items()
    }


def gates():
    """`{operator: {colour: factors (SIDE, SIDE)}}`, output over input.

    Untrained. SSA and CA normalise by the photograph itself, as in training.
    """
    image = np.maximum(photograph(), 0.05)[None].astype("float32")
    factors = {}
    for name, layer in (
        ("se", SqueezeExcite(reduction=1, seed=3)),
        ("ssa", SquashSpatialAttention()),
        ("ca", CoordinateAttention(seed=0)),
    ):
        options = {} if name == "se" else {"training": True}
        ratio = ops.convert_to_numpy(layer(image, **options)) / image
        factors[name] = {
            colour: ratio[0, ..., channel]
            for colour, channel in COLOURS.items()
        }
    return factors


def context_weights():
    """GC's weights of the positions, times N, where wk is brightness."""
    flat = positions.flatten(standardised())
    scores = ops.mean(flat, axis=-1, keepdims=True)
    weights = positions.softmax_mean(scores, _identity(flat.shape[1]))
    weights = ops.convert_to_numpy(weights) * flat.shape[1]
    return weights.reshape(SIDE, SIDE)


def _identity(count):
    return np.eye(count, dtype="float32")[None]
