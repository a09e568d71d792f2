"""What is said of a network that wins or loses."""

import pytest

from sanet_tf.restoration.baselines.verdict import (
    best_baseline,
    compare,
    sentence,
)


def row(*psnr, **more):
    stacks = [{"psnr": value} for value in psnr]
    return {"psnr": sum(psnr) / len(psnr), "stacks": stacks, **more}


BASELINES = {
    "tv": row(30, 31, 32, chosen="tv (weight 0.2)", validation_psnr=29),
    "gaussian": row(
        *(28, 30, 32), chosen="gaussian (sigma 2)", validation_psnr=30
    ),
}


def said(network):
    return sentence(network, BASELINES, compare(network, BASELINES))


def test_the_one_to_beat_is_of_the_validation():
    """Tv is better on the test stacks."""
    assert best_baseline(BASELINES) == "gaussian"


def test_gain_is_paired():
    """+5, +5 and +8 dB: 6 with a spread far below that of the stacks."""
    found = compare(row(33, 35, 40), BASELINES)
    assert found == {
        "baseline": "gaussian",
        "psnr_gain": 6,
        "psnr_gain_ci95": pytest.approx(4.302653),
        "loses_to": [],
    }
    assert compare(row(29.0, 30.0, 32.5), BASELINES)["loses_to"] == ["tv"]
    assert compare(row(33.0), {}) is None


def test_words():
    assert said(row(33, 35, 40)) == (
        "the network, 36.00 dB, is above gaussian (sigma 2), 30.00 dB "
        "without training: +6.00 ± 4.30 dB over 3 stacks"
    )
    assert said(row(27, 29, 31)) == (
        "the network, 29.00 dB, is BELOW gaussian (sigma 2), 30.00 dB "
        "without training: -1.00 ± 0.00 dB over 3 stacks; also BELOW "
        "tv (31.00 dB)"
    )
    assert said(row(29.0, 30.0, 32.5)) == (
        "the network, 30.50 dB, is not shown to be above gaussian "
        "(sigma 2), 30.00 dB without training: +0.50 ± 1.24 dB over 3 "
        "stacks; but BELOW tv (31.00 dB)"
    )


def test_one_stack_and_a_perfect_network():
    alone = {"tv": row(30, chosen="tv", validation_psnr=1)}
    for psnr, words in ((31, "+1.00 dB over 1 stack"), (float("inf"), "")):
        network = row(psnr)
        verdict = compare(network, alone)
        assert verdict["psnr_gain_ci95"] is None
        assert words in sentence(network, alone, verdict)
