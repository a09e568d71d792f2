"""What the committed records say: CSV rows and how they were made."""

import ast
import csv
import dataclasses
import json
from pathlib import Path

import sanet_tf
from sanet_tf.utils.errors import UserError

COUNT = "python profiling/count_models.py --output=results/profiling"
TABLE_2 = "python profiling/run_table2.py --output=results/profiling"
TABLE_6 = (
    "python experiments/table6.py --output=results/restoration/NAME "
    "[flags of experiments/restoration.py]"
)
COMPARE = (
    "python experiments/compare.py --networks=mobilenet_v2,sanet,... --seeds=5 "
    "--data_dir=DIR --flagfile=comparison "
    "--output=results/classification/comparison"
)
COUNTS = {
    **dict.fromkeys(
        (
            *("parameters", "parameters_paper_rule"),
            *("madd", "madd_computed", "paper_madd"),
        ),
        int,
    ),
    **dict.fromkeys(("paper_parameters", "source", "note"), str),
}
UNET_COUNTS = dict.fromkeys(
    (
        *("parameters", "madd_patch", "madd_volume"),
        *("attention_bytes_patch", "attention_bytes_volume"),
    ),
    int,
)
PROFILE = {
    "size": str,
    "operator": str,
    "batch_size": int,
    **dict.fromkeys(
        (
            *("madd", "memory_bytes", "memory_bytes_paper_rule", "saving"),
            *("wall_ms", "wall_spread_ms", "speedup", "paper_madd"),
            *("paper_memory", "paper_saving", "paper_ms", "paper_speedup"),
        ),
        float,
    ),
}
RESTORED = {
    "network": str,
    "statistics": str,
    "seeds": int,
    **{
        name + suffix: float
        for name in ("psnr", "ssim", "nrmse")
        for suffix in ("", "_ci95")
    },
    "below": str,
}
OLDER_WITHOUT = ("below",)  # columns
COMPARED = {
    "model": str,
    "seeds": int,
    **dict.fromkeys(
        (
            *("val_top1", "val_top1_ci95", "val_top5", "val_top5_ci95"),
            *("difference", "difference_low", "difference_high"),
        ),
        float,
    ),
}


@dataclasses.dataclass(frozen=True)
class Recorded:
    """A CSV and the record of the command that wrote it.

    Attributes:
        rows: dictionaries.
        record: contents of the .run.json; None where a count needs none.
    """

    rows: list
    record: dict | None = None

    def __str__(self):
        text = f"`{self.record['command']}` on {self.record['machine']}"
        if (self.record.get("commit") or "").endswith("-dirty"):
            text += ", from a working copy with changes not committed"
        return text


@dataclasses.dataclass(frozen=True)
class Records:
    """All that TABLES.md is made from; see `load`."""

    counts: dict  # {model: row}
    unets: dict
    profile: Recorded
    restored: dict  # {data set: Recorded}
    compared: Recorded | None
    network: tuple  # Table 8 as the networks are built from it


def load(results):
    """Reads the records.

    Args:
        results: the folder `results`. Of its files
            classification/comparison/compare.csv may be missing.

    Raises:
        UserError: another file is missing, or one is malformed.
    """
    profiling = results / "profiling"
    restored = {
        path.parent.name: _source(path, RESTORED, TABLE_6)
        for path in sorted(results.glob("restoration/*/table6.csv"))
    }
    compared = results / "classification/comparison/compare.csv"
    return Records(
        counts=_by_model(profiling / "counts.csv", COUNTS),
        unets=_by_model(profiling / "unet_counts.csv", UNET_COUNTS),
        profile=_source(profiling / "table2.csv", PROFILE, TABLE_2),
        restored=restored,
        compared=_source(compared, COMPARED, COMPARE, ("baseline", "data"))
        if compared.exists()
        else None,
        network=_constant("models/network.py", "TABLE_8"),
    )


def _by_model(path, columns):
    rows = _rows(path, {"model": str, **columns}, COUNT)
    return {row["model"]: row for row in rows}


def _source(path, columns, command, entries=()):
    record = path.with_suffix(".run.json")
    rows = _rows(path, columns, command)
    try:
        content = json.loads(record.read_text())
        missing = {"command", "machine", *entries} - content.keys()
    except FileNotFoundError as error:
        raise _missing(record, command) from error
    except (ValueError, AttributeError) as error:
        raise UserError(
            f"{record} is not the record of a run; `{command}` makes it"
        ) from error
    if missing:
        raise UserError(
            f"{record} does not have {' and '.join(sorted(missing))}; "
            f"`{command}` makes it"
        )
    return Recorded(rows, content)


def _rows(path, columns, command):
    """Rows with the given columns, as their types; None where blank."""
    try:
        with open(path, newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError as error:
        raise _missing(path, command) from error
    if not rows:
        raise UserError(f"{path} has no rows; `{command}` makes it")
    converted = []
    for line, row in enumerate(rows, 2):
        converted.append({})
        for name, kind in columns.items():
            try:
                is_old = name in OLDER_WITHOUT and name not in row
                text = None if is_old else row[name]
                converted[-1][name] = kind(text) if text else None
            except KeyError as error:
                raise UserError(
                    f"{path} has no column {name}; `{command}` makes it"
                ) from error
            except ValueError as error:
                raise UserError(
                    f"{path}, line {line}: expected a number as {name}; "
                    f"got {text!r}; `{command}` makes it"
                ) from error
    return converted


def _missing(path, command):
    return UserError(f"there is no {path}; `{command}` makes it")


def _constant(path, name):
    """A literal of a module, read without importing it and Keras."""
    path = Path(sanet_tf.__file__).parent / path
    for statement in ast.parse(path.read_text()).body:
        if isinstance(statement, ast.Assign) and (
            getattr(statement.targets[0], "id", None) == name
        ):
            return ast.literal_eval(statement.value)
    raise UserError(f"{path} does not define {name}")
