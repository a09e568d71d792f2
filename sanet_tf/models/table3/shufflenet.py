"""ShuffleNet: 1 x 1 convolutions in groups, and channels shuffled between.

    unit         relu(x + bn(gconv(bn(dw(shuffle(relu(bn(gconv(x)))))))))
    stride 2     relu([pool(x), bn(gconv(bn(dw(shuffle(relu(bn(gconv(x)))))))])

Zhang et al., "ShuffleNet", CVPR 2018, Table 1 and Figure 2, with three groups.
The first convolution keeps its 24 channels at any width: so come out the
paper's 292 m multiply-adds at width 1.5.
"""

import keras
from keras import layers, ops

from sanet_tf.models.builder import NetworkBuilder
from sanet_tf.models.convolutions import conv_bn, depthwise_bn
from sanet_tf.utils.types import PathLike, Shape

GROUPS = 3
STAGES = {2: (240, 4), 3: (480, 8), 4: (960, 4)}  # channels, units


def ShuffleNet(
    input_shape: Shape | None = None,
    include_top: bool = True,
    weights: PathLike | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: str | None = "softmax",
    dropout_rate: float = 0.0,
    alpha: float = 1.0,
    name: str = "shufflenet",
) -> keras.Model:
    """ShuffleNet of the first version, without pretrained weights.

    The arguments are those of `SANet`; channels are rounded to multiples of
    12.

    Returns:
        A `keras.Model` from images `(B, H, W, channels)`, as
        `preprocess_input` gives them, to `(B, classes)`.

    Raises:
        ValueError: as in `SANet`.

    Reference:
        Zhang et al., "ShuffleNet: An Extremely Efficient Convolutional Neural
        Network for Mobile Devices", CVPR 2018.
    """
    builder = NetworkBuilder(
        input_shape,
        include_top,
        weights,
        pooling,
        classes,
        classifier_activation,
        dropout_rate,
        name,
    )
    inputs = builder.inputs(min_size=32)
    x = conv_bn(inputs, 24, 3, 2, name="stem")
    x = layers.MaxPooling2D(3, 2, padding="same", name="stem_pool")(x)
    for stage, (channels, units) in STAGES.items():
        filters = max(1, round(alpha * channels / 12)) * 12
        for unit in range(1, units + 1):
            x = _unit(
                x,
                filters,
                strides=2 if unit == 1 else 1,
                # On 24 channels groups would be too narrow, says the paper.
                first_groups=1 if (stage, unit) == (2, 1) else GROUPS,
                name=f"stage{stage}_unit{unit}",
            )
    return builder.model(inputs, x)


@keras.saving.register_keras_serializable("sanet_tf")
class ChannelShuffle(layers.Layer):
    """Deals the channels of each group out to all groups in turn.

    Args:
        groups: number of groups; divides the channels.

    Call arguments:
        inputs: `(..., C)`; channel `i` of group `g` goes to place
            `i * groups + g`.

    Output:
        The shape of the input.

    Reference:
        Zhang et al., "ShuffleNet", Figure 1c.
    """

    def __init__(self, groups, **kwargs):
        super().__init__(**kwargs)
        self.groups = groups

    def call(self, inputs):
        shape = ops.shape(inputs)
        grouped = (*shape[:-1], self.groups, shape[-1] // self.groups)
        x = ops.swapaxes(ops.reshape(inputs, grouped), -1, -2)
        return ops.reshape(x, shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "groups": self.groups}


def _unit(x, filters, strides, first_groups, *, name):
    inputs = x
    x = conv_bn(x, filters // 4, 1, groups=first_groups, name=f"{name}_reduce")
    x = ChannelShuffle(GROUPS, name=f"{name}_shuffle")(x)
    x = depthwise_bn(x, strides, activation=None, name=f"{name}_depthwise")
    if strides > 1:
        filters -= inputs.shape[-1]
    x = conv_bn(
        x, filters, 1, groups=GROUPS, activation=None, name=f"{name}_expand"
    )
    if strides > 1:
        inputs = layers.AveragePooling2D(
            3, strides, padding="same", name=f"{name}_pool"
        )(inputs)
        x = layers.Concatenate(name=f"{name}_concat")([inputs, x])
    else:
        x = layers.Add(name=f"{name}_skip")([inputs, x])
    return layers.ReLU(name=f"{name}_relu")(x)
