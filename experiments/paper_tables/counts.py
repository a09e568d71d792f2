"""Table 8, and the counts of every network that no other table has."""

from paper_tables import quoted
from paper_tables.records import COUNT
from paper_tables.table import EXACT, NAME, RECALLED, Table, millions
from sanet_tf.utils.errors import UserError

_RECALLED = ", recalled"  # ends the source of what was not at hand


def count_of(records, model):
    """A row of counts.csv."""
    if model not in records.counts:
        raise UserError(
            f"counts.csv has no row of {model}; `{COUNT}` counts all networks"
        )
    return records.counts[model]


def table_8(records):
    """SANet, row by row, as it is built."""
    size, channels = 112, 32
    rows = [["224² × 3", "Conv2D 3×3", "-", "32", "1", "2"]]
    for attention, expansion, filters, count, strides in records.network:
        module = "AttnModule" if attention else "BaseModule"
        numbers = (expansion, filters, count, strides)
        rows.append([f"{size}² × {channels}", module, *map(str, numbers)])
        size, channels = size // strides, filters
    rows.append([f"{size}² × {channels}", "Conv2D 1×1", "-", "1280", "1", "1"])
    rows.append([f"{size}² × 1280", "AvgPool + FC", "-", "k", "1", "-"])
    pairs = zip(rows, quoted.TABLE_8, strict=True)
    different = [own[0] for own, printed in pairs if tuple(own) != printed]
    return Table(
        "Table 8: SANet",
        (
            *(("input", EXACT), ("operator", NAME), ("r", EXACT)),
            *(("c", EXACT), ("n", EXACT), ("s", EXACT)),
        ),
        rows,
        [
            "Read from the table that the networks are built from; "
            + (
                f"the rows {', '.join(different)} differ from the printed ones."
                if different
                else "every cell is as printed."
            )
        ],
    )


def other_networks(records, tables):
    """Counts of the networks that are not in `tables`."""
    shown = {model for table in tables for model in table}
    rows = [
        [
            f"`{model}`",
            f"{count['parameters']:,}",
            f"{count['parameters_paper_rule']:,}",
            count["paper_parameters"],
            *(millions(count[name]) for name in ("madd", "madd_computed")),
            count["paper_madd"] and f"{count['paper_madd'] / 1e6:.0f} M",
            count["source"] and count["source"].removesuffix(_RECALLED),
        ]
        for model, count in records.counts.items()
        if model not in shown
    ]
    return Table(
        "Further networks",
        (
            *(("network", NAME), ("parameters", EXACT)),
            *(("without BatchNorm", EXACT), ("parameters", RECALLED)),
            *(("MAdd", EXACT), ("MAdd as computed", EXACT)),
            *(("MAdd", RECALLED), ("source", NAME)),
        ),
        rows,
        [
            f"`{model}`: {count['note']}"
            for model, count in records.counts.items()
            if model not in shown and count["note"]
        ],
    )
