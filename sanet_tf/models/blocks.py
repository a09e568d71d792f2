"""Building blocks: inverted residual, BaseModule and AttnModule.

Each block is a function from a tensor `(B, H, W, c)` to a tensor
`(B, H/stride, W/stride, filters)`. c channels, r expansion.

Sandler et al., "MobileNetV2", section 3.4; Gao, Xie, Ji, "Siamese Attention
Networks", section 3.3 and Figure 2.
"""

from functools import partial

from keras import layers

from sanet_tf.models import convolutions

conv_bn = partial(convolutions.conv_bn, activation="relu6")
depthwise_bn = partial(convolutions.depthwise_bn, activation="relu6")


def inverted_residual(
    x, filters, expansion, strides, *, name, gate=None, gate_place="output"
):
    """MobileNetV2's block: expand to rc, depthwise, project.

    Args:
        x: `(B, H, W, c)`.
        filters: number of output channels.
        expansion: r.
        strides: stride of the depthwise convolution.
        name: prefix of the layers' names.
        gate: function from the name of an attention layer to the layer, or
            None.
        gate_place: "output", after the last BatchNorm and before the skip, or
            "expanded", on the rc channels after the depthwise convolution.

    Returns:
        `(B, H/strides, W/strides, filters)`.
    """
    inputs = x
    if expansion > 1:
        x = conv_bn(x, expansion * x.shape[-1], 1, name=f"{name}_expand")
    x = depthwise_bn(x, strides, name=f"{name}_depthwise")
    return _project(x, inputs, filters, strides, name, gate, gate_place)


def base_module(
    x, filters, expansion, strides, *, name, gate=None, gate_place="output"
):
    """BaseModule: expand to (r-1)c beside the input, depthwise on rc, project.

    With r = 1 there is no expansion. The arguments are those of
    `inverted_residual`.
    """
    inputs = x
    if expansion > 1:
        x = conv_bn(x, (expansion - 1) * x.shape[-1], 1, name=f"{name}_expand")
        x = layers.Concatenate(name=f"{name}_concat")([inputs, x])
    x = depthwise_bn(x, strides, name=f"{name}_depthwise")
    return _project(x, inputs, filters, strides, name, gate, gate_place)


def attention_module(x, filters, expansion, strides, *, name, attention):
    """AttnModule: attention on the input beside expand and depthwise.

    The convolutions make (r-1)c channels, attention makes c. With stride 1
    there is a skip around the attention, otherwise average pooling after it.

    Args:
        x: `(B, H, W, c)`.
        filters: number of output channels.
        expansion: r, at least 2.
        strides: stride of the depthwise convolution and of the pooling.
        name: prefix of the layers' names.
        attention: function of `name` and `has_skip` to an attention layer, as
            `attention_operator` gives it.

    Returns:
        `(B, H/strides, W/strides, filters)`.

    Raises:
        ValueError: `expansion` below 2.
    """
    if expansion < 2:
        raise ValueError(
            "An AttnModule needs an expansion of at least 2: its "
            "convolutions make (expansion - 1) * channels. "
            f"Received: expansion={expansion}"
        )
    inputs = x
    channels = x.shape[-1]
    x = conv_bn(x, (expansion - 1) * channels, 1, name=f"{name}_expand")
    x = depthwise_bn(x, strides, name=f"{name}_depthwise")
    has_skip = strides == 1
    attended = attention(f"{name}_attention", has_skip)(inputs)
    if has_skip:
        attended = layers.Add(name=f"{name}_attention_skip")([inputs, attended])
    else:
        attended = layers.AveragePooling2D(
            strides, padding="same", name=f"{name}_attention_pool"
        )(attended)
    x = layers.Concatenate(name=f"{name}_concat")([attended, x])
    return _project(x, inputs, filters, strides, name)


def _project(x, inputs, filters, strides, name, gate=None, gate_place="output"):
    """Closing linear 1 x 1 convolution, and the skip where shapes agree."""
    if gate is not None and gate_place == "expanded":
        x = gate(name=f"{name}_attention")(x)
    x = conv_bn(x, filters, 1, name=f"{name}_project", activation=None)
    if gate is not None and gate_place == "output":
        x = gate(name=f"{name}_attention")(x)
    if strides == 1 and inputs.shape[-1] == filters:
        x = layers.Add(name=f"{name}_skip")([inputs, x])
    return x
