"""One seed, one result: two runs are equal to the bit, on a CPU."""

import pytest

from tests.faults.checks import assert_same_run
from tests.faults.phases import CLASSIFIER
from tests.faults.reference import Reference

pytestmark = pytest.mark.slow
SANET = (
    *("--dataset=digits", "--image_size=32", "--alpha=0.1", "--batch_size=128"),
    *("--epochs=2", "--learning_rate=0.005", "--schedule=cosine"),
    "--deterministic",
)


@pytest.fixture(
    scope="module", params=["experiments/cifar.py", "experiments/imagenet.py"]
)
def sanet(request, server, times, tmp_path_factory):
    """A small training of SANet."""
    if not times(False, True):
        pytest.skip("`make test-faults` does it")
    folder = tmp_path_factory.mktemp("sanet") / "run"
    return Reference(request.param, SANET, CLASSIFIER, folder).complete()


def test_sanet(sanet, report, tmp_path):
    again(sanet, report, tmp_path)


def test_restoration(request, times, report, tmp_path):
    if not times(False, True):
        pytest.skip("`make test-faults` does it")
    again(request.getfixturevalue("restoration"), report, tmp_path)


def again(reference, report, tmp_path):
    result = reference.start(tmp_path / "again").result()
    assert result.returncode == 0, result.stderr
    assert_same_run(tmp_path / "again", reference.folder)
    report(
        "The same run again",
        f"`{reference.script} --deterministic`",
        1,
        "the same weights, optimizer, logs and results, to the bit",
    )
