"""Several restorations of a stack: their mean, and how far they differ."""

from collections.abc import Sequence

import numpy as np

from sanet_tf.restoration.io.rounding import rounded
from sanet_tf.restoration.restorer import is_probabilistic
from sanet_tf.restoration.tiling.turned import TURNS, Turned, turned_back
from sanet_tf.utils.errors import UserError


class Ensemble:
    """Restoration models that restore together.

    The uncertainty is one standard deviation: of the restorations among
    themselves and, if the models are probabilistic, of their likelihoods too,
    as Lakshminarayanan et al. (NeurIPS 2017) add the two variances.

    Args:
        models: restoration models, as `sanet_tf.load` opens them, of the same
            axes and channels.
        turns: whether each restores a stack in all eight ways in which it can
            be flipped and turned in its plane.

    Raises:
        UserError: there is no model, or they are not of one kind.
    """

    def __init__(self, models: Sequence, turns: bool = False):
        if not models:
            raise UserError("expected at least one model, got none")
        kinds = [_kind(model) for model in models]
        for number, kind in enumerate(kinds):
            if kind != kinds[0]:
                raise UserError(
                    "expected models of the same axes and channels, all "
                    f"probabilistic or none; the first is {kinds[0]}, number "
                    f"{number + 1} is {kind}"
                )
        self.models, self.config = tuple(models), models[0].config
        self._turns = TURNS if turns else TURNS[:1]
        self.restored_axes = models[0].restored_axes
        self.restored_shape = models[0].restored_shape

    def restore(
        self,
        source,
        axes: str,
        destination,
        n_tiles: Sequence[int] | None = None,
        statistics: str | None = None,
        blend: bool = False,
        uncertainty=None,
    ) -> None:
        """Writes the mean of all restorations; see a model's `restore`.

        It takes memory for three results, float32, and for six if there is an
        uncertainty of probabilistic models.

        Args:
            source: array-like with axes `axes`.
            axes: its axes, such as "ZYX".
            destination: array-like of `restored_shape`.
            n_tiles: tiles along each axis, or None.
            statistics: as in a model's `predict`.
            blend: as in a model's `predict`.
            uncertainty: array-like of `restored_shape`, which receives one
                standard deviation; or None.

        Raises:
            ValueError: as in a model's `predict`.
        """
        axes = axes.upper()
        wants_scale = uncertainty is not None and self._is_probabilistic
        count, mean, squares, variance = 0, 0.0, 0.0, 0.0
        for model in self.models:
            for turn in self._turns:
                values, scale = _restored(
                    *(model, source, axes, turn, wants_scale),
                    n_tiles=_swapped(n_tiles, axes, turn),
                    statistics=statistics,
                    blend=blend,
                )
                count += 1
                step = values - mean
                mean = mean + step / count
                squares = squares + step * (values - mean)
                if wants_scale:
                    variance = variance + scale**2
        destination[...] = rounded(mean, destination.dtype)
        if uncertainty is not None:
            among = squares / max(1, count - 1)
            uncertainty[...] = np.sqrt(among + variance / count)

    @property
    def _is_probabilistic(self):
        return is_probabilistic(self.models[0])


def _restored(model, source, axes, turn, wants_scale, **options):
    """One restoration and its uncertainty, or None, as the source lies."""
    stack = Turned(source, axes, turn)
    own, shape = (
        model.restored_axes(axes),
        model.restored_shape(stack.shape, axes),
    )
    values, scale = np.empty(shape, np.float32), None
    if wants_scale:
        scale = np.empty(shape, np.float32)
        options["uncertainty"] = scale
    model.restore(stack, axes, values, **options)
    return tuple(
        None if part is None else turned_back(part, own, turn)
        for part in (values, scale)
    )


def _swapped(n_tiles, axes, turn):
    if n_tiles is None or not turn[2]:
        return n_tiles
    other = {"Y": "X", "X": "Y"}
    return tuple(n_tiles[axes.index(other.get(axis, axis))] for axis in axes)


def _kind(model):
    config = model.config
    likelihood = ", probabilistic" if is_probabilistic(model) else ""
    return (
        f"{config.axes} to {model.restored_axes(config.axes)}, "
        f"{config.n_channel_in} to {config.n_channel_out} channels{likelihood}"
    )
