"""The bioimage.io package: valid, reproducible, and clear about tiles."""

import gc
import io
import os
import zipfile

import numpy as np
import pytest
import tensorflow as tf
from bioimageio.core import create_prediction_pipeline
from bioimageio.core import test_model as reproduce
from bioimageio.core.digest_spec import create_sample_for_model
from bioimageio.spec import load_model_description
from PIL import Image

from sanet_tf.restoration.packages.bioimageio import export_bioimageio
from tests.restoration.networks import NETWORKS, care

# bioimageio.spec leaves it to Python to close what it reads.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

SIZES = {"Z": 10, "Y": 61, "X": 80}
ABOUT = {
    "name": "CARE of nothing (test)",
    "description": "A network with random weights.",
    "authors": ["Ada Lovelace", {"name": "C. Babbage", "affiliation": "none"}],
    "license": "CC-BY-4.0",
}


def photograph(model, rng):
    """A smooth 16-bit image of sizes that the network does not take."""
    channels = model.config.n_channel_in
    shape = [SIZES.get(axis, channels) for axis in model.config.axes]
    places = np.meshgrid(*map(np.arange, shape), indexing="ij")
    waves = sum(np.sin(place / 5 + 1) for place in places)
    return (9000 + 2000 * waves + rng.normal(0, 200, shape)).astype(np.uint16)


@pytest.fixture(autouse=True)
def _closed_here():
    """What is left open is closed in the test that opened it."""
    yield
    gc.collect()


@pytest.fixture(
    scope="module",
    params=[
        *("care", "probabilistic_care", "projection_care", "siamese_care"),
        "gvtnet_care",
    ],
)
def exported(request, tmp_path_factory):
    """A model, its test image and its package."""
    model = NETWORKS[request.param]()
    image = photograph(model, np.random.default_rng(2))
    path = tmp_path_factory.mktemp("bioimageio") / "model.zip"
    assert export_bioimageio(model, path, image, **ABOUT) == path
    return model, image, path


def read(path, name):
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def read_array(path, name):
    return np.load(io.BytesIO(read(path, name)), allow_pickle=False)


def test_package_is_valid(exported):
    description = load_model_description(exported[2], perform_io_checks=True)
    assert description.format_version.startswith("0.5.")
    assert description.validation_summary.status == "valid-format"
    assert description.name == ABOUT["name"]
    names = [author.name for author in description.authors]
    assert names == ["Ada Lovelace", "C. Babbage"]
    assert "image-restoration" in description.tags


def test_output_follows_from_input_by_what_the_package_says(exported, tmp_path):
    _, image, path = exported
    inputs = read_array(path, "test_input.npy")
    # The image, and mirrored planes behind it.
    there = tuple(slice(size) for size in image.shape)
    np.testing.assert_array_equal(inputs[0][there], image)
    rows = np.moveaxis(inputs[0], -3, 0)
    np.testing.assert_array_equal(rows[61], rows[60])
    space = tuple(range(1, inputs.ndim - 1))
    low, high = (
        np.percentile(inputs, percentile, axis=space, keepdims=True)
        for percentile in (2, 99.8)
    )
    normalised = ((inputs - low) / (high - low)).astype(np.float32)
    with zipfile.ZipFile(path) as archive:
        archive.extract("tensorflow_saved_model.zip", tmp_path)
    with zipfile.ZipFile(tmp_path / "tensorflow_saved_model.zip") as archive:
        archive.extractall(tmp_path / "weights")
    weights = tf.saved_model.load(str(tmp_path / "weights"))
    outputs = weights.signatures["serving_default"](tf.constant(normalised))
    expected = read_array(path, "test_output.npy")
    np.testing.assert_allclose(outputs["output"], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("network", "sizes", "halos"),
    [
        # A multiple of 4 that is at least csbdeep's overlap of 22.
        ("care", {"z": 4, "y": 52, "x": 52}, {"y": 24, "x": 24}),
        ("plane_care", {"y": 92, "x": 92}, {"y": 44, "x": 44}),
        ("projection_care", {"z": 1, "y": 52, "x": 52}, {"y": 24, "x": 24}),
    ],
)
def test_sizes_and_halos(network, sizes, halos, rng, tmp_path):
    model = NETWORKS[network]()
    image = photograph(model, rng)
    path = export_bioimageio(model, tmp_path / "model", image, **ABOUT)
    assert path.name == "model.zip"
    description = load_model_description(path)
    (inputs,), (outputs,) = description.inputs, description.outputs
    spatial = [axis for axis in inputs.axes if axis.type == "space"]
    assert {axis.id: axis.size.min for axis in spatial} == sizes
    assert [axis.id for axis in spatial if axis.concatenable] == ["y", "x"]
    found = {axis.id: getattr(axis, "halo", None) for axis in outputs.axes}
    assert {axis: halo for axis, halo in found.items() if halo} == halos
    picture = Image.open(io.BytesIO(read(path, "cover.png")))
    assert picture.width == 2 * picture.height


def test_channels_of_a_probabilistic_network(rng, tmp_path):
    model = NETWORKS["probabilistic_care"]()
    image = photograph(model, rng)
    path = export_bioimageio(model, tmp_path / "model.zip", image, **ABOUT)
    description = load_model_description(path)
    assert description.inputs[0].axes[-1].channel_names == [
        "channel0",
        "channel1",
    ]
    assert description.outputs[0].axes[-1].channel_names == [
        "channel0",
        "channel1",
        "scale0",
        "scale1",
    ]


@pytest.mark.parametrize("attention", [True, False])
def test_documentation(attention, rng, tmp_path):
    model = NETWORKS["siamese_care" if attention else "care"]()
    path = export_bioimageio(
        model,
        tmp_path / "model.zip",
        photograph(model, rng)[..., 0],  # one channel need not be an axis
        notes="Trained on beads.",
        **ABOUT,
    )
    text = read(path, "README.md").decode()
    assert "Trained on beads." in text
    assert "## Validation" in text
    assert "overlap\nby 24 pixels" in text
    assert ("largest tiles" in text) == attention


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        (
            {"name": "no/slash"},
            "specification of bioimage.io. Received: name: ",
        ),
        (
            {"license": "none"},
            "specification of bioimage.io. Received: license",
        ),
        ({"authors": [{"nam": "A"}]}, r"bioimage.io. Received: authors.0.name"),
        ({"test_input": np.ones((8, 8))}, r"axes ZYXC and 1 .*shape \(8, 8\)"),
        ({"test_input": np.ones((8, 8, 8, 2))}, r"1 channels.* \(8, 8, 8, 2\)"),
        ({"test_input": np.full((8, 8, 8), np.nan)}, "must be finite"),
    ],
)
def test_what_the_specification_refuses(changes, match, rng, tmp_path):
    model = care()
    arguments = {"test_input": photograph(model, rng), **ABOUT, **changes}
    with pytest.raises(ValueError, match=match) as error:
        export_bioimageio(model, tmp_path / "model.zip", **arguments)
    assert "\n" not in str(error.value)
    assert not os.listdir(tmp_path)


def test_a_test_image_whose_restoration_is_not_finite(rng, tmp_path):
    model = care()
    model.keras_model.weights[-1].assign([np.nan])
    image = photograph(model, rng)
    with pytest.raises(ValueError, match="must give finite values for `test_"):
        export_bioimageio(model, tmp_path / "model.zip", image, **ABOUT)
    assert not os.listdir(tmp_path)


@pytest.mark.slow
def test_bioimageio_core_reproduces_it(exported, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where bioimageio.core unpacks weights
    summary = reproduce(exported[2])
    assert summary.status == "passed", summary.format()
    assert len(summary.details) > 5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "seamless"),
    [("care", True), ("projection_care", True), ("siamese_care", False)],
)
def test_tiles_overlap_enough(network, seamless, rng, tmp_path, monkeypatch):
    """Tiled as the package says, the inner part is that of the whole image.

    Not so with attention, whose means are those of the tile.
    """
    monkeypatch.chdir(tmp_path)
    model = NETWORKS[network]()
    image = 9000 + np.cumsum(rng.normal(0, 200, (16, 152, 132)), axis=2)
    path = export_bioimageio(model, tmp_path / "model.zip", image, **ABOUT)
    description = load_model_description(path)
    sample = create_sample_for_model(
        description, inputs={"input": image[np.newaxis, ..., np.newaxis]}
    )
    depth = {"care": 3, "projection_care": 15, "siamese_care": 3}[network]
    blocks = {("input", "z"): depth, ("input", "y"): 4, ("input", "x"): 6}
    with create_prediction_pipeline(description) as pipeline:
        tiled = pipeline.predict_sample_with_blocking(sample, ns=blocks)
    outputs = tiled.members["output"].data.to_numpy()
    expected = read_array(path, "test_output.npy")
    assert outputs.shape == expected.shape
    inner = np.s_[..., 24:-24, 24:-24, :]
    difference = np.abs(outputs - expected)[inner].max() / np.ptp(expected)
    assert (difference < 1e-3) == seamless  # what csbdeep asks for
