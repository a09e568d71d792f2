"""Slopes of known powers, and maps that are not tried."""

import pytest
import scaling
from cases import Case

from .conftest import run_script


def rows(exponent, operator="softmax"):
    return [
        {
            "operator": operator,
            "positions": n,
            "wall_ms": 3 * n**exponent,
            "memory_bytes": 5 * n,
        }
        for n in (1, 10, 1000, 3000, 10_000)
    ]


@pytest.mark.parametrize("exponent", [1, 2])
def test_slopes_of_known_powers(exponent):
    found = scaling.slopes(rows(exponent))
    assert found == {"softmax": (exponent, 1)}


def test_small_maps_do_not_count():
    """The time of the largest decade, the memory of the largest two."""
    measured = rows(2)
    measured[1]["wall_ms"] = measured[1]["memory_bytes"] = 1e6
    assert scaling.slopes(measured)["softmax"] == (2, 1)


def test_two_maps_have_no_slope():
    assert scaling.slopes(rows(1)[:2]) == {}


def test_map_that_takes_too_long_is_the_last(capsys, monkeypatch):
    times = iter([1e3, 16e3])
    monkeypatch.setattr(
        scaling,
        "call_isolated",
        lambda *_: {"wall_ms": next(times), "memory_bytes": 1},
    )
    cases = [Case("softmax", side, 2, 1) for side in (10, 20, 40, 80)]
    measured = scaling.measure_until(cases, 2, max_seconds=200)
    assert [row["note"] for row in measured] == [
        "",
        "",
        "would take 256 s a call",
    ]
    assert "1,600 positions: would take" in capsys.readouterr().out


@pytest.mark.parametrize("sides", ["", "14,x", "28,14", "0,4"])
def test_wrong_sides(sides):
    result = run_script("run_scaling.py", f"--sides_2d={sides}")
    assert result.returncode == 1
    assert result.stderr.startswith("error: ")
    assert "--sides_2d" in result.stderr
    assert "whole numbers" in result.stderr
