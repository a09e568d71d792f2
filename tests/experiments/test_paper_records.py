"""experiments/make_tables.py on records that are missing or damaged."""

import re
import shutil

from tests import command_line as commands
from tests.experiments.conftest import error_line

RESULTS = commands.ROOT / "results"
SCRIPT = "experiments/make_tables.py"
INPUTS = ("profiling/*.csv", "profiling/*.json", "restoration/*/table6.*")


def test_missing_and_malformed_records_are_one_line(tmp_path):
    cases = {  # name: file, its new text from the old one
        "missing": ("profiling/counts.csv", None),
        "empty": ("profiling/counts.csv", lambda text: "model\n"),
        "column": ("profiling/unet_counts.csv", lambda text: "model\nunet\n"),
        "record": ("profiling/table2.run.json", None),
        "json": ("profiling/table2.run.json", lambda text: "{"),
        "entry": ("profiling/table2.run.json", lambda text: "{}"),
        "number": (
            "restoration/w2s/table6.csv",
            lambda text: re.sub(r"\d+\.\d+", "many", text, count=1),
        ),
    }
    flags = []
    for name, (path, change) in cases.items():
        for pattern in INPUTS:
            for source in RESULTS.glob(pattern):
                target = tmp_path / name / source.relative_to(RESULTS)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        target = tmp_path / name / path
        if change is None:
            target.unlink()
        else:
            target.write_text(change(target.read_text()))
        flags.append([f"--results={tmp_path / name}"])
    lines = map(error_line, commands.run_many(SCRIPT, flags))
    for line, expected in zip(
        lines,
        (
            "counts.csv; `python profiling/count_models.py --output=",
            "counts.csv has no rows; `python profiling/count_models.py",
            "unet_counts.csv has no column parameters; `python",
            "table2.run.json; `python profiling/run_table2.py",
            "table2.run.json is not the record of a run; `python",
            "table2.run.json does not have command and machine; `python",
            "line 2: expected a number as psnr; got 'many'; `python",
        ),
        strict=True,
    ):
        assert expected in line
    assert not list(tmp_path.glob("*/TABLES.md"))
