"""Score maps and terms against the operator, and the command."""

import shutil

import keras
import numpy as np
import pytest
from PIL import Image

from sanet_tf.attention_maps import attention_maps, draw, score_terms
from sanet_tf.layers import SiameseAttention
from sanet_tf.models import MobileNetV2, SANet
from tests.command_line import run_many
from tests.runs import CLASSES, make_picture, make_run

MODULES = 10  # attention operators in SANet


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"use_score_weights": False},
        {"use_global_term": False},
        {"use_query_projection": True, "use_key_projection": True},
        {"use_value_projection": False},
        {"use_bias": True},
    ],
)
def test_the_terms_add_up_to_the_output(options, rng):
    """Local and global term; the scores by loops over heads."""
    layer = SiameseAttention(num_heads=3, seed=1, **options)
    inputs = rng.normal(size=(2, 5, 7, 6)).astype("float32")
    layer.build(inputs.shape)
    if layer.value_bias is not None:
        layer.value_bias.assign(np.ones(6))
    found = score_terms(layer, inputs)
    scores, local, shared = (
        None if term is None else keras.ops.convert_to_numpy(term)
        for term in found
    )
    expected = keras.ops.convert_to_numpy(layer.attend(inputs, inputs))
    assert (shared is None) == ("use_global_term" in options)
    total = local if shared is None else local + shared
    np.testing.assert_allclose(total, expected, rtol=1e-4, atol=1e-6)
    assert np.abs(local - expected).max() < 1e-6 or shared is not None
    queries = inputs.reshape(2, 35, 6)
    if options.get("use_query_projection"):
        queries = queries @ keras.ops.convert_to_numpy(layer.query_kernel)
    weights = np.ones((2, 3))
    if layer.score_weights is not None:
        weights = keras.ops.convert_to_numpy(layer.score_weights)
    for head in range(3):
        own = queries[..., 2 * head : 2 * head + 2] @ weights[:, head]
        np.testing.assert_allclose(scores[..., head], own, rtol=1e-4, atol=1e-6)


@pytest.fixture(scope="module")
def explained():
    """A network, a picture, its maps and probabilities."""
    keras.utils.set_random_seed(0)
    model = SANet((64, 64, 3), classes=3, alpha=0.1, classifier_activation=None)
    image = np.random.default_rng(0).uniform(-1, 1, (64, 64, 3))
    image = image.astype("float32")
    return model, image, *attention_maps(model, image)


def test_one_map_for_every_operator(explained):
    model, image, maps, probabilities = explained
    assert len(maps) == MODULES
    assert maps[0].name == "stage4_block1_attention"
    assert maps[0].scores.shape == (8, 8, 4)
    assert maps[-1].scores.shape == (2, 2, 4)
    logits = keras.ops.convert_to_numpy(model(image[None]))[0]
    expected = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(probabilities, expected, rtol=1e-5)


def test_the_figure_has_a_panel_for_every_head(explained):
    _, image, maps, _ = explained
    figure = draw((image + 1) * 127.5, maps, "a picture")
    panels = [axes for axes in figure.axes if len(axes.images) == 2]
    assert len(panels) == MODULES * 4
    for axes, expected in zip(
        panels,
        (m.scores[..., head] for m in maps for head in range(4)),
        strict=True,
    ):
        _, overlay = axes.images
        np.testing.assert_array_equal(overlay.get_array(), expected)


def test_a_network_without_siamese_attention():
    model = MobileNetV2((32, 32, 3), alpha=0.1, classes=2)
    with pytest.raises(ValueError, match=r"siamese attention.*mobilenet_v2"):
        attention_maps(model, np.zeros((32, 32, 3), "float32"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run and a picture."""
    folder = tmp_path_factory.mktemp("explain")
    make_run(folder / "run")
    make_run(folder / "plain", model="mobilenet_v2")
    make_picture(folder / "photo.jpg")
    return folder


@pytest.mark.slow
def test_the_command(folder, tmp_path):
    """As it should be called, and as it should not."""
    photo = shutil.copy(folder / "photo.jpg", tmp_path / "photo.png")
    (tmp_path / "broken.jpg").touch()
    (tmp_path / "care").mkdir()
    (tmp_path / "care" / "config.json").write_text("{}")
    model = f"--model={folder / 'run'}"
    figure, none = tmp_path / "new" / "figure.png", tmp_path / "none.png"
    output = f"--output={none}"
    cases = {
        "expected --model=RUN_DIR and one photograph": [photo],
        "--model=RUN_DIR and one": [model, photo, photo],
        "end in .png, .pdf, .svg; got a.txt": [model, photo, "--output=a.txt"],
        "is the photograph; choose": [model, photo, f"--output={photo}"],
        "broken.jpg: not an image": [model, tmp_path / "broken.jpg", output],
        "no network in nowhere": ["--model=nowhere", photo, output],
        "care restores stacks, expected a classifier: sanet restore ": [
            f"--model={tmp_path / 'care'}",
            photo,
            output,
        ],
        "expected a network with siamese attention": [
            f"--model={folder / 'plain'}",
            photo,
            output,
        ],
    }
    right, *wrong = run_many(
        "sanet_tf/explain.py",
        [[model, photo, f"--output={figure}"], *cases.values()],
    )
    assert right.returncode == 0, right.stderr
    title, *rows, last = right.stdout.splitlines()
    assert title.startswith("photo.png: ")
    assert any(name in title for name in CLASSES)
    assert len(rows) == MODULES
    assert last == f"wrote {figure}"
    with Image.open(figure) as image:
        assert image.width > 1000
        assert len(image.getcolors(2**24)) > 100
    for message, result in zip(cases, wrong, strict=True):
        assert result.returncode == 1
        (line,) = result.stderr.splitlines()
        assert line.startswith("error: ")
        assert message in line
    assert not none.exists()
