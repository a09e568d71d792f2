"""What statistics.md says, of made-up results."""

import pytest
from statistics_markdown import gains_by, markdown

RECORD = {"command": "python experiments/x.py", "machine": "a machine"}
VOLUME = {(0, 1): 0.5, (1, 1): 1.5, (0, 2): 2.0, (1, 2): 3.0}  # gains in dB


@pytest.fixture
def rows():
    """Models 0 and 1, volumes 1 and 2."""
    return [
        {
            "model": model,
            "seed": seed,
            "statistics": mode,
            "psnr": 30.0 + 10 * seed + gain * (mode == "volume"),
            "ssim": 0.8 - 0.1 * (mode == "window"),
            "nrmse": 0.02,
        }
        for (model, seed), gain in VOLUME.items()
        for mode in ("tile", "window", "volume")
    ]


def test_gains_are_means_of_pairs(rows):
    """Of the volumes 1 and 2.5, of the models 1.25 and 2.25."""
    assert gains_by(rows, "volume", "psnr", "seed") == pytest.approx([1, 2.5])
    assert gains_by(rows, "volume", "psnr", "model") == pytest.approx(
        [1.25, 2.25]
    )
    assert gains_by(rows, "window", "psnr", "seed") == pytest.approx([0, 0])


def test_markdown(rows):
    text = markdown(rows, RECORD)
    assert "`python experiments/x.py`" in text
    assert "on a machine: mean over 2 models and 2 volumes." in text
    assert "| tile | 45.0000 | 0.8000 | 0.0200 |" in text
    assert "| volume | 46.7500 | 0.8000 | 0.0200 |" in text
    # 12.7062, Student's t of two values, by half their difference.
    assert (
        "| volume | PSNR (dB) | +1.7500 ± 9.5297 | +1.7500 ± 6.3531 |" in text
    )
    assert "| window | SSIM | -0.1000 ± 0.0000 | -0.1000 ± 0.0000 |" in text
