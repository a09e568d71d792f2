"""Counts of the U-Nets for a training patch and for a whole volume."""

import math

from paper import rule_bytes

from sanet_tf.layers import QKV_ATTENTION
from sanet_tf.layers.attention import AttentionLayer
from sanet_tf.models.counting import count_madd, count_parameters
from sanet_tf.models.sublayers import sublayers

# Table 9: a patch and a test volume of Planaria; 95 planes are padded to 96.
SHAPES = {"patch": (16, 64, 64), "volume": (96, 1024, 1024)}
OPERATORS = {layer: name for name, layer in QKV_ATTENTION.items()}


def count_unet(name, function):
    """A row of unet_counts.csv, as a dictionary; no tensor is computed.

    Attention memory is by the rule of the paper's Table 2, for one volume:
    scores and outputs of all operators, each rounded up to a power of two.
    """
    row = {"model": name}
    for place, shape in SHAPES.items():
        model = function(input_shape=(*shape, 1))
        row["parameters"] = count_parameters(model)
        row[f"madd_{place}"] = count_madd(model)
        row[f"attention_bytes_{place}"] = attention_bytes(model)
    return row


def attention_bytes(model):
    """Memory of the attention operators by the paper's rule, batch 1."""
    total = 0
    for layer in sublayers(model):
        if isinstance(layer, AttentionLayer):
            *spatial, channels = layer.output.shape[1:]
            inputs = layer.input
            keys = inputs[0] if isinstance(inputs, list) else inputs
            total += rule_bytes(
                OPERATORS[type(layer)],
                1,
                math.prod(spatial),
                channels,
                math.prod(keys.shape[1:-1]),
            )
    return total


def line(row):
    """The row for people."""
    return (
        f"{row['model']:22}{row['parameters']:>11,}"
        f"{row['madd_patch'] / 1e9:>12.2f} G"
        f"{row['madd_volume'] / 1e9:>14,.0f} G"
        f"{row['attention_bytes_patch'] / 1e6:>14,.2f} MB"
        f"{row['attention_bytes_volume'] / 1e9:>18,.2f} GB"
    )
