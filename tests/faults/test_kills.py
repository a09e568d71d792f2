"""kill -9 at random moments: the same command goes on, to the same bits."""

import pytest
import tifffile

from tests.faults import phases
from tests.faults.killing import kill_runs
from tests.faults.reference import Reference

pytestmark = pytest.mark.slow
OUTCOME = (
    "the same command went on, every time; {runs} of {runs} runs ended with "
    "the weights and results of a run that was not killed, to the bit; nothing "
    "was left half written. Kills fell into: {fell}"
)


def test_training_of_a_classifier(classifier, times, report, tmp_path):
    moments = times(
        ("step", "checkpoint"), ("data", "step", "checkpoint", "export")
    )
    fell, runs = kill_runs(classifier, tmp_path, moments, times(2, 20))
    report(
        "kill -9 in the training of a classifier",
        "`experiments/imagenet.py`, each phase in turn, a random moment of it",
        fell.total(),
        OUTCOME.format(runs=runs, fell=_text(fell)),
    )


def test_training_of_a_restoration(restoration, times, report, tmp_path):
    moments = times(
        ("checkpoint",), ("data", "step", "checkpoint", "evaluation")
    )
    fell, runs = kill_runs(restoration, tmp_path, moments, times(1, 12))
    report(
        "kill -9 in the training of a restoration",
        "`experiments/restoration.py`, likewise",
        fell.total(),
        OUTCOME.format(runs=runs, fell=_text(fell)),
    )


@pytest.fixture
def restoring(restoration, tmp_path, rng):
    """The trained network restores three stacks."""
    stacks = tmp_path / "stacks"
    stacks.mkdir()
    for name in ("a", "b", "c"):
        values = rng.integers(0, 4096, (16, 128, 128)).astype("uint16")
        tifffile.imwrite(
            stacks / f"{name}.tif",
            values,
            imagej=True,
            metadata={"axes": "ZYX"},
        )
    return Reference(
        "sanet_tf.restore",
        (f"--model={restoration.folder / 'model'}", str(stacks)),
        phases.RESTORING,
        tmp_path / "restored" / "once",
        output="output",
    )


@pytest.fixture
def exporting(classifier, tmp_path):
    """The trained network is exported as a SavedModel."""
    return Reference(
        "sanet_tf.export",
        (f"--weights={classifier.folder}",),
        phases.EXPORTING,
        tmp_path / "exported" / "once",
        output="output",
    )


@pytest.mark.parametrize("name", ["restoring", "exporting"])
def test_commands(name, times, report, request, tmp_path):
    if not times(False, True):
        pytest.skip("`make test-faults` does it")
    reference = request.getfixturevalue(name).complete()
    moments = tuple(dict.fromkeys(reference.phases.values()))
    fell, runs = kill_runs(reference, tmp_path / "killed", moments, 10)
    report(
        f"kill -9 in {name}",
        f"`python -m {reference.script}`, likewise",
        fell.total(),
        f"the same command went on, every time; {runs} of {runs} ended with "
        "the files of one that was not killed; nothing was left half written. "
        f"Kills fell into: {_text(fell)}",
    )


def _text(fell):
    return ", ".join(f"{phase} {count}" for phase, count in fell.items())
