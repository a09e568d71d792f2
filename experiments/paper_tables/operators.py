"""Tables 1 and 2: the operators alone."""

from paper_tables import quoted
from paper_tables.table import EXACT, MEASURED, NAME, QUOTED, Table, millions

LABELS = {
    "softmax": "Attn",
    "pooled": "Attn+Pool",
    "scaled": "Attn 1/N",
    "siamese": "SAO",
}
FORMULAS = {  # multiply-adds, numbers that are held beside the output
    "softmax": ("2 N² d", "N²"),
    "scaled": ("2 N d²", "d²"),
    "siamese": ("4 N d", "N + 2 d"),
}
CUT = "the paper cuts where it rounds elsewhere"
WHY_MEMORY = {
    ("56x256", "softmax"): (
        "scores and output come to 4.29 + 0.27 GB, and what else is counted "
        "is not said"
    ),
    ("56x256", "scaled"): CUT,
    ("56x256", "siamese"): CUT,
}


def table_1(records):
    """Time and space complexity."""
    size, largest = "56x256", {}
    for row in records.profile.rows:
        if row["size"] == size:
            largest[row["operator"]] = row["madd"]
    rows = []
    for operator, (madd, held) in FORMULAS.items():
        computation, time, space = quoted.TABLE_1[LABELS[operator]]
        count = largest.get(operator)
        rows.append(
            [
                *(LABELS[operator], computation, time, madd),
                None if count is None else f"{count:,.0f}",
                *(space, held),
            ]
        )
    return Table(
        "Table 1: complexity of the operators",
        (
            *(("operator", NAME), ("computation", QUOTED)),
            *(("time", QUOTED), ("MAdd", EXACT), ("MAdd at 56² × 256", EXACT)),
            *(("space", QUOTED), ("numbers held beside the output", EXACT)),
        ),
        rows,
        [
            "The printed O(N × d) of SAO is its output, which the two other "
            "rows leave out; beside it SAO holds Kᵀw, the mean value and "
            "V Kᵀ w / N.",
            "The softmax overwrites the scores; they are counted once.",
        ],
    )


def table_2(records):
    """MAdd, memory and time."""
    rows, notes = [], []
    for row in records.profile.rows:
        if row["operator"] not in LABELS:
            continue
        scale, name = _memory_unit(row, records.profile.rows)
        rule, printed = (
            _amount(row[column], scale, name)
            for column in ("memory_bytes_paper_rule", "paper_memory")
        )
        side, channels = row["size"].split("x")
        label = f"{side}²\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}{channels}"
        if None not in (rule, printed) and rule != printed:
            why = WHY_MEMORY.get((row["size"], row["operator"]))
            notes.append(
                f"Memory of {LABELS[row['operator']]} at {label}: {rule} by "
                f"the rule, {printed} printed: {why or 'not explained'}."
            )
        rows.append(
            [
                *(label, LABELS[row["operator"]]),
                *_madds(row),
                *(rule, printed),
                _natural(row["memory_bytes"], (1e9, "GB"), (1e6, "MB")),
                *(_percent(row[n]) for n in ("saving", "paper_saving")),
                _time(row),
                _amount(row["paper_ms"], *_time_unit(row, records)),
                *(_ratio(row[n]) for n in ("speedup", "paper_speedup")),
            ]
        )
    batch = records.profile.rows[0]["batch_size"]
    return Table(
        "Table 2: operators alone",
        (
            *(("input", NAME), ("operator", NAME)),
            *(("MAdd", EXACT), ("MAdd", QUOTED)),
            *(("memory, paper's rule", EXACT), ("memory", QUOTED)),
            *(("memory asked for", MEASURED),),
            *(("saving", MEASURED), ("saving", QUOTED)),
            *(("time", MEASURED), ("time", QUOTED)),
            *(("speed-up", MEASURED), ("speed-up", QUOTED)),
        ),
        rows,
        [
            f"*measured*: {records.profile}; batch {batch}, one head, nothing "
            "projected; median, in brackets half the interquartile range.",
            "The paper does not state the batch. Its memory follows from 64 "
            "maps, with every output rounded up to a power of two, as "
            "TensorFlow's allocator did then; today's does not.",
            *notes,
        ],
        second="saving",
    )


def _madds(row):
    printed = row["paper_madd"]
    return (
        None if row["madd"] is None else millions(row["madd"]),
        None if printed is None else millions(printed),
    )


def _memory_unit(row, rows):
    """The paper prints all memory of a size in the unit of the largest."""
    own = [r["paper_memory"] for r in rows if r["size"] == row["size"]]
    large = max((value or 0 for value in own), default=0) >= 1e9
    return (1e9, "GB") if large else (1e6, "MB")


def _time_unit(row, records):
    own = [
        r["paper_ms"] for r in records.profile.rows if r["size"] == row["size"]
    ]
    large = max((value or 0 for value in own), default=0) >= 1e3
    return (1e3, "s") if large else (1, "ms")


def _amount(value, scale, unit):
    return None if value is None else f"{value / scale:,.2f} {unit}"


def _natural(value, *units):
    """In the first unit of which there is at least one, or the last."""
    if value is None:
        return None
    scale, unit = next((u for u in units if value >= u[0]), units[-1])
    return _amount(value, scale, unit)


def _time(row):
    if row["wall_ms"] is None:
        return None
    return f"{row['wall_ms']:,.2f} ({row['wall_spread_ms']:,.2f}) ms"


def _percent(value):
    return None if value is None else f"{value:.2%}"


def _ratio(value):
    return None if value is None else f"{value:,.2f}×"
