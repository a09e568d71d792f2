"""Random boxes: inside, of the area and the ratios that are asked for."""

import numpy as np
import pytest

from sanet_tf.data.crops import random_boxes


@pytest.mark.parametrize("area", [(0.08, 1.0), (0.35, 0.5), (1.0, 1.0)])
def test_boxes(area):
    boxes = random_boxes(4000, area, 0)
    assert (boxes >= 0).all()
    assert (boxes[:, :2] + boxes[:, 2:] <= 1 + 1e-6).all()
    height, width = boxes[:, 2:].T
    areas, ratios = height * width, np.log(width / height)
    assert area[0] - 1e-6 <= areas.min() <= areas.max() <= area[1] + 1e-6
    np.testing.assert_allclose(areas.mean(), np.mean(area), rtol=0.03)
    assert np.abs(ratios).max() <= np.log(4 / 3) + 1e-6
    assert np.abs(ratios.mean()) < 0.02
    if area[0] < 1:
        corners = boxes[:, :2] / (1 - boxes[:, 2:] + 1e-9)
        np.testing.assert_allclose(corners.mean(0), 0.5, atol=0.03)
        assert ratios.std() > 0.1


def test_the_seed_decides():
    first, again, other = (random_boxes(5, (0.2, 1), n) for n in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()
