"""Large stacks of several channels: blocks of all, percentiles of each."""

import numpy as np
import pytest

from sanet_tf.restoration.care import evaluation
from sanet_tf.restoration.data import load_data
from tests.restoration.data.joint import JOINT, write_tiff
from tests.restoration.data.ramps import SMALL, WHOLE, rows
from tests.restoration.models import make_care

pytestmark = pytest.mark.usefixtures("small_is_large")


def test_large_stacks(ramp, tmp_path):
    """Blocks of all channels; each has the percentiles of its own stack."""
    both = np.stack([ramp, ramp // 3 + 7], axis=1)
    for name in ("low/a", "GT/a"):
        write_tiff(tmp_path / name, both, "ZCYX")
    data = load_data("tiff", tmp_path, **JOINT, **SMALL, **WHOLE)
    x, _ = data.train
    assert x.shape == (96, 4, 8, 8, 2)
    np.testing.assert_allclose(x[..., 0], x[..., 1], atol=1e-3)
    assert len(rows(x[..., 0])) > 30
    assert (
        "train: 4 blocks of 6x32x32 in low/a.tif" in data.description["split"]
    )
    pair = data.test[0]
    assert np.asarray(pair.low).shape == (2, 6, 30, 32)
    model = make_care("ZYX", 2, 2, attention=None)
    found, _ = evaluation._restore(model, pair, "ZYX", None, "default")
    ends = np.percentile(both, (2, 99.8), axis=(0, 2, 3))
    low, high = ends[..., np.newaxis, np.newaxis, np.newaxis]
    normal = (np.asarray(pair.low) - low) / (high - low)
    expected = model.predict(normal, "CZYX", normalizer=None)
    expected = expected * (high - low) + low
    np.testing.assert_allclose(found, expected, atol=1e-3 * np.ptp(both))


def test_blocks_of_what_is_bright_in_any_channel(tmp_path, dark):
    first, second = dark.copy(), dark.copy()
    first[:, 10:60, 10:60] += 1000
    second[:, 60:120, 10:60] += 9000
    for name in ("low/a", "GT/a"):
        write_tiff(tmp_path / name, np.stack([first, second], axis=1), "ZCYX")
    data = load_data("tiff", tmp_path, **JOINT, **SMALL, **WHOLE)
    bright = data.train[0].reshape(96, -1, 2).max(axis=1) > 0.4
    assert bright.any(axis=1).all()
    assert (bright.mean(axis=0) > 0.1).all()
    dark[:, 170:] += 1000  # where tests are
    write_tiff(tmp_path / "GT/a", np.stack([dark, second], axis=1), "ZCYX")
    data = load_data("tiff", tmp_path, **JOINT, **SMALL, **WHOLE)
    split = data.description["split"].split("; ")
    assert split[-3].endswith(" blocks of 6x32x32 in low/a.tif")
    assert split[-2] == (
        "validation: 2 blocks of 6x30x32, none of them bright, in low/a.tif"
    )
    y = data.train[1][..., 1].reshape(96, -1)
    assert (y.max(axis=1) > 0.4).all()
