"""experiments/stability.py: contrasts, statistics, and their table."""

import json

import numpy as np
import pytest
import stability_report

from tests import command_line as commands
from tests.experiments.conftest import error_line

SCRIPT = "experiments/stability.py"
RECORD = {
    "command": "python experiments/stability.py",
    "flags": {"model": "sanet", "epochs": 5, "precise_batch_norm": 2000},
}


def row(seed, contrast, loss, top1=0.5, lost=0, form="from zero"):
    return {
        **{"form": form, "seed": seed, "error": None, "images": 1000},
        **{"statistics": "running", "contrast": contrast, "loss": loss},
        **{"top1": top1, "not_finite": int(loss is None)},
        "lost_validations": lost,
    }


FAILED = {"form": "from one", "seed": 1, "error": "the loss became nan"}


def test_table():
    rows = [
        *(row(0, 1.0, 1.5, 0.50, 1), row(0, 2.0, 3e6)),
        *(row(1, 1.0, 1.7, 0.54, 0), row(1, 2.0, 9.0)),
        *(
            row(0, 1.0, 1.5, form="from one"),
            row(0, 2.0, None, form="from one"),
        ),
        FAILED,
    ]
    lines = stability_report.markdown(rows, RECORD).splitlines()
    head, _, zero, one, _, failed = lines[-6:]
    assert "loss, contrast 1 | loss, contrast 2 |" in head
    # 12.7 standard errors from two seeds, each 2 points from their mean.
    assert zero == (
        "| from zero | running | 2 | 52.0 ± 25.4 | 1.6 (1.7) "
        "| 1.5e+06 (3e+06) | 1 |"
    )
    assert (
        one == "| from one | running | 1 | 50.0 | 1.5 (1.5) | not finite | 1 |"
    )
    assert failed == "- failed: from one, seed 1: the loss became nan"


def test_differences_are_seed_by_seed():
    """Of the seeds that both forms have; an interval needs two."""
    rows = [
        *(
            row(0, 1.0, 1.5, 0.50, form="one"),
            row(1, 1.0, 1.7, 0.54, form="one"),
        ),
        *(row(0, 2.0, 2.5, form="one"), row(1, 2.0, None, form="one")),
        *(row(1, 1.0, 1.5, 0.60), row(0, 1.0, 1.5, 0.52), row(2, 1.0, 9.0)),
        *(row(0, 2.0, 1.0), row(1, 2.0, 1.0)),
    ]
    text = stability_report.markdown(rows, RECORD)
    # 12.7 standard errors of the differences 2 and 6, 0 and -0.2.
    assert (
        "- from zero less one: top-1 +4.0 ± 25.4 points, "
        "loss at contrast 1 -0.10 ± 1.27\n"
    ) in text


def test_files_where_the_first_run_failed(tmp_path):
    stability_report.write(tmp_path, [FAILED, row(0, 1.0, 1.5)], RECORD)
    head, first, second = (tmp_path / "stability.csv").read_text().splitlines()
    assert head.startswith("form,seed,error,images,")
    assert first.startswith("from one,1,the loss became nan,,")
    assert second.startswith("from zero,0,,1000,")


def test_contrast_is_around_the_mean_of_the_image(monkeypatch):
    from contrasts import _with_contrast

    images = np.array([[[[10.0, 30.0]]], [[[100.0, 200.0]]]])
    monkeypatch.setattr("contrasts.preprocess_input", lambda x: x)
    np.testing.assert_allclose(
        _with_contrast(images, 2), [[[[0, 40]]], [[[50, 250]]]]
    )


def test_flags_that_differ_from_run_to_run():
    results = commands.run_many(
        SCRIPT,
        [
            ["--seed=3"],
            ["--attention_config=use_qk_norm=true"],
            ["--contrasts=0.5,2"],
            ["--contrasts=1,high"],
        ],
    )
    lines = [error_line(result) for result in results]
    assert "expected no --seed and no --attention_config" in lines[0]
    assert "expected no --seed and no --attention_config" in lines[1]
    assert "expected 1 among --contrasts" in lines[2]
    assert "expected --contrasts=0.5,1,2, got 1,high" in lines[3]


@pytest.mark.slow
def test_each_form_is_trained_and_evaluated(tmp_path):
    """Statistics of one network differ, and its weights do not."""
    result = commands.run(
        SCRIPT,
        *("--model=sanet", "--dataset=digits", "--image_size=32"),
        *("--alpha=0.1", "--batch_size=256", "--decay_epochs=", "--epochs=1"),
        *("--learning_rate=0.05", "--images=20", "--contrasts=1,2"),
        *("--seeds=1", "--precise_batch_norm=256"),
        f"--output_dir={tmp_path}",
    )
    assert result.returncode == 0, result.stderr
    for form, scale in (("one", "ones"), ("zero", "zeros")):
        folder = tmp_path / f"from-{form}-seed0"
        flags = json.loads((folder / "run.json").read_text())["flags"]
        assert flags["attention_config"] == [f"gamma_initializer={scale}"]
        rows = json.loads((folder / "contrasts.json").read_text())["rows"]
        assert [(r["statistics"], r["contrast"]) for r in rows] == [
            *(("running", 1), ("running", 2)),
            *(("precise", 1), ("precise", 2)),
        ]
        assert len({r["loss"] for r in rows}) == 4
    table = (tmp_path / "stability.md").read_text()
    assert "| from zero, QK-norm | precise | 1 |" in table
