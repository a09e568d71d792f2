"""The end of the networks that restore: a mean, and perhaps its scale."""

import keras
from keras import layers

from sanet_tf.models.weights import load_weights

CONVOLUTIONS = {2: layers.Conv2D, 3: layers.Conv3D}


def restoration_output(
    inputs,
    mean_features,
    scale_features,
    *,
    n_channel_out,
    residual,
    probabilistic,
    last_activation,
    use_bias=True,
):
    """Output of a U-Net, float32 also where the policy is mixed.

    Args:
        inputs: of the network, `(B, *spatial, channels)`.
        mean_features: map that the mean is made from.
        scale_features: map that the scale is made from.
        n_channel_out: channels of the output.
        residual: whether the inputs are added.
        probabilistic: whether a positive scale follows the mean.
        last_activation: of the mean.
        use_bias: whether the 1x1 convolutions have biases.

    Returns:
        `(B, *spatial, n_channel_out)`, twice the channels if probabilistic.
    """
    convolution = CONVOLUTIONS[len(inputs.shape) - 2]
    options = {"use_bias": use_bias, "dtype": "float32"}
    outputs = convolution(n_channel_out, 1, **options)(mean_features)
    if residual:
        outputs = layers.Add(dtype="float32")([outputs, inputs])
    outputs = layers.Activation(last_activation, dtype="float32")(outputs)
    if probabilistic:
        scale = convolution(n_channel_out, 1, activation="softplus", **options)
        scale = scale(scale_features)
        scale = layers.Rescaling(1.0, 1e-3, dtype="float32")(scale)
        outputs = layers.Concatenate(dtype="float32")([outputs, scale])
    return outputs


def restoration_model(inputs, outputs, weights, name):
    """The `keras.Model`, with the weights of a file if there is one."""
    model = keras.Model(inputs, outputs, name=name)
    if weights is not None:
        load_weights(model, weights)
    return model
