"""A restoration network as `sanet_tf.export` leaves it."""

from types import SimpleNamespace

import numpy as np

from sanet_tf.restoration.restorer import Restorer


class ExportedRestoration(Restorer):
    """An exported restoration network, opened by `sanet_tf.load`.

    Args:
        run: function from a batch `(1, *spatial, C)` to the restored one.
        manifest: as `sanet_tf.export.manifest.read` gives it.

    Attributes:
        manifest: what the network is.
    """

    def __init__(self, run, manifest):
        self._run = run
        self.manifest = manifest
        self.config = SimpleNamespace(
            axes=manifest["axes"],
            n_channel_in=manifest["channels_in"],
            n_channel_out=manifest["channels_out"],
            probabilistic=manifest.get("probabilistic", False),
        )
        self.percentiles = {
            name: manifest["normalizer"][name] for name in ("pmin", "pmax")
        }
        self._axes_out = manifest["axes_out"]

    def predict(self, stack: np.ndarray, axes: str) -> np.ndarray:
        """Restores a stack as a whole: normalised, padded, and undone.

        Args:
            stack: array.
            axes: its axes, such as "ZYX".

        Returns:
            The restored stack, float32; for a probabilistic network the mean.

        Raises:
            ValueError: axes that do not fit, an empty stack, or voxels that
                are not finite real numbers.
        """
        stack = np.asarray(stack)
        axes = self._check_image(stack, axes)
        restored = np.empty(self.restored_shape(stack.shape, axes), np.float32)
        self.restore(stack, axes, restored)
        return restored

    def _axes_div_by(self, axes):
        blocks = dict(
            zip(self.config.axes, self.manifest["axes_div_by"], strict=True)
        )
        return tuple(blocks[axis] for axis in axes)

    def _restore_tiles(self, volume, write, counts, statistics, blend=False):
        # There is one tile, which is blended with no other.
        if statistics not in (None, "tile") or {*(counts or (1,))} != {1}:
            raise ValueError(
                "an exported network restores a stack as a whole; tiles and "
                "other statistics need the folder of the trained model. "
                f"Received: n_tiles={counts}, statistics={statistics}"
            )
        whole = [slice(0, size) for size in volume.shape]
        write(whole, self._run(volume.read(whole)[np.newaxis])[0])
