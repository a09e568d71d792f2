"""The volume of a terabyte on the page, worked out from the record again."""

import csv
import math

import pytest

from sanet_tf.restoration.io import zarr_pyramid
from tests.command_line import ROOT

VOXELS = 2048 * 16384**2
MARGIN, TILE = 24, (64, 256, 256)


@pytest.fixture
def record():
    with open(ROOT / "results/profiling/cluster.csv", newline="") as file:
        rows = csv.DictReader(file)
        return {(int(row["workers"]), row["pass"]): row for row in rows}


def test_a_terabyte(record):
    page = (ROOT / "docs/pages/cluster.md").read_text()
    rate = int(record[2, "all"]["voxels_per_worker_second"])
    assert f"has {rate:,} voxels a second" in page.replace("\n", " ")
    measured = ((384 + 4 * MARGIN) / 384) ** 2  # 1 x 3 x 3 tiles of 384
    read = 1.0
    for size in TILE:
        read *= (size + 2 * MARGIN) / size
    assert f"margins of {MARGIN} voxels | {read:.2f} times" in page
    hours = VOXELS * read / (rate * measured) / 3600
    terabytes = 2 * VOXELS / 1e12
    levels = zarr_pyramid.plan((2048, 16384, 16384), "ZYX", (1, 1, 1))
    assert len(levels) - 1 == 4
    copied = 4 * sum(math.prod(shape) for shape, _ in levels) / 1e12
    both = terabytes * (1 + 4 * read)
    for line in (
        f"| tiles of 64 x 256 x 256 voxels | {VOXELS // (64 * 256**2):,} |",
        f"| read in these passes | {both:.0f} TB |",
        f"| written, 32 bits a voxel, with smaller copies | {copied:.1f} TB |",
        f"They read the result once more, {copied:.1f} TB;",
        f"| hours of one worker | {hours:,.0f} |",
        f"| hours with 64 workers | {hours / 64:,.0f} |",
        f"| hours with 512 workers | {hours / 512:,.1f} |",
        f"512 workers | {both * 1e3 / (hours / 512) / 3600:.1f} GB |",
    ):
        assert line in page
    one, two = (float(record[n, "all"]["seconds"]) for n in (1, 2))
    assert f"took {two / one:.2f} of the time of one" in page
