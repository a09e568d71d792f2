"""The parameter is the best of the grid, by the metric of the tables."""

import numpy as np
import pytest

from sanet_tf.restoration.baselines import tuning
from sanet_tf.restoration.baselines.filters import BASELINES, restore
from sanet_tf.restoration.data.channels import Channels
from sanet_tf.restoration.data.pairs import TestPair
from sanet_tf.restoration.metrics import evaluate


@pytest.mark.parametrize("name", BASELINES)
def test_best_of_the_grid(name, make_pair, capsys):
    pairs = [make_pair(), make_pair(noise=1)]
    (choice,) = tuning.choose(pairs, "YX", [name])
    found = [
        np.mean(
            [
                evaluate(restore(p.low, "YX", name, value), p.high)["psnr"]
                for p in pairs
            ]
        )
        for value in BASELINES[name].grid
    ]
    assert choice.value == BASELINES[name].grid[np.argmax(found)]
    assert choice.psnr == pytest.approx(max(found), rel=1e-5)
    assert list(choice.tried.values()) == pytest.approx(found, rel=1e-5)
    assert np.ptp(found) > 0.1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{choice}: {max(found):.2f} dB on 2 validation")


def test_all_channels_decide(make_pair, capsys):
    """One parameter for a picture's channels, the best of their mean."""
    quiet, loud = make_pair(noise=0.2), make_pair(noise=2)
    joint = TestPair(
        "a",
        Channels({"channel 0": quiet.low, "channel 1": loud.low}),
        Channels({"channel 0": quiet.high, "channel 1": loud.high}),
    )
    (expected,) = tuning.choose([quiet, loud], "YX", ["gaussian"])
    (choice,) = tuning.choose([joint], "YX", ["gaussian"])
    assert choice == expected
    assert "on 2 validation" in capsys.readouterr().out.splitlines()[0]
    (alone,) = tuning.choose([quiet], "YX", ["gaussian"])
    assert choice.value > alone.value
    tuning.choose([joint], "YX", ["median"])
    assert "on 1 validation" in capsys.readouterr().out.splitlines()[-1]


def test_more_noise_wants_a_wider_filter(make_pair):
    values = [
        tuning.choose([make_pair(noise=noise)], "YX", ["gaussian"])[0].value
        for noise in (0.2, 2)
    ]
    assert values[0] < values[1]


def test_projections_are_chosen_too(make_pair):
    (choice,) = tuning.choose(
        [make_pair((9, 24, 20), 0.1, project=True)], "ZYX", ["gaussian"]
    )
    assert choice.projection == "max"
    assert str(choice) == f"gaussian (sigma {choice.value:g} of the max)"
    assert len(choice.tried) == 2 * len(BASELINES["gaussian"].grid)


def test_only_parts_are_filtered(make_pair, monkeypatch):
    monkeypatch.setattr(tuning, "VOXELS", 240)
    monkeypatch.setattr(tuning, "STACKS", 2)
    seen = []

    def watch(image, name, value):
        seen.append(image)
        return image

    monkeypatch.setattr(tuning, "filter_normal", watch)
    pairs = [make_pair() for _ in range(5)]
    tuning.choose(pairs, "YX", ["median"])
    assert {image.shape for image in seen} == {(12, 20)}
    low, high = np.percentile(pairs[-1].low, [2, 99.8])
    np.testing.assert_allclose(
        seen[1], (pairs[-1].low[6:18] - low) / (high - low), rtol=1e-4
    )


def test_a_dark_part_does_not_decide(make_pair, rng):
    dark = TestPair("dark", rng.normal(size=(24, 20)), np.zeros((24, 20)))
    dark.high[0] = 1
    pair = make_pair()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuning, "VOXELS", 240)
        alone, both = (
            tuning.choose(pairs, "YX", ["gaussian"])[0].value
            for pairs in ([pair], [pair, dark])
        )
    assert alone == both


def test_no_yardsticks_want_no_stacks():
    assert tuning.choose((), "YX", []) == []
