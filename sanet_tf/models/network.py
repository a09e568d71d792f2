"""The network that SANet and MobileNetV2 share: Table 8 is MobileNetV2's.

Both have the same rows; they differ in the convolutional block, and in
whether the rows on 28 x 28 maps and below have attention.
"""

from functools import partial

from sanet_tf.models.blocks import attention_module, conv_bn
from sanet_tf.models.operators import GATES, attention_operator

# Table 8: place of attention, expansion, channels, blocks, stride of the first
TABLE_8 = (
    (False, 1, 16, 1, 1),
    (False, 6, 24, 2, 2),
    (False, 6, 32, 2, 2),
    (True, 6, 32, 1, 1),
    (False, 6, 64, 1, 2),
    (True, 6, 64, 3, 1),
    (True, 6, 96, 3, 1),
    (False, 6, 160, 1, 2),
    (True, 6, 160, 2, 1),
    (True, 6, 320, 1, 1),
)
GATE_POSITIONS = ("output", "expanded")  # of a gate in its block


def build_network(
    convolution_block,
    builder,
    *,
    alpha,
    attention,
    attention_config,
    attention_place="output",
    cifar_stem,
):
    """Builds Table 8 from blocks of one kind.

    Args:
        convolution_block: `base_module` or `inverted_residual`.
        builder: a `NetworkBuilder`.
        alpha: width multiplier, as the others in `SANet` and `MobileNetV2`.
        attention: a key of `ATTENTION`, or None.
        attention_config: arguments of the operator, or None.
        attention_place: place of a gate in its block, one of `GATE_POSITIONS`.
        cifar_stem: whether the stem has stride 1.

    Returns:
        A `keras.Model`.

    Raises:
        ValueError: as in `SANet`.
    """
    inputs = builder.inputs(min_size=16 if cifar_stem else 32)
    blocks = _blocks(
        convolution_block, attention, attention_config, attention_place
    )
    x = conv_bn(
        inputs, _scale(32, alpha), 3, 1 if cifar_stem else 2, name="stem"
    )
    for stage, (place, expansion, channels, count, strides) in enumerate(
        TABLE_8, start=1
    ):
        for block in range(1, count + 1):
            x = blocks[place](
                x,
                filters=_scale(channels, alpha),
                expansion=expansion,
                strides=strides if block == 1 else 1,
                name=f"stage{stage}_block{block}",
            )
    x = conv_bn(x, _scale(1280, max(alpha, 1.0)), 1, name="top")
    return builder.model(inputs, x)


def _blocks(convolution_block, attention, attention_config, gate_place):
    """The block of a row without, and with, a place of attention."""
    allowed = GATE_POSITIONS if attention in GATES else GATE_POSITIONS[:1]
    if gate_place not in allowed:
        raise ValueError(
            f"`attention_place` must be one of {allowed} here. "
            f"Received: attention_place={gate_place!r}, "
            f"attention={attention!r}"
        )
    operator = attention_operator(attention, attention_config)
    if operator is None:
        return convolution_block, convolution_block
    if attention in GATES:
        gated = partial(convolution_block, gate=operator, gate_place=gate_place)
        return gated, gated
    return convolution_block, partial(attention_module, attention=operator)


def _scale(channels, alpha):
    """Multiple of 8 nearest to `alpha * channels`, not 10 % below it."""
    scaled = max(8, int(alpha * channels + 4) // 8 * 8)
    return scaled + 8 if scaled < 0.9 * alpha * channels else scaled
