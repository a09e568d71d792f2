"""The columns that experiments/compare.py measured, for any table."""

import dataclasses

from paper_tables.records import Recorded
from paper_tables.table import MEASURED
from sanet_tf.utils.intervals import plus_minus


@dataclasses.dataclass(frozen=True)
class Accuracy:
    """Validation accuracies of one comparison, or of none.

    Attributes:
        source: compare.csv and its record; None: nothing was measured.
    """

    source: Recorded | None

    @property
    def columns(self):
        """Two headings with their status."""
        if self.source is None:
            return ("top-1 (%)", MEASURED), ("difference", MEASURED)
        record = self.source.record
        data = record["data"]
        size = data["image_size"]
        return (
            (f"top-1 (%), {data['name']} at {size} × {size}", MEASURED),
            (f"difference from `{record['baseline']}`", MEASURED),
        )

    def cells(self, model):
        """Mean ± interval, and the difference with its interval."""
        for row in self.source.rows if self.source else ():
            if row["model"] == model and row["val_top1"] is not None:
                return _top1(row), _difference(row)
        return None, None

    def notes(self, models, data="folder --data_dir=DIR"):
        """What the two columns are, or the command that would fill them.

        Args:
            models: names of the networks.
            data: a value of --dataset for that command.
        """
        if any(self.cells(model)[0] for model in models):
            return [
                f"*measured*: {self.source}; mean ± 95 % interval over "
                f"{self._seeds(models)}, last epoch; the difference, over the "
                "seeds that both have, with its own."
            ]
        return [
            "*measured*: nothing yet; `python experiments/compare.py "
            f"--networks={','.join(models)} --seeds=3 --dataset={data}` would."
        ]

    def _seeds(self, models):
        """How many there are, and of which networks if not of all."""
        named = {}
        for row in self.source.rows:
            if row["model"] in models and row["seeds"]:
                named.setdefault(row["seeds"], []).append(f"`{row['model']}`")
        if len(named) == 1:
            return f"{next(iter(named))} seeds"
        return " and ".join(
            f"{count} seeds of {', '.join(names)}"
            for count, names in sorted(named.items(), reverse=True)
        )


def _top1(row):
    half = row["val_top1_ci95"]
    return plus_minus(
        100 * row["val_top1"], None if half is None else 100 * half, 2
    )


def _difference(row):
    if row["difference"] is None:
        return None
    text = f"{100 * row['difference']:+.2f}"
    if row["difference_low"] is None:
        return text
    low, high = (100 * row[f"difference_{end}"] for end in ("low", "high"))
    return f"{text} [{low:+.2f}, {high:+.2f}]"
