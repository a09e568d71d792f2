"""QK-norm: queries and keys of a head divided by their root mean square.

    q_i <- q_i / sqrt(1/D sum_d q_id^2 + 1e-6),   k_j likewise; no weights

Operators without a softmax multiply activations with each other: one whose
output is of degree d in its input makes of a feature map that is (1 + e) times
as large one that is (1 + e)^d times as large, and a stack of them explodes.
With QK-norm the degree is one, that of the values, as with a softmax.

Dehghani et al., "Scaling Vision Transformers to 22 Billion Parameters",
section 2.1, there with a trained scale; Zhang and Sennrich, "Root Mean Square
Layer Normalization", Eq. 4.
"""

import numpy as np
from keras import ops

from sanet_tf.layers import positions

EPSILON = 1e-6


def head_mask(channels, num_heads, dtype):
    """`(C, H)`: 1 where the channel belongs to the head."""
    own = np.repeat(np.eye(num_heads), channels // num_heads, axis=0)
    return ops.convert_to_tensor(own, dtype)


def inverse_rms(inputs, num_heads):
    """What each head's channels are multiplied by.

    Args:
        inputs: queries or keys `(..., C)`.
        num_heads: number of heads H.

    Returns:
        `(..., H)`, float32 for 16-bit inputs.
    """
    inputs = positions.widen(inputs)
    channels = inputs.shape[-1]
    own = head_mask(channels, num_heads, inputs.dtype)
    squares = ops.matmul(ops.square(inputs), own * (num_heads / channels))
    return ops.rsqrt(squares + EPSILON)


def normalize(inputs, num_heads):
    """Queries or keys `(..., C)`, each head by its own root mean square."""
    factors = inverse_rms(inputs, num_heads)
    repeats = inputs.shape[-1] // num_heads
    return positions.widen(inputs) * ops.repeat(factors, repeats, axis=-1)
