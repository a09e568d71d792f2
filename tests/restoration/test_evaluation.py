"""A model on its test stacks, beside what needs no training."""

import json

import numpy as np
import pytest
from csbdeep.internals.probability import ProbabilisticPrediction

from sanet_tf.restoration.baselines.filters import BASELINES, restore
from sanet_tf.restoration.care import evaluation, run
from sanet_tf.restoration.care.config import SiameseConfig
from sanet_tf.restoration.data.channels import Channels
from sanet_tf.restoration.data.pairs import RestorationData, TestPair
from sanet_tf.restoration.metrics import evaluate
from sanet_tf.utils.errors import UserError
from tests.restoration.models import make_care


class Stub:
    """A network that answers with what it is given."""

    config = SiameseConfig("YX")

    def __init__(self, answer):
        self.answer = answer

    def predict(self, image, axes, **options):
        return self.answer(image)


@pytest.fixture
def measure(monkeypatch, tmp_path):
    """Evaluates a network on one image; the results and the folder."""

    def measure(model, image, truth, baselines=()):
        pairs = (TestPair("a.tif", image, truth),)
        data = RestorationData("YX", (), (), pairs, pairs, {})
        monkeypatch.setattr(evaluation, "load", lambda folder: model)
        monkeypatch.setattr(evaluation, "load_data", lambda: data)
        return evaluation.evaluate_model(
            *("", {}, ["default"], None, tmp_path, baselines)
        )

    return measure


@pytest.fixture
def scene(rng):
    truth = 5 + np.sin(np.indices((24, 20)).sum(axis=0) / 3)
    return truth + rng.normal(0, 0.5, truth.shape), truth


def last_lines(found, folder, capsys, **data):
    """What the end of a run says of the results."""

    class Folder:
        path = folder

        def __truediv__(self, name):
            return folder / name

    (folder / "metrics.json").write_text(json.dumps({"data": data, **found}))
    capsys.readouterr()
    run.report(Folder())
    return capsys.readouterr().out.splitlines()


def test_a_network_that_loses_is_said_to(measure, scene, tmp_path, capsys):
    image, truth = scene
    found = measure(Stub(lambda image: image), image, truth, list(BASELINES))
    assert found["restored"]["default"]["psnr"] == found["input"]["psnr"]
    assert found["verdict"]["default"]["loses_to"] == list(BASELINES)
    assert list(found["baselines"]) == list(BASELINES)
    for name, row in found["baselines"].items():
        filtered = restore(image, "YX", name, row["value"])
        for metric, value in evaluate(filtered, truth).items():
            assert row[metric] == value, (name, metric)
    lines = last_lines(found, tmp_path, capsys)
    assert lines[-1].startswith("the network, ")
    assert "dB, is BELOW " in lines[-1]
    assert lines[1].startswith("gaussian (sigma ")


def test_a_network_that_wins(measure, scene, tmp_path, capsys):
    image, truth = scene
    found = measure(Stub(lambda _: truth + 1e-3 * image), image, truth, ["tv"])
    assert found["verdict"]["default"]["loses_to"] == []
    assert found["verdict"]["default"]["psnr_gain"] > 10
    lines = last_lines(found, tmp_path, capsys, measured_on="my test data")
    assert "dB, is above tv (weight 0." in lines[-1]
    assert lines[-4] == "measured on my test data"


def test_a_probabilistic_network_is_held_to_what_it_expects(
    measure, scene, tmp_path, capsys
):
    image, truth = scene
    scales = []

    class Probabilistic(Stub):
        config = SiameseConfig("YX", probabilistic=True)

        def predict_probabilistic(self, image, axes, **options):
            scale = np.full(image.shape, scales[-1])
            return ProbabilisticPrediction(self.answer(image), scale)

    rows = []
    for scale in (10.0, 1e-6):
        scales.append(scale)
        found = measure(Probabilistic(lambda image: image), image, truth)
        rows.append(found["restored"]["default"])
    assert [rows[0][f"coverage_{n}"] for n in (50, 95)] == [1, 1]
    assert rows[1]["coverage_95"] < 0.01
    assert rows[0]["psnr"] == found["input"]["psnr"]
    line = "default true values: 0.0 % within 50 %, 0.0 % within 68 %, 0.0 %"
    assert any(line in each for each in last_lines(found, tmp_path, capsys))
    assert "coverage_50" not in found["input"]


def test_joint_channels_are_measured_one_by_one(
    measure, scene, tmp_path, monkeypatch
):
    """A row is the mean of its channels, of whatever scale each is."""
    image, truth = scene
    images = Channels({"channel 0": image, "channel 2": 700 * image[::-1] + 90})
    truths = Channels({"channel 0": truth, "channel 2": truth[::-1]})
    seen = []

    def answer(image):
        seen.append(image)
        return np.stack([image[0], image[1] + 700 * truth[::-1]])

    drawn = {}
    monkeypatch.setattr(
        evaluation,
        "write_preview",
        lambda path, volumes, axes: drawn.update({path: (volumes, axes)}),
    )
    found = measure(Stub(answer), images, truths, ["gaussian", "median"])
    for given in seen:
        np.testing.assert_array_equal(given, np.asarray(images))
    alone = [evaluate(image, truth), evaluate(image + truth, truth)]
    row = found["restored"]["default"]
    expected = np.mean([channel["psnr"] for channel in alone])
    assert row["psnr"] == pytest.approx(expected)
    assert row["psnr"] > alone[0]["psnr"] + 1
    assert row["ssim_3d"] is None  # of two planes, not of a volume
    channels = row["stacks"][0]["channels"]
    assert [own["name"] for own in channels] == ["channel 0", "channel 2"]
    for own, metrics in zip(channels, alone, strict=True):
        assert own["psnr"] == pytest.approx(metrics["psnr"])
    assert found["input"]["psnr"] == pytest.approx(alone[0]["psnr"])
    for name, filtered in found["baselines"].items():
        single = restore(image, "YX", name, filtered["value"])
        expected = evaluate(single, truth)["psnr"]
        assert filtered["psnr"] == pytest.approx(expected, abs=1e-3)
    assert [*drawn] == [
        tmp_path / f"channel {number}/a.tif.png" for number in (0, 2)
    ]
    for index, (volumes, axes) in enumerate(drawn.values()):
        assert axes == "YX"
        assert [*volumes] == ["input", "restored", "truth"]
        for label, stacks in (("input", images), ("truth", truths)):
            expected = np.asarray(stacks)[index]
            np.testing.assert_array_equal(volumes[label], expected)


def test_tiles_are_of_the_spatial_axes(rng):
    model = make_care("YX", 2, 2, attention=None)
    images = Channels(
        {"channel 0": rng.random((24, 20)), "channel 1": rng.random((24, 20))}
    )
    pair = TestPair("a.tif", images, images)
    whole, _ = evaluation._restore(model, pair, "YX", None, "default")
    assert whole.shape == (2, 24, 20)
    tiled, _ = evaluation._restore(model, pair, "YX", (2, 1), "default")
    np.testing.assert_allclose(tiled, whole, atol=1e-5)
    expected = model.predict(np.asarray(images), "CYX")
    np.testing.assert_array_equal(whole, expected)


def test_without_yardsticks(measure, scene, tmp_path, capsys):
    found = measure(Stub(lambda image: image), *scene)
    assert found["baselines"] == {}
    assert found["verdict"] == {"default": None}
    lines = last_lines(found, tmp_path, capsys)
    assert [line.split()[0] for line in lines] == [
        *("input", "default", "wrote", "restore"),
    ]


def test_stacks_without_truth(measure, scene, tmp_path, capsys):
    image, _ = scene
    found = measure(Stub(lambda image: image), image, None, list(BASELINES))
    assert found["input"] is None
    assert found["baselines"] == {}
    assert found["verdict"] == {"default": None}
    assert found["restored"]["default"].keys() == {"seconds", "stacks"}
    assert (tmp_path / "a.tif.png").is_file()
    lines = last_lines(found, tmp_path, capsys)
    assert lines[0].startswith("nothing is measured: the stacks have no truth")
    assert [line.split()[0] for line in lines[1:]] == ["wrote", "restore"]


def test_a_result_that_is_not_finite_is_named(rng, measure):
    model = make_care("YX")
    model.keras_model.weights[-1].assign([np.nan])
    image = rng.random((8, 8))
    with pytest.raises(UserError, match=r"a\.tif: the result is not finite"):
        measure(model, image, image)
