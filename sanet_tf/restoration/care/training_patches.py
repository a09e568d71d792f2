"""Patches to train with: which are refused, and what is learned of them."""

import numpy as np


def own_targets(X, Y, validation_data):
    """Of noise2void, where patches are their own."""
    X_val, Y_val = validation_data
    if Y is not None or Y_val is not None:
        raise ValueError(
            "expected None in place of the true patches: with "
            'train_supervision="noise2void" patches are their own'
        )
    return X, (X_val, X_val)


def check_patches(model, X, Y, name):
    """Refuses pairs that do not fit each other or the network."""
    if X is None or Y is None:
        raise ValueError(
            f"expected patches and true patches in {name}, got None: that "
            'is for true patches of train_supervision="noise2void"'
        )
    if len(X) != len(Y) or len(X) == 0:
        raise ValueError(
            f"expected as many patches in both of {name}, and at least "
            f"one. Received: {len(X)} and {len(Y)}"
        )
    config, axes = model.config, model.config.axes
    if len(X.shape) != 1 + len(axes) or X.shape[-1] != config.n_channel_in:
        raise ValueError(
            f"expected patches (n, {', '.join(axes)}) with "
            f"{config.n_channel_in} channels in {name}. "
            f"Received: shape {tuple(X.shape)}"
        )
    wanted = []
    for axis, size, block in zip(
        axes, X.shape[1:], model._axes_div_by(axes), strict=True
    ):
        if size % block or size == 0:
            raise ValueError(
                f"expected patches whose size along {axis} is a multiple "
                f"of {block} in {name}. Received: shape {tuple(X.shape)}"
            )
        wanted.append(size if axis in model._axes_out else 1)
    wanted[-1] = config.n_channel_out
    if tuple(Y.shape[1:]) != tuple(wanted):
        raise ValueError(
            f"expected true patches of {tuple(wanted)} for those of "
            f"{tuple(X.shape[1:])} in {name}. "
            f"Received: {tuple(Y.shape[1:])}"
        )


def projected_targets(model, Y, validation_data):
    """The target of a projection is a plane: the axis of one is lost."""
    lost = [a for a in model.config.axes if a not in model._axes_out]
    for axis in lost:
        number = 1 + model.config.axes.index(axis)
        Y = np.take(Y, 0, number)
        X_val, Y_val = validation_data
        validation_data = X_val, np.take(Y_val, 0, number)
    return Y, validation_data
