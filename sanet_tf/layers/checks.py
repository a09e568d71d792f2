"""What operators and networks refuse."""

import numbers

import keras


def check_channels_last():
    """Raises ValueError where Keras is set to channels first."""
    found = keras.config.image_data_format()
    if found != "channels_last":
        raise ValueError(
            "Layers and networks of sanet_tf take (batch, *spatial, channels): "
            "keras.config.image_data_format() must be 'channels_last'. "
            f"Received: image_data_format='{found}'"
        )


def check_positive(name, value):
    """A positive integer, also NumPy's, as Python's; else a ValueError."""
    if not isinstance(value, numbers.Integral) or value < 1:
        raise ValueError(
            f"`{name}` must be a positive integer. Received: {name}={value}"
        )
    return int(value)
