"""Fixtures and options that all tests share."""

import numpy as np
import pytest


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


@pytest.fixture
def rng():
    """A random generator that starts the same in every test."""
    return np.random.default_rng(0)
