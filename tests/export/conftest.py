"""The marker of what takes minutes: every network in every format."""

import pytest


def pytest_configure(config):
    config.addinivalue_line("markers", "full: runs with --full only")


def pytest_runtest_setup(item):
    wanted = item.config.getoption("--full")
    if item.get_closest_marker("full") and not wanted:
        pytest.skip("runs with --full")
