"""experiments/imagenet.py as its user sees it: files, lines, exit status."""

import csv
import fcntl
import json
import os
import re

import numpy as np
import pytest
from PIL import Image

from tests.experiments.conftest import error_line, run
from tests.training.checkpoints import arrays

pytestmark = pytest.mark.slow
REPEATABLE = ("--epochs=4", "--deterministic", "--ema_momentum=0.5")


@pytest.fixture(scope="module")
def finished(photographs, tmp_path_factory):
    """The folder and the output of a complete, repeatable run."""
    folder = tmp_path_factory.mktemp("runs") / "finished"
    flags = (f"--data_dir={photographs}", f"--output_dir={folder}", *REPEATABLE)
    result = run(*flags)
    assert result.returncode == 0, result.stderr
    return folder, flags, result


def test_leaves_its_results(finished):
    folder, _, result = finished
    assert {path.name for path in folder.iterdir()} == {
        ".lock",
        "best.weights.h5",
        "curves.png",
        "labels.txt",
        "last.weights.h5",
        "log.csv",
        "logs",
        "metrics.json",
        "run.json",
        "saved_model",
    }
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["images"] == {"train": 64, "val": 18}
    assert metrics["classes"] == 3
    assert metrics["best"]["val_top1"] > 1 / 3
    assert metrics["saved_model_difference"] <= 1e-5
    with open(folder / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    top1 = [float(row["val_top1"]) for row in rows]
    assert metrics["best"]["val_top1"] == max(top1)
    assert metrics["best"]["epoch"] == top1.index(max(top1)) + 1
    assert f"validation top-1 {max(top1):.4f}" in result.stdout
    with Image.open(folder / "curves.png") as image:
        assert image.width > 500
    assert list((folder / "logs").glob("events*"))


def test_takes_all_steps_and_no_more(finished):
    """64 images in batches of 16, in spite of the 4 that cannot be read."""
    steps = arrays(finished[0] / "last.weights.h5")["optimizer/vars/0"]
    assert int(steps) == 4 * 4


def test_shows_progress_and_no_chatter(finished):
    result = finished[2]
    assert "epoch 4/4" in result.stderr
    assert result.stdout.count("validation loss") == 4
    for noise in ("Warning", "oneDNN", "cuda", "absl"):
        assert noise not in result.stderr


def test_record_tells_how_the_run_was_made(finished, photographs):
    folder, flags, _ = finished
    record = json.loads((folder / "run.json").read_text())
    assert record["flags"]["alpha"] == 0.1
    assert record["flags"]["deterministic"] is True
    assert "output_dir" not in record["flags"]
    assert record["command"].endswith(" ".join(flags[1:]))
    assert f" --data_dir={photographs.name} " in record["command"]
    assert record["flags"]["data_dir"] == photographs.name
    assert {"python", "tensorflow", "keras"} <= record["versions"].keys()


def test_unreadable_images_are_counted_and_named(finished):
    folder, _, result = finished
    skipped = json.loads((folder / "metrics.json").read_text())[
        "skipped_images"
    ]
    assert skipped["count"] == 4
    reasons = {
        os.path.basename(name): reason
        for name, reason in skipped["names"].items()
    }
    assert "not an image" in reasons["empty.jpg"]
    assert "not an image" in reasons["text.png"]
    assert "truncated" in reasons["truncated.jpg"]
    assert "10000 x 10000 pixels" in reasons["oversized.png"]
    (line,) = re.findall("unreadable images skipped: 4 .*", result.stdout)
    assert all(name in line for name in reasons)


def test_same_command_again_is_done_at_once(finished):
    folder, flags, _ = finished
    before = (folder / "last.weights.h5").read_bytes()
    result = run(*flags)
    assert result.returncode == 0
    assert "resuming after epoch 4" in result.stdout
    assert "validation loss" not in result.stdout
    assert (folder / "last.weights.h5").read_bytes() == before


def test_other_flags_are_refused(finished):
    folder, flags, _ = finished
    before = (folder / "run.json").read_bytes()
    line = error_line(run(*flags, "--epochs=5", "--nesterov"))
    assert "--epochs was 4, is 5" in line
    assert "--nesterov was False, is True" in line
    assert "--alpha" not in line
    assert (folder / "run.json").read_bytes() == before


def test_second_process_is_refused(finished):
    folder, flags, _ = finished
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another process is writing" in error_line(run(*flags))


def test_mixed_precision_with_several_steps_a_call(photographs, tmp_path):
    """The last call of an epoch has fewer of its 4 steps; none is lost.

    At the usual rate the attention explodes in the first validations: it is
    quadratic in its input, and BatchNorm's averages are still far off.
    """
    folder = tmp_path / "mixed"
    result = run(
        f"--data_dir={photographs}",
        f"--output_dir={folder}",
        "--mixed_precision",
        "--steps_per_execution=3",
        "--epochs=2",
        "--learning_rate=0.001",
    )
    assert result.returncode == 0, result.stderr
    steps = arrays(folder / "last.weights.h5")["optimizer/vars/0"]
    assert int(steps) == 2 * 4
    metrics = json.loads((folder / "metrics.json").read_text())
    assert np.isfinite(metrics["last"]["val_loss"])


def test_strict_stops_at_an_unreadable_image(photographs, tmp_path):
    line = error_line(
        run(
            f"--data_dir={photographs}",
            f"--output_dir={tmp_path}",
            "--strict",
            "--epochs=1",
        )
    )
    assert line.startswith("error: --strict: ")
    assert str(photographs / "train" / "red") in line


def test_damaged_checkpoint_is_named(finished, tmp_path):
    folder, flags, _ = finished
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("run.json", "last.weights.h5"):
        (copy / name).write_bytes((folder / name).read_bytes())
    with open(copy / "last.weights.h5", "r+b") as file:
        file.truncate(50_000)
    line = error_line(run(*flags, f"--output_dir={copy}"))
    assert f"{copy / 'last.weights.h5'} is damaged" in line
