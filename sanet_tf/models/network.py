"""The network that SANet and MobileNetV2 share: Table 8 is MobileNetV2's.

Both have the same rows; they differ in the convolutional block, and in
whether the rows on 28 x 28 maps and below have attention.
"""

import keras
from keras import layers

from sanet_tf.layers import ATTENTION
from sanet_tf.models.blocks import attention_module, conv_bn
from sanet_tf.models.weights import load_weights

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
# Appendix 1: four heads, only the values projected; appendix 2: BatchNorm.
ATTENTION_CONFIG = {"num_heads": 4, "use_batch_norm": True}
MIN_SIZE = 32  # five strides of 2 leave one position


def build_network(
    convolution_block,
    classifier_bias,
    input_shape,
    include_top,
    weights,
    pooling,
    classes,
    classifier_activation,
    dropout_rate,
    alpha,
    attention,
    attention_config,
    name,
):
    """Builds Table 8 with the given block; see `SANet` for the arguments."""
    inputs = keras.Input(_input_shape(input_shape, include_top), name="images")
    _check_options(include_top, pooling, attention)
    attention_config = {**ATTENTION_CONFIG, **(attention_config or {})}
    x = conv_bn(inputs, _scale(32, alpha), 3, 2, name="stem")
    for stage, (place, expansion, channels, count, strides) in enumerate(
        TABLE_8, start=1
    ):
        for block in range(1, count + 1):
            arguments = {
                "filters": _scale(channels, alpha),
                "expansion": expansion,
                "strides": strides if block == 1 else 1,
                "name": f"stage{stage}_block{block}",
            }
            if place and attention is not None:
                arguments["attention"] = attention
                arguments["attention_config"] = attention_config
                x = attention_module(x, **arguments)
            else:
                x = convolution_block(x, **arguments)
    x = conv_bn(x, _scale(1280, max(alpha, 1.0)), 1, name="top")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dropout(dropout_rate, name="dropout")(x)
        x = layers.Dense(
            classes,
            activation=classifier_activation,
            use_bias=classifier_bias,
            dtype="float32",
            name="classifier",
        )(x)
    elif pooling == "avg":
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    elif pooling == "max":
        x = layers.GlobalMaxPooling2D(name="max_pool")(x)
    model = keras.Model(inputs, x, name=name)
    if weights is not None:
        load_weights(model, weights)
    return model


def _scale(channels, alpha):
    """Multiple of 8 nearest to `alpha * channels`, not 10 % below it."""
    scaled = max(8, int(alpha * channels + 4) // 8 * 8)
    return scaled + 8 if scaled < 0.9 * alpha * channels else scaled


def _input_shape(input_shape, include_top):
    if input_shape is None:
        return (224, 224, 3) if include_top else (None, None, 3)
    if len(input_shape) != 3 or input_shape[-1] is None:
        raise ValueError(
            "`input_shape` must be (height, width, channels). "
            f"Received: input_shape={input_shape}"
        )
    if min(size or MIN_SIZE for size in input_shape[:2]) < MIN_SIZE:
        raise ValueError(
            f"Images must be at least {MIN_SIZE} x {MIN_SIZE} pixels. "
            f"Received: input_shape={input_shape}"
        )
    return tuple(input_shape)


def _check_options(include_top, pooling, attention):
    if pooling not in (None, "avg", "max"):
        raise ValueError(
            "`pooling` must be None, 'avg' or 'max'. "
            f"Received: pooling={pooling!r}"
        )
    if attention is not None and attention not in ATTENTION:
        raise ValueError(
            f"`attention` must be None or one of {sorted(ATTENTION)}. "
            f"Received: attention={attention!r}"
        )
