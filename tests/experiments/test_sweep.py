"""experiments/sweep.py: variants from a file, and their table."""

import pytest
import sweep_report

from tests import command_line as commands
from tests.experiments.conftest import error_line

SCRIPT = "experiments/sweep.py"
RECORD = {
    "command": "python experiments/sweep.py",
    "flags": {"model": "mobilenet_v2", "seed": 3},
}


def test_what_a_variant_may_be(tmp_path):
    """All is refused before anything is trained."""
    texts = {
        "form": "slow --epochs",
        "unknown": "slow --epoch=3",
        "other script": "slow --statistics=tile",
        "twice": "slow --epochs=3\n\nslow --epochs=4",
        "no such argument": "deep --model=resnet50 --alpha=0.5",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(f"# a comment\n{text}\n")
    results = commands.run_many(
        SCRIPT,
        [
            [f"--variants={tmp_path / name}", "--dataset=digits"]
            for name in [*texts, "nowhere"]
        ],
    )
    lines = [error_line(result) for result in results]
    for line, item in zip(
        lines[:3], ("--epochs", "--epoch=3", "--statistics=tile"), strict=True
    ):
        assert f"in 'slow', got '{item}'" in line
    assert "two variants are named 'slow'" in lines[3]
    assert lines[4].startswith("error: --network=resnet50 has no alpha")
    assert "expected --variants=FILE" in lines[5]


def metrics_of(top1):
    return {
        "last": {"val_top1": top1, "val_loss": 1.25, "top1": 0.5, "epoch": 5}
    }


def test_table():
    """The best first; a failure is named."""
    rows = [
        sweep_report.row("slow", "--epochs=5", metrics_of(0.51), None),
        sweep_report.row("fast", "", metrics_of(0.62), None),
        sweep_report.row(
            "wild", "--learning_rate=9", None, "the loss became nan"
        ),
    ]
    lines = sweep_report.markdown(rows, RECORD).splitlines()
    assert lines[-4:] == [
        "| fast | ` ` | 5 | 62.00 | 1.250 | 50.00 |",
        "| slow | `--epochs=5` | 5 | 51.00 | 1.250 | 50.00 |",
        "",
        "- wild (`--learning_rate=9`) failed: the loss became nan",
    ]


@pytest.mark.slow
def test_runs_differ_in_their_flags(tmp_path):
    (tmp_path / "variants").write_text("one --epochs=1\ntwo --epochs=2\n")
    result = commands.run(
        SCRIPT,
        f"--variants={tmp_path / 'variants'}",
        *("--model=mobilenet_v1", "--dataset=digits", "--image_size=32"),
        *("--alpha=0.1", "--batch_size=256", "--decay_epochs="),
        f"--output_dir={tmp_path / 'out'}",
    )
    assert result.returncode == 0, result.stderr
    table = (tmp_path / "out" / "recipe.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in table[1:]] == ["one", "two"]
    assert [line.split(",")[-1] for line in table[1:]] == ["1", "2"]
