"""Features of named stages are what the network computes there."""

import keras
import numpy as np
import pytest

from sanet_tf.models import (
    MobileNetV2,
    ResNet,
    SANet,
    feature_extractor,
)


@pytest.mark.parametrize(
    ("function", "options", "shapes"),
    [
        (
            SANet,
            {"alpha": 0.1},
            {"stage3": (8, 8, 8), "stage10": (2, 2, 32), "top": (2, 2, 1280)},
        ),
        (
            MobileNetV2,
            {"alpha": 0.1},
            {"stem": (32, 32, 8), "stage3_block1": (8, 8, 8)},
        ),
        (
            ResNet,
            {"blocks": (1, 1)},
            {
                "stem": (16, 16, 64),
                "stage1": (16, 16, 256),
                "stage2": (8, 8, 512),
            },
        ),
    ],
)
def test_shapes(function, options, shapes):
    model = function((64, 64, 3), classes=2, **options)
    extractor = feature_extractor(model, shapes)
    features = extractor(np.zeros((1, 64, 64, 3), "float32"))
    assert {name: x.shape[1:] for name, x in features.items()} == shapes


def test_a_stage_ends_where_the_next_begins(rng):
    """What is computed from the features is what the network computes."""
    model = SANet((32, 32, 3), classes=2, alpha=0.1)
    images = rng.uniform(-1, 1, (2, 32, 32, 3)).astype("float32")
    features = feature_extractor(model, ["top"])(images)["top"]
    for name in ("avg_pool", "classifier"):
        features = model.get_layer(name)(features)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(features),
        keras.ops.convert_to_numpy(model(images)),
        rtol=1e-5,
    )
    block = model.get_layer("stage2_block1_expand_conv")
    stage = feature_extractor(model, ["stage1"])
    assert stage.outputs[0] is block.input


def test_sizes_may_be_unknown():
    extractor = feature_extractor(
        SANet(include_top=False, alpha=0.1), ["stage3"]
    )
    features = extractor(np.zeros((1, 48, 80, 3), "float32"))["stage3"]
    assert features.shape == (1, 6, 10, 8)


@pytest.mark.parametrize("name", ["stage", "stage11", ""])
def test_unknown_stage(name):
    model = SANet((32, 32, 3), classes=2, alpha=0.1)
    with pytest.raises(ValueError, match=r"it has stem, stage1, .*name="):
        feature_extractor(model, [name])
