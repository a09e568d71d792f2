"""The arithmetic of a comparison of networks over seeds.

Accuracy is that of the last epoch: no epoch is chosen by the images on which
it is reported. That of the best one stands beside it. Differences are paired:
seed by seed, against the baseline of the same seed.
"""

import statistics as stats

from sanet_tf.utils.intervals import half_width

METRICS = ("val_top1", "best_val_top1", "val_top5")
OF_METRICS = {  # column of runs.csv: where metrics.json has it
    "val_top1": ("last", "val_top1"),
    "val_top5": ("last", "val_top5"),
    "best_val_top1": ("best", "val_top1"),
    "best_epoch": ("best", "epoch"),
    "epochs": ("last", "epoch"),
    "parameters": ("parameters",),
    "madd": ("madd",),
    "seconds_per_epoch": ("seconds_per_epoch",),
    "backend": ("backend",),
    "device": ("device",),
}


def run_rows(keys, results, failed):
    """A row a run, of the models in their order.

    Args:
        keys: pairs `(model, seed)`.
        results: `{(model, seed): contents of metrics.json}`.
        failed: `{(model, seed): line of error}`.
    """
    models = list(dict.fromkeys(model for model, _ in keys))
    rows = []
    for model, seed in sorted(keys, key=lambda k: (models.index(k[0]), k[1])):
        row = {"model": model, "seed": seed}
        for column, path in OF_METRICS.items():
            value = results.get((model, seed))
            for name in path if value is not None else ():
                value = value[name]
            row[column] = value
        rows.append({**row, "error": failed.get((model, seed))})
    return rows


def model_rows(runs, baseline):
    """A row a model: means, their intervals, differences from the baseline.

    Args:
        runs: rows of `run_rows`.
        baseline: name of a model.
    """
    rows = []
    for model in dict.fromkeys(run["model"] for run in runs):
        own = [run for run in runs if run["model"] == model]
        done = [run for run in own if run["error"] is None]
        row = {
            "model": model,
            "seeds": len(done),
            "failed": len(own) - len(done),
        }
        for metric in METRICS:
            values = [run[metric] for run in done]
            row[metric] = _rounded(stats.fmean(values) if values else None)
            row[f"{metric}_ci95"] = _rounded(half_width(values))
        for name in ("parameters", "madd"):
            row[name] = done[0][name] if done else None
        seconds = [run["seconds_per_epoch"] for run in done]
        row["seconds_per_epoch"] = stats.median(seconds) if done else None
        rows.append({**row, **difference(runs, model, baseline)})
    return rows


def difference(runs, model, baseline):
    """What a model gains over the baseline, seed by seed."""
    top1 = {
        (run["model"], run["seed"]): run["val_top1"]
        for run in runs
        if run["error"] is None
    }
    gains = [
        value - top1[baseline, seed]
        for (name, seed), value in top1.items()
        if name == model and model != baseline and (baseline, seed) in top1
    ]
    mean = stats.fmean(gains) if gains else None
    half = half_width(gains)
    return {
        "difference": _rounded(mean),
        "difference_low": None if half is None else _rounded(mean - half),
        "difference_high": None if half is None else _rounded(mean + half),
        "pairs": len(gains),
    }


def _rounded(value):
    return None if value is None else round(value, 6)
