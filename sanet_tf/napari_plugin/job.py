"""The restoration of an array, times and channels one by one.

It knows nothing of napari.
"""

import dataclasses

import numpy as np

from sanet_tf.restoration.ensemble import Ensemble
from sanet_tf.restoration.io import axis_letters, hyperstacks
from sanet_tf.restoration.restorer import is_probabilistic
from sanet_tf.utils.errors import UserError


@dataclasses.dataclass(frozen=True)
class Settings:
    """How an array is restored.

    Attributes:
        axes: a letter of TZCYX for each dimension of the array.
        statistics: "tile", "window" or "volume", or None.
        n_tiles: along each of the axes, or None.
        tta: whether all flips and quarter turns are averaged.
        uncertainty: whether one standard deviation is wanted, too.
    """

    axes: str
    statistics: str | None = None
    n_tiles: tuple[int, ...] | None = None
    tta: bool = False
    uncertainty: bool = False

    def check(self, shape):
        """Refuses what does not fit an array of this shape.

        Raises:
            UserError: the axes or the tiles.
        """
        if not axis_letters.fit(self.axes, shape):
            raise UserError(
                f"expected axes with one letter of {axis_letters.AXES} for "
                f"each dimension of {' x '.join(map(str, shape))}, got "
                f"{self.axes or 'none'}"
            )
        if self.n_tiles and len(self.n_tiles) != len(shape):
            raise UserError(
                f"expected tiles with one number for each of the axes "
                f"{self.axes}, got {len(self.n_tiles)}"
            )


def restore_array(model, data, settings, report):
    """Restores an array.

    Args:
        model: a restoration model, as `sanet_tf.load` opens it.
        data: array-like, which is read where it is sliced.
        settings: a `Settings` that fits it.
        report: function of the share that is done, from 0 to 1.

    Returns:
        `(axes, restored, uncertainty)`, float32, the last None where it is
        not wanted. The axes are those of the data, in their order, less what
        was projected.

    Raises:
        UserError: the model does not fit the data, or has no uncertainty.
        ValueError: the data lack an axis of the model.
    """
    if settings.tta:
        model = Ensemble([model], turns=True)
    elif settings.uncertainty and not is_probabilistic(model):
        raise UserError(
            "a map of uncertainty needs flips and turns, or a model that was "
            "trained with --probabilistic"
        )
    axes, shape = hyperstacks.result_shape(model, settings.axes, data.shape)
    results = [
        np.empty(shape, np.float32) for _ in range(1 + settings.uncertainty)
    ]
    counted = _Counted(results[0], report)
    hyperstacks.restore(
        *(model, data, settings.axes, [counted, *results[1:]]),
        n_tiles=settings.n_tiles,
        statistics=settings.statistics,
    )
    kept = "".join(
        [axis for axis in settings.axes if axis in axes]
        + [axis for axis in axes if axis not in settings.axes]
    )
    order = [axes.index(axis) for axis in kept]
    restored, *deviations = (result.transpose(order) for result in results)
    return kept, restored, deviations[0] if deviations else None


class _Counted:
    """A destination that reports the share of it that is written."""

    def __init__(self, array, report):
        self.array, self._report, self._done = array, report, 0
        self.shape, self.dtype = array.shape, array.dtype

    def __setitem__(self, key, values):
        self.array[key] = values
        self._done += np.size(values)
        self._report(min(1.0, self._done / self.array.size))
