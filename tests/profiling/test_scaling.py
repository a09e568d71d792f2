"""Slopes of known powers, and maps that are not tried."""

import json
import shutil

import measured
import pytest
import scaling
from cases import Case

from .conftest import ROOT, run_script

RECORDS = ROOT / "results/profiling"


def rows(exponent, dimensions=2):
    return [
        {
            "operator": "softmax",
            "dimensions": dimensions,
            "positions": n,
            "wall_ms": 3 * n**exponent,
            "memory_bytes": 5 * n,
        }
        for n in (1, 10, 1000, 3000, 10_000)
    ]


@pytest.mark.parametrize("exponent", [1, 2])
def test_slopes_of_known_powers(exponent):
    found = scaling.slopes(rows(exponent))
    assert found == {"softmax": {"2-D": (exponent, 1)}}


def test_squares_and_cubes_have_slopes_of_their_own():
    found = scaling.slopes(rows(1, dimensions=2) + rows(2, dimensions=3))
    assert found == {"softmax": {"2-D": (1, 1), "3-D": (2, 1)}}


def test_small_maps_do_not_count():
    """The time of the largest decade, the memory of the largest two."""
    maps = rows(2)
    maps[1]["wall_ms"] = maps[1]["memory_bytes"] = 1e6
    assert scaling.slopes(maps)["softmax"]["2-D"] == (2, 1)


def test_one_large_map_has_no_slope():
    assert scaling.slopes(rows(1)[:1] + rows(1)[2:3]) == {"softmax": {}}


def test_a_measurement_is_drawn_anew(tmp_path):
    """The committed exponents and figure are those of the committed maps."""
    for name in ("scaling.csv", "scaling.run.json"):
        shutil.copy(RECORDS / name, tmp_path)
    result = run_script("run_scaling.py", "--redraw", f"--output={tmp_path}")
    assert result.returncode == 0, result.stderr
    assert "siamese  3-D time ~ N^1.16, memory ~ N^1.02" in result.stdout
    assert (tmp_path / "scaling.png").exists()
    for name in ("scaling.csv", "scaling.run.json"):
        again = (tmp_path / name).read_text()
        assert again == (RECORDS / name).read_text()


def test_nothing_can_be_drawn_of_nothing(tmp_path):
    result = run_script("run_scaling.py", "--redraw", f"--output={tmp_path}")
    assert result.returncode == 1
    assert result.stderr == (
        f"error: nothing to draw: there is no {tmp_path}/scaling.csv\n"
    )


def test_the_exponents_in_the_texts_are_the_measured_ones():
    slopes = scaling.slopes(measured.read(RECORDS, "scaling")[0])
    assert slopes == {
        operator: {name: tuple(pair) for name, pair in own.items()}
        for operator, own in json.loads(
            (RECORDS / "scaling.run.json").read_text()
        )["slopes"].items()
    }
    results = (ROOT / "docs/pages/results.md").read_text()
    for operator, label in scaling.LABELS.items():
        squares, cubes = slopes[operator]["2-D"], slopes[operator]["3-D"]
        cells = (f"N^{power:.2f}" for power in (*squares, *cubes))
        assert f"| {label} | {' | '.join(cells)} |" in results
    times = [
        f"N^{slopes[operator][dimensions][0]:.2f}"
        for operator in ("siamese", "softmax")
        for dimensions in ("2-D", "3-D")
    ]
    assert (
        "time of SAO grows as {} in 2-D and {} in 3-D, of regular attention "
        "as {} and {}".format(*times)
        in (ROOT / "README.md").read_text()
    )


def test_map_that_takes_too_long_is_the_last(capsys, monkeypatch):
    times = iter([1e3, 16e3])
    monkeypatch.setattr(
        scaling,
        "call_isolated",
        lambda *_: {"wall_ms": next(times), "memory_bytes": 1},
    )
    cases = [Case("softmax", side, 2, 1) for side in (10, 20, 40, 80)]
    maps = scaling.measure_until(cases, 2, max_seconds=200)
    assert [row["note"] for row in maps] == [
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
