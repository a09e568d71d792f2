"""experiments/simulate.py: the stacks that it leaves, and what it refuses."""

import numpy as np
import pytest
import tifffile

from sanet_tf.restoration.data import load_data
from sanet_tf.restoration.simulation.volumes import simulate_volume
from tests import command_line as commands
from tests.experiments.conftest import error_line

SCRIPT = "experiments/simulate.py"


def test_stacks_that_restoration_can_read(tmp_path):
    result = commands.run(
        SCRIPT,
        *("--shape=4,24,40", "--count=2", "--exposure=0.5", "--seed=7"),
        *("--structure=nuclei", f"--output_dir={tmp_path}"),
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    names = [
        f"{tmp_path}/{folder}/stack-{i}.tif"
        for i in (0, 1)
        for folder in ("low", "GT")
    ]
    assert result.stdout == "".join(f"wrote {name}\n" for name in names)
    lows, truths = (
        [tifffile.imread(name) for name in names[start::2]] for start in (0, 1)
    )
    for seed, low, truth in zip((7, 8), lows, truths, strict=True):
        assert low.dtype == np.uint16
        expected = simulate_volume((4, 24, 40), seed, "nuclei")
        np.testing.assert_allclose(truth, expected, rtol=1e-6)
        # 0.5 photons in, 2 counts an electron on an offset of 100.
        counts = 100 + 0.5 * truth / 0.5
        assert low.mean() == pytest.approx(counts.mean(), rel=0.02)
    with tifffile.TiffFile(names[0]) as file:
        assert file.series[0].axes == "ZYX"
    data = load_data("tiff", tmp_path, patch_size=(4, 8, 8), num_patches=4)
    assert data.axes == "ZYX"


def test_many(tmp_path):
    """A plane; the same again; and what is refused, and leaves nothing."""
    cases = {
        "plane": ["--shape=16,24"],
        "again": ["--shape=16,24"],
        "other": ["--shape=16,24", "--seed=1001"],
        "letters": ["--shape=4,a,16"],
        "one axis": ["--shape=16"],
        "no voxels": ["--shape=0,16,16"],
        "dark": ["--shape=4,16,16", "--exposure=0"],
        "unknown": ["--shape=4,16,16", "--structure=cells"],
        "positional": ["shape=4,16,16"],
    }
    results = commands.run_many(
        SCRIPT,
        [
            [*flags, f"--output_dir={tmp_path / name}"]
            for name, flags in cases.items()
        ],
    )
    results = dict(zip(cases, results, strict=True))
    plane, again, other = (
        tifffile.imread(tmp_path / name / "low" / "stack-0.tif")
        for name in ("plane", "again", "other")
    )
    assert plane.shape == (16, 24)
    np.testing.assert_array_equal(plane, again)
    assert (plane != other).any()
    for name, message in {
        "letters": "expected whole numbers above 0, such as 16,64,64",
        "one axis": "positive sizes (Y, X) or (Z, Y, X)",
        "no voxels": "expected whole numbers above 0, such as 16,64,64",
        "dark": "exposure must be positive",
        "unknown": "expected one of mixed, nuclei, filaments, membranes",
        "positional": "expected flags only, got 'shape=4,16,16'",
    }.items():
        assert message in error_line(results[name])
        assert not (tmp_path / name).exists()
