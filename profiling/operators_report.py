"""The files of run_operators.py."""

from sanet_tf.utils.files import write_csv, write_text


def write(directory, rows, targets, record):
    """Writes operators.csv, targets.csv and operators.md; says the targets."""
    lines = [_target_row(target) for target in targets]
    for line in lines:
        print(f"{line['met']:12} {line['target']}: {line['measured']}")
    write_csv(directory / "operators.csv", rows)
    write_csv(directory / "targets.csv", lines)
    write_text(directory / "operators.md", _markdown(rows, lines, record))


def _target_row(target):
    return {
        "target": target.name,
        "measured": ""
        if target.measured is None
        else round(target.measured, 3),
        "limit": f"{'>=' if target.at_least else '<='} {target.limit}",
        "met": {True: "met", False: "missed", None: "not measured"}[target.met],
    }


def _markdown(rows, targets, record):
    return "\n".join(
        [
            "# The operators against the memory bus and their baselines",
            "",
            f"`{record['command']}`",
            "",
            f"*Measured* on {record['machine']}; TensorFlow "
            f"{record['versions']['tensorflow']}, Keras "
            f"{record['versions']['keras']}; float32, nothing projected. "
            "Calls of a group were made in turn; median, and half the "
            "interquartile range.",
            "",
            "| target | measured | limit | |",
            "|---|---:|---:|---|",
            *(
                f"| {t['target']} | {t['measured']} | {t['limit']} "
                f"| {t['met']} |"
                for t in targets
            ),
            "",
            "| group | call | ms | half IQR |",
            "|---|---|---:|---:|",
            *(
                f"| {row['group']} | {row['call']} | {row['wall_ms']} "
                f"| {row['spread_ms']} |"
                for row in rows
            ),
            "",
        ]
    )
