"""A loss that is not finite ends a run; what was good is kept."""

import numpy as np
import pytest

from tests.experiments.conftest import error_line
from tests.experiments.restorations import NETWORK, write_planaria
from tests.faults import processes
from tests.training.checkpoints import arrays

pytestmark = pytest.mark.slow
FLAGS = (
    *("--dataset=digits", "--image_size=32", "--batch_size=256"),
    *("--model=mobilenet_v1", "--alpha=0.1", "--epochs=3", "--schedule=steps"),
)


def test_rate_that_becomes_absurd(server, times, report, tmp_path):
    """After the first epoch, or at once; the same command ends in the same."""
    first = ("--learning_rate=1e30",)
    later = ("--learning_rate=0.01", "--decay_epochs=1", "--decay_rate=1e35")
    cases = {
        "the weights of epoch 1 are kept": later,
        "no weights were saved": first,
    }
    for number, (kept, flags) in enumerate(cases.items()):
        folder = tmp_path / str(number)
        for _ in range(times(1, 2)):
            result = run(folder, *FLAGS, *flags)
            assert result.returncode == 1
            line = error_line(result)
            assert "the loss became" in line
            assert kept in line
            names = {path.name for path in folder.glob("*.h5")}
            wanted = {"last.weights.h5", "best.weights.h5"}
            assert names == (wanted if flags is later else set())
            for name in names:
                for array in arrays(folder / name).values():
                    assert np.isfinite(array).all()
            assert not (folder / "metrics.json").exists()
    report(
        "Loss becomes NaN or infinite",
        "`experiments/imagenet.py`, in the second epoch and in the first",
        2 * times(1, 2),
        "one line, exit status 1; the weights of the epoch before are kept, "
        "all finite; none are written in the first. The same command ends in "
        "the same way",
    )


def test_nan_in_the_data(server, report, tmp_path, rng):
    """With the file repaired, the same command goes on."""
    grid = np.indices((8, 48, 32)).sum(axis=0)
    scene = (500 + 400 * np.sin(grid / 3)).astype("uint16")
    patches = rng.normal(size=(40, 1, 4, 16, 16)).astype("float32")
    broken = patches.copy()
    broken[:38, 0, 1, 2, 3] = np.nan
    data, folder = tmp_path / "data", tmp_path / "run"
    flags = (
        *(*NETWORK, "--dataset=planaria", f"--data_dir={data}"),
        *("--epochs=1", "--notensorboard"),
    )
    write_planaria(data, broken, scene, scene)
    script = "experiments/restoration.py"
    line = error_line(run(folder, *flags, script=script))
    assert "the loss became nan at step 1 of epoch 1" in line
    assert not list(folder.rglob("*.h5"))
    assert not (folder / "metrics.json").exists()
    write_planaria(data, patches, scene, scene)
    result = run(folder, *flags, script=script)
    assert result.returncode == 0, result.stderr
    report(
        "NaN in training patches",
        "`experiments/restoration.py`, 38 of 40 patches",
        1,
        "one line, exit status 1, no weights; with the file repaired, the "
        "same command trained",
    )


def run(folder, *flags, script="experiments/imagenet.py"):
    says = folder.with_name(f"{folder.name}-says")
    return processes.run(says, script, [*flags, f"--output_dir={folder}"])
