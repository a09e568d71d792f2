"""experiments/restoration.py as its user sees it: files, lines, status."""

import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from sanet_tf.restoration import load
from sanet_tf.restoration.baselines.filters import BASELINES
from sanet_tf.restoration.data import load_data
from sanet_tf.restoration.metrics import evaluate
from tests.experiments.conftest import error_line
from tests.experiments.restorations import (
    NETWORK,
    PATCHES,
    VOLUMES,
    metrics_in,
    run,
)

pytestmark = pytest.mark.slow

MODES = ("tile", "window", "volume")
REPEATABLE = (
    *NETWORK,
    *PATCHES,
    *VOLUMES,
    "--epochs=4",
    "--deterministic",
    "--statistics=tile,window,volume",
    "--n_tiles=1,2,2",
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder, the flags and the output of a complete run."""
    folder = tmp_path_factory.mktemp("runs") / "finished"
    flags = (*REPEATABLE, f"--output_dir={folder}")
    result = run(*flags)
    assert result.returncode == 0, result.stderr
    return folder, flags, result


def test_leaves_its_results(finished):
    folder, _, result = finished
    assert {path.name for path in folder.iterdir()} == {
        ".lock",
        "curves.png",
        "metrics.json",
        "model",
        "previews",
        "run.json",
    }
    assert {path.name for path in (folder / "model").iterdir()} == {
        "checkpoint",
        "config.json",
        "log.csv",
        "logs",
        "weights_best.h5",
        "weights_last.h5",
    }
    assert list((folder / "model" / "logs").glob("*/events*"))
    (name,) = (path.name for path in (folder / "previews").iterdir())
    assert name == "test-0-exposure-0.1.png"
    for path in (folder / "curves.png", folder / "previews" / name):
        with Image.open(path) as image:
            assert image.width > 500
    assert f"--model={folder / 'model'} in.tif" in result.stdout


def test_metrics(finished):
    folder, _, result = finished
    metrics = metrics_in(folder)
    assert metrics["data"]["patches"] == {"train": 16, "validation": 1}
    assert metrics["data"]["volumes"] == [1, 1, 1]
    training = metrics["training"]
    assert training["patches"] == 16
    assert training["epochs"] == 4
    model = load(folder / "model")
    assert training["parameters"] == model.keras_model.count_params()
    losses = [
        float(loss)
        for loss in re.findall(r"validation loss (\S+);", result.stdout)
    ]
    assert len(losses) == 4
    assert training["best_epoch"] == 1 + int(np.argmin(losses))
    assert training["best_val_loss"] == pytest.approx(min(losses), abs=1e-4)
    assert metrics["peak_rss_bytes"] > 0
    assert list(metrics["baselines"]) == list(BASELINES)
    assert tuple(metrics["restored"]) == tuple(metrics["verdict"]) == MODES
    for row in metrics["restored"].values():
        assert [s["name"] for s in row["stacks"]] == ["test-0-exposure-0.1"]
        assert row["seconds"] > 0
        assert f"PSNR {row['psnr']:.3f} dB" in result.stdout


def test_metrics_are_those_of_the_model_that_is_left(finished):
    """Predicted once more, and whole."""
    folder, _, _ = finished
    metrics = metrics_in(folder)
    data = load_data(
        "simulated",
        **{"patch_size": (4, 16, 16), "volume_shape": (8, 32, 32)},
        **{"num_patches": 16, "num_volumes": 1, "num_test": 1},
    )
    (pair,) = data.test
    restored = load(folder / "model").predict(pair.low, "ZYX")
    for image, row in (
        (pair.low, metrics["input"]),
        (restored, metrics["restored"]["volume"]),
    ):
        for name, value in evaluate(image, pair.high).items():
            assert row[name] == pytest.approx(value, rel=1e-4), name


def test_output_is_lines_without_chatter(finished):
    result = finished[2]
    assert result.stdout.count(": loss ") == 4
    for noise in ("\r", "\b", "\x1b", "Warning", "oneDNN", "absl", "/1 ["):
        assert noise not in result.stdout + result.stderr


def test_record_tells_how_the_run_was_made(finished):
    folder, flags, _ = finished
    record = json.loads((folder / "run.json").read_text())
    assert record["flags"]["n_first"] == 4
    assert record["flags"]["attention"] == "siamese"
    assert record["flags"]["patch_size"] == ["4", "16", "16"]
    assert "output_dir" not in record["flags"]
    assert record["command"].endswith(" ".join(flags))


def test_no_paths_but_those_that_were_typed(finished):
    folder, _, _ = finished
    for path in ("run.json", "metrics.json", "model/config.json"):
        text = (folder / path).read_text().replace(str(folder), "")
        assert not re.search(r"""[\s"'=]/""", text), path


def test_same_command_again_is_done_at_once(finished):
    folder, flags, first = finished
    names = ("metrics.json", "model/weights_best.h5", "model/weights_last.h5")
    before = [(folder / name).stat().st_mtime_ns for name in names]
    result = run(*flags)
    assert result.returncode == 0, result.stderr
    assert ": loss " not in result.stdout
    lines = first.stdout.splitlines()[-14:]  # 9 images, 2 hints, 3 verdicts
    assert result.stdout.splitlines() == lines
    for mode, line in zip(MODES, lines[-3:], strict=True):
        assert line.startswith(f"{mode}: the network, ")
    assert [(folder / name).stat().st_mtime_ns for name in names] == before


def test_other_flags_are_refused(finished):
    folder, flags, _ = finished
    before = (folder / "run.json").read_bytes()
    line = error_line(run(*flags, "--epochs=5", "--attention=none"))
    assert "--attention was 'siamese', is 'none'" in line
    assert "--epochs was 4, is 5" in line
    assert "--n_first" not in line
    assert (folder / "run.json").read_bytes() == before


def test_other_statistics_are_evaluated_without_training(finished, tmp_path):
    folder = tmp_path / "again"
    shutil.copytree(finished[0], folder)
    first = metrics_in(folder)
    result = run(
        *(*REPEATABLE, "--statistics=volume", f"--output_dir={folder}")
    )
    assert result.returncode == 0, result.stderr
    assert ": loss " not in result.stdout
    again = metrics_in(folder)
    assert again["training"] == first["training"]
    assert list(again["restored"]) == ["volume"]
    expected = first["restored"]["volume"]["psnr"]
    assert again["restored"]["volume"]["psnr"] == pytest.approx(expected)
