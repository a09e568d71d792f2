"""What the U-Nets refuse."""

from sanet_tf.layers import QKV_ATTENTION
from sanet_tf.layers.checks import check_channels_last


def check_arguments(
    input_shape, attention, kernel_size, n_channel_out, residual
):
    """Refuses contradictions; returns whether the network is residual."""
    check_channels_last()
    if len(input_shape) not in (3, 4) or input_shape[-1] is None:
        raise ValueError(
            "`input_shape` must be (Z, Y, X, channels) or (Y, X, channels). "
            f"Received: input_shape={tuple(input_shape)}"
        )
    if attention is not None and attention not in QKV_ATTENTION:
        raise ValueError(
            f"`attention` must be None or one of {sorted(QKV_ATTENTION)}. "
            f"Received: attention={attention!r}"
        )
    if kernel_size % 2 == 0:
        raise ValueError(
            f"`kernel_size` must be odd. Received: kernel_size={kernel_size}"
        )
    same = n_channel_out == input_shape[-1]
    if residual and not same:
        raise ValueError(
            "A residual network needs as many output as input channels. "
            f"Received: n_channel_out={n_channel_out}, "
            f"input_shape={tuple(input_shape)}"
        )
    return same if residual is None else residual


def check_sizes(input_shape, steps):
    """Refuses known sizes that are not multiples of the steps, Z first."""
    steps = steps[: len(input_shape) - 1]
    sizes = zip(input_shape[:-1], steps, strict=True)
    if any(size is not None and size % step for size, step in sizes):
        raise ValueError(
            "`input_shape` is channels last, (Z, Y, X, channels) or (Y, X, "
            "channels), and its sizes must be multiples of "
            f"{', '.join(map(str, steps))}. "
            f"Received: input_shape={tuple(input_shape)}"
        )


def check_stack(input_shape, proj_axis, proj_n_depth, proj_pool):
    """Refuses a shape that cannot be projected; returns that of the plane."""
    if len(input_shape) != 4:
        raise ValueError(
            "`input_shape` must be (Z, Y, X, channels). "
            f"Received: input_shape={tuple(input_shape)}"
        )
    check_sizes(input_shape, [size**proj_n_depth for size in proj_pool])
    return tuple(n for i, n in enumerate(input_shape) if i != proj_axis)
