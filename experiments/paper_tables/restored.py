"""Tables 6 and 9, and the U-Nets: restoration in 3-D."""

import math

from table6_report import LABELS, METRICS, main_mode

from paper_tables import quoted
from paper_tables.records import TABLE_6
from paper_tables.table import EXACT, MEASURED, NAME, QUOTED, Table
from sanet_tf.utils.intervals import plus_minus

DIGITS = {"psnr": 3, "ssim": 4, "nrmse": 4}


def table_6(records):
    """PSNR, SSIM and NRMSE; the rows of the paper, then other data."""
    rows = []
    for name in dict.fromkeys([*quoted.TABLE_6, *records.restored]):
        source = records.restored.get(name)
        own = _of_main_mode(source.rows) if source else {}
        for number, metric in enumerate(METRICS):
            measured = [
                _measured(own.get(network), metric) for network in LABELS
            ]
            printed = [
                quoted.TABLE_6[name][network][number]
                if name in quoted.TABLE_6
                else None
                for network in LABELS
            ]
            rows.append([name, metric.upper(), *measured, *printed])
    paper = ", ".join(quoted.TABLE_6)
    return Table(
        "Table 6: restoration",
        (
            *(("data", NAME), ("metric", NAME)),
            *((label, MEASURED) for label in LABELS.values()),
            *((label, QUOTED) for label in LABELS.values()),
        ),
        rows,
        [
            *(
                f"*measured*, {name}: {source}; {source.rows[0]['seeds']} "
                f"seeds, mean ± 95 % interval. {_below(source.rows)}"
                f"{_gvtnets(source.record)}"
                for name, source in records.restored.items()
            ),
            f"The data of the paper ({paper}) were not at hand: no row has "
            f"both measured and quoted numbers. `{TABLE_6}` fills them in."
            if not records.restored.keys() & quoted.TABLE_6.keys()
            else "Networks measured here are trained by the commands above, "
            "not by the paper's.",
        ],
    )


def unet_counts(records):
    """Counts of the networks of Table 6."""
    rows = [
        [
            f"`{model}`",
            f"{count['parameters']:,}",
            f"{count['madd_patch'] / 1e9:,.2f}",
            f"{count['madd_volume'] / 1e9:,.0f}",
            f"{count['attention_bytes_patch'] / 1e6:,.2f}",
            f"{count['attention_bytes_volume'] / 1e9:,.2f}",
        ]
        for model, count in records.unets.items()
    ]
    return Table(
        "Networks of Table 6",
        (
            *(("network", NAME), ("parameters", EXACT)),
            *(("GMAdd, patch", EXACT), ("GMAdd, volume", EXACT)),
            *(("attention, patch (MB)", EXACT),),
            *(("attention, volume (GB)", EXACT),),
        ),
        rows,
        [
            "A patch is 16 × 64 × 64, a volume 95 × 1024 × 1024; memory of the "
            "attention is by the rule of Table 2."
        ],
    )


def table_9(records):
    """The data of Table 6."""
    rows = []
    for name, printed in quoted.TABLE_9.items():
        _, _, patch, _, volume = printed
        ratio = _voxels(volume) / _voxels(patch)
        rows.append([name, *printed, f"{ratio:,.0f}"])
    return Table(
        "Table 9: data of Table 6",
        (
            *(("data", NAME), ("task", QUOTED), ("patches", QUOTED)),
            *(("patch", QUOTED), ("test volumes", QUOTED)),
            *(("test volume", QUOTED), ("volume / patch", EXACT)),
        ),
        rows,
        [
            "Volume / patch: positions of a test volume for one of a patch, "
            "over which the two means of SAO are taken."
        ],
    )


def _of_main_mode(rows):
    mode = main_mode([row["statistics"] for row in rows])
    return {row["network"]: row for row in rows if row["statistics"] == mode}


def _below(rows):
    """What is said of the networks beside filters without training."""
    own = _of_main_mode(rows)
    if any(row["below"] is None for row in own.values()):
        return "The record has no filters that need no training."
    lost = [
        f"{LABELS[network]} is below {row['below'].replace(' ', ', ')}"
        for network, row in own.items()
        if row["below"] != "none"
    ]
    if not lost:
        return "None is below a filter that needs no training."
    return f"Of filters that need no training: {'; '.join(lost)}."


def _gvtnets(record):
    """Says it if the columns are of another network than their heads name."""
    is_gvtnet = record.get("flags", {}).get("network") == "gvtnet"
    return " Its networks are GVTNets, not U-Nets." * is_gvtnet


def _measured(row, metric):
    if row is None or row[metric] is None:
        return None
    return plus_minus(row[metric], row[f"{metric}_ci95"], DIGITS[metric])


def _voxels(size):
    return math.prod(int(side) for side in size.split("×"))
