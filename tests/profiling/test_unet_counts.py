"""Counts of the U-Nets, against the sums by hand."""

import pytest
from unet_counts import count_unet

from sanet_tf.models import UNETS

N = 16 * 64 * 64
# Kernels of 3 x 3 x 3: positions, input and output channels; then 1 x 1 x 1.
CONVOLUTIONS = [
    (N, 1, 32),
    (N, 32, 32),
    (N // 8, 32, 64),
    (N // 8, 64, 64),
    (N // 64, 64, 128),
    (N // 64, 128, 64),
    (N // 8, 64 + 64, 64),
    (N // 8, 64, 32),
    (N, 32 + 32, 32),
    (N, 32, 32),
]
ATTENTION = [(N // 64, 128), (N // 64, 64), (N // 8, 32)]  # positions, C


@pytest.fixture(scope="module")
def rows():
    return {name: count_unet(name, UNETS[name]) for name in UNETS}


def test_unet(rows):
    row = rows["unet"]
    assert row["parameters"] == 33 + sum(
        27 * a * b + b for _, a, b in CONVOLUTIONS
    )
    assert row["madd_patch"] == N * 32 + sum(
        27 * n * a * b for n, a, b in CONVOLUTIONS
    )
    # 96 x 1024 x 1024 is 1,536 patches of 16 x 64 x 64.
    assert row["madd_volume"] == 1536 * row["madd_patch"]
    assert row["attention_bytes_volume"] == 0


@pytest.mark.parametrize(
    ("name", "products"),
    [
        ("unet_attn", lambda n, c: 2 * n * n * c),
        ("unet_sao", lambda n, c: 4 * n * c),
    ],
)
def test_attention(rows, name, products):
    """Products, three projections; their weights and BatchNorm's."""
    added = rows[name]["madd_patch"] - rows["unet"]["madd_patch"]
    assert added == sum(products(n, c) + 3 * n * c * c for n, c in ATTENTION)
    added = rows[name]["parameters"] - rows["unet"]["parameters"]
    score_weights = 1 if name == "unet_sao" else 0
    assert added == sum(
        3 * c * c + 2 * c + score_weights * c for _, c in ATTENTION
    )


def test_memory_of_softmax(rows):
    """Scores and output, float32, all sizes powers of two already."""
    assert rows["unet_attn"]["attention_bytes_patch"] == sum(
        4 * n * n + 4 * n * c for n, c in ATTENTION
    )


def test_projection_is_smaller(rows):
    assert rows["projection_unet"]["parameters"] == 346_970  # csbdeep's
    assert (
        rows["projection_unet"]["madd_patch"] < rows["unet"]["madd_patch"] / 10
    )


def test_gvtnet(rows):
    """All by hand; attention between grids of M keys and N queries."""
    positions = [N, N // 8, N // 64]
    plain = 27 * N * 32 + N * 32
    plain += sum(  # strided and transposed convolutions: a kernel a coarse one
        2 * 27 * m * a * b
        for m, a, b in zip(positions[1:], (32, 64), (64, 128), strict=True)
    )
    plain += sum(
        n * (27 * (a * b + b * b) + a * b * (a != b))
        for n, a, b in [
            (positions[0], 32, 32),
            (positions[1], 64, 64),
            (positions[1], 128, 64),
            (positions[0], 64, 32),
        ]
    )
    assert rows["gvtnet_no_attention"]["madd_patch"] == plain
    maps = [  # keys, their channels, queries, their channels
        (positions[2], 128, positions[2], 128),
        (positions[2], 128, positions[1], 64),
        (positions[1], 64, positions[0], 32),
    ]
    ends = sum(n * b * b + 2 * m * a * b for m, a, n, b in maps)
    ends += positions[2] * 128 * 128  # the bottom's queries
    for name, products in {
        "gvtnet": lambda m, n, c: (m + n) * c * c,
        "gvtnet_sao": lambda m, n, c: (3 * m + 2 * n) * c,
    }.items():
        added = rows[name]["madd_patch"] - plain
        assert added == ends + sum(products(m, n, b) for m, _, n, b in maps)
    assert rows["gvtnet_sao"]["attention_bytes_patch"] == sum(
        4 * n * b + 4 * m + 2 * 4 * b for m, _, n, b in maps
    )
