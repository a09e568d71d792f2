"""What the tables of the papers are made of, in tests."""

import dataclasses

from paper_tables import records

from tests import command_line as commands

RESULTS = commands.ROOT / "results"
COMPARED = [
    {
        **{"model": "mobilenet_v2", "seeds": 3, "val_top1": 0.7},
        **{"val_top1_ci95": 0.01, "val_top5": 0.9, "val_top5_ci95": 0.01},
        **dict.fromkeys(("difference", "difference_low", "difference_high")),
    },
    {
        **{"model": "sanet", "seeds": 3, "val_top1": 0.7125},
        **{"val_top1_ci95": 0.02, "val_top5": 0.9, "val_top5_ci95": 0.01},
        **{"difference": 0.0125, "difference_low": -0.03},
        **{"difference_high": 0.055},
    },
]


def load():
    """The committed records, and a comparison if they have none."""
    loaded = records.load(RESULTS)
    if loaded.compared is not None:
        return loaded
    record = {
        **{"command": "python experiments/compare.py", "machine": "a machine"},
        **{"baseline": "mobilenet_v2"},
        "data": {"name": "imagenette160", "image_size": 96},
    }
    compared = records.Recorded(COMPARED, record)
    return dataclasses.replace(loaded, compared=compared)
