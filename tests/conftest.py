"""Fixtures and options that all tests share."""

import signal

import numpy as np
import pytest

# What a shell starts in the background ignores Ctrl-C, and so would the
# processes that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    group = parser.getgroup("faults")
    group.addoption(
        "--full",
        action="store_true",
        help="as many faults as `make test-faults` makes; else a few of each",
    )
    group.addoption(
        "--report", help="file to which tests/faults writes what it counted"
    )

    parser.addoption(
        "--oldest",
        help="Python that has the oldest runtimes, for tests/export",
    )


@pytest.fixture
def rng():
    """A random generator that starts the same in every test."""
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def make_trainer():
    """Function of a folder to a trainer, whose lock ends with the tests."""
    # Not above: other tests choose the backend before they load it.
    from sanet_tf.training.feeds import ArrayFeed
    from sanet_tf.training.run_directory import RunDirectory
    from sanet_tf.training.trainer import Trainer
    from tests.training.tiny_run import RECIPE, make_arrays, network

    runs = []

    def make_trainer(
        folder, recipe=None, skipped=(), dark=0, model=None, **options
    ):
        arrays, recipe = make_arrays(), recipe or RECIPE
        arrays.splits["train"][0][0] -= dark
        arrays.skipped.update(skipped)
        feed = ArrayFeed(arrays, 8, recipe.batch_size)
        runs.append(RunDirectory(folder, {}))
        model = model or network()
        return Trainer(model, recipe, feed, runs[-1], **options)

    yield make_trainer
    for run in runs:
        run.close()
