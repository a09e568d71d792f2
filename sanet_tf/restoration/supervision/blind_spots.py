"""Blind spots: voxels that a network is not shown, and is asked for.

As in Noise2Void (Krull et al., CVPR 2019) one voxel is drawn of each box of a
grid. It is replaced by one of its surroundings, or, as in N2V2 (Hoeck et al.,
ECCV workshops 2022), by their median. Neither the voxel itself nor another
blind spot is taken: nothing that the network sees has a value that it is asked
for. Noise must be independent from voxel to voxel.
"""

import numpy as np

MANIPULATORS = ("uniform_withoutCP", "median")


class BlindSpots:
    """Hides voxels of patches; the names are those of the package n2v.

    Args:
        perc_pix: percentage of a patch's positions, above 0 and at most 25.
        neighborhood_radius: of the surroundings, in voxels along each axis.
        manipulator: what takes the place of a voxel: "uniform_withoutCP", one
            of its surroundings by chance, or "median", their median.
    """

    def __init__(
        self,
        perc_pix=0.198,
        neighborhood_radius=5,
        manipulator="uniform_withoutCP",
    ):
        self.perc_pix = perc_pix
        self.radius = neighborhood_radius
        self.manipulator = manipulator

    def __call__(self, patch, rng):
        """Hides voxels of one patch, in all channels alike.

        Args:
            patch: `(*spatial, C)`.
            rng: NumPy's random generator.

        Returns:
            The patch with other values at the blind spots, and what is asked
            for, `(*spatial, 2 C)`: the patch, and 1 at the blind spots; both
            are floats, of integers too.
        """
        patch = patch.astype(np.result_type(patch, np.float32))
        spots = self._draw(patch.shape[:-1], rng)
        where = tuple(spots.T)
        mask = np.zeros_like(patch)
        mask[where] = 1
        values, is_seen = self._surroundings(patch, mask, spots)
        if self.manipulator == "median":
            hidden = np.where(is_seen[..., None], values, np.nan)
            substitutes = np.nanmedian(hidden, axis=1)
        else:
            # The highest of random numbers is anywhere, equally likely.
            chosen = np.argmax((1 - rng.random(is_seen.shape)) * is_seen, 1)
            substitutes = values[np.arange(len(spots)), chosen]
        seen = patch.copy()
        seen[where] = substitutes
        return seen, np.concatenate([patch, mask], axis=-1)

    def _draw(self, shape, rng):
        """Positions `(K, axes)`: one of each box of a grid, at least one."""
        side = max(1, round((100 / self.perc_pix) ** (1 / len(shape))))
        boxes = [-(-size // side) for size in shape]
        corners = side * np.indices(boxes).reshape(len(shape), -1).T
        spots = corners + rng.integers(side, size=corners.shape)
        inside = spots[(spots < shape).all(axis=1)]
        return inside if len(inside) else rng.integers(shape)[None]

    def _surroundings(self, patch, mask, spots):
        """Values `(K, W, C)` around the spots, and which of them are seen."""
        shape, axes = patch.shape[:-1], patch.ndim - 1
        reach = range(-self.radius, self.radius + 1)
        steps = np.stack(np.meshgrid(*[reach] * axes, indexing="ij"), -1)
        places = spots[:, None] + steps.reshape(1, -1, axes)
        is_inside = ((places >= 0) & (places < shape)).all(axis=-1)
        places = tuple(
            np.moveaxis(places, -1, 0) % np.reshape(shape, (axes, 1, 1))
        )
        return patch[places], is_inside & (mask[places][..., 0] == 0)


def blinded(patches, blind_spots, rng):
    """Hides voxels of many patches.

    Args:
        patches: `(n, *spatial, C)`.
        blind_spots: a `BlindSpots`.
        rng: NumPy's random generator.

    Returns:
        What the network sees, and what it is asked for; see `BlindSpots`.
    """
    both = [blind_spots(patch, rng) for patch in patches]
    return tuple(np.stack(side) for side in zip(*both, strict=True))
