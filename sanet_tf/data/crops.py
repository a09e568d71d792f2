"""Random boxes of an image, to be cut out and scaled to one size."""

import numpy as np

RATIO = 4 / 3  # highest ratio of the sides, either way


def random_boxes(count, area, seed):
    """Boxes `(count, 4)` float32: top, left, height and width.

    All as shares of the image, which is scaled to a square before or after:
    area and log ratio of the sides are uniform, where the box fits (Szegedy
    et al., "Going Deeper with Convolutions").

    Args:
        count: number of boxes.
        area: lowest and highest share of the area.
        seed: integer that decides them.
    """
    rng = np.random.default_rng(seed)
    areas = rng.uniform(*area, count)
    widest = np.log(np.minimum(RATIO, 1 / areas))
    ratios = np.exp(rng.uniform(-widest, widest))
    sides = np.stack([np.sqrt(areas / ratios), np.sqrt(areas * ratios)], -1)
    sides = np.minimum(sides, 1)  # rounding
    corners = rng.uniform(0, 1 - sides)
    return np.concatenate([corners, sides], -1).astype(np.float32)
