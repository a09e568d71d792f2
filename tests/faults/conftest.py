"""How many faults are made, and the report of what came of them.

    def test_flipped_bits(times, report):
        outcomes = collections.Counter()
        for number in range(times(few=20, full=1000)):
            ...
        assert outcomes["crash"] == 0
        report(
            "Flipped bits in a checkpoint",
            "1 to 8 bits at random places of best.weights.h5",
            outcomes.total(),
            f"refused with one line {outcomes['refused']}, read {...}",
        )

`make test` makes the few, `make test-faults` all, and writes the report.
"""

import importlib.metadata
import os
import platform
import tarfile

import pytest

from sanet_tf import __version__
from sanet_tf.data.cifar_formats import FORMATS
from sanet_tf.utils import files
from sanet_tf.utils.device import processor
from tests.experiments.conftest import photographs  # noqa: F401
from tests.faults import phases, processes
from tests.faults.reference import Reference

ROWS = pytest.StashKey()
TABLE = ("fault", "made by", "times", "what came of it")
SKIPPED = []  # (test, reason)
PACKAGES = ("tensorflow", "keras", "h5py", "numpy", "pillow", "tifffile")


@pytest.fixture(scope="session")
def times(pytestconfig):
    """Function of two counts to the one that this session makes."""
    all_of_them = pytestconfig.getoption("full")
    return lambda few, full: full if all_of_them else few


@pytest.fixture(scope="session")
def report(pytestconfig):
    """Function that a test calls after its assertions: a row of the report.

    Its arguments are `TABLE`: texts, and the number of faults that were made.
    What the texts say of numbers must have been counted in this session.
    """
    rows = pytestconfig.stash.setdefault(ROWS, [])

    def report(fault, made_by, count, outcome):
        rows.append((fault, made_by, f"{count:,}", outcome))

    return report


@pytest.fixture(scope="session")
def server():
    """What commands are forked from."""
    processes.start_server()


@pytest.fixture(scope="session")
def classifier(server, photographs, tmp_path_factory):  # noqa: F811
    """A small training of a classifier, which resumes and repeats."""
    flags = (
        *("--dataset=folder", f"--data_dir={photographs}", "--image_size=32"),
        *("--model=mobilenet_v1", "--alpha=0.1", "--epochs=3"),
        *("--batch_size=4", "--learning_rate=0.005", "--schedule=cosine"),
        *("--ema_momentum=0.5", "--deterministic"),
    )
    folder = tmp_path_factory.mktemp("classifier") / "run"
    return Reference(
        "experiments/imagenet.py", flags, phases.CLASSIFIER, folder
    ).complete()


@pytest.fixture(scope="session")
def restoration(server, tmp_path_factory):
    """A small training of a U-Net, which resumes and repeats."""
    flags = (
        *("--n_depth=1", "--n_first=4", "--batch_size=4"),
        *("--num_patches=16", "--patch_size=4,16,16"),
        *("--volume_shape=8,32,32", "--num_volumes=1", "--num_test=1"),
        *("--epochs=3", "--deterministic"),
    )
    folder = tmp_path_factory.mktemp("restoration") / "run"
    return Reference(
        "experiments/restoration.py", flags, phases.RESTORATION, folder
    ).complete()


@pytest.fixture
def archive(tmp_path):
    """Function of `(TarInfo, file)` to an archive of CIFAR that begins so."""

    def make(*members):
        version = FORMATS["cifar10"][0]
        with tarfile.open(tmp_path / version.archive, "w:gz") as packed:
            for member, file in members:
                packed.addfile(member, file)
        return tmp_path

    return make


def pytest_runtest_logreport(report):
    """What was left out is said."""
    if report.skipped and report.nodeid.startswith("tests/faults"):
        SKIPPED.append((report.nodeid.rpartition("::")[2], report.longrepr[2]))


def pytest_sessionfinish(session, exitstatus):
    """Writes the report, if all tests have passed."""
    path = session.config.getoption("report")
    if path and exitstatus == pytest.ExitCode.OK:
        command = "make test-faults"
        if not session.config.getoption("full"):
            command = "pytest tests/faults"
        rows = session.config.stash.get(ROWS, [])
        files.write_text(path, _text(command, rows))


def _text(command, rows):
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in PACKAGES
    )
    lines = [
        "# Faults, and what came of them",
        "",
        f"*Measured* by `{command}`: every number was counted in one run, in "
        "which all of the tests passed.",
        "",
        f"sanet_tf {__version__}, Python {platform.python_version()}, "
        f"{versions}; {processor()}, {os.cpu_count()} CPU cores, "
        f"{platform.system()}.",
        "",
        *(
            f"| {' | '.join(row)} |"
            for row in (TABLE, ("---", "---", "---:", "---"), *rows)
        ),
    ]
    if SKIPPED:
        lines += ["", "Not run:", ""]
        lines += [f"- `{name}`: {reason}" for name, reason in SKIPPED]
    return "\n".join(lines) + "\n"
