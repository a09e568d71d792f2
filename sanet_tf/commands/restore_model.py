"""What `sanet restore` restores with: models, and processes."""

import contextlib

from sanet_tf.utils.errors import UserError


def open_model(paths, tta, uncertainty, clustered, threads, providers):
    """The model, or all of them as one.

    Args:
        paths: of the models.
        tta: whether each restores a stack in all eight ways.
        uncertainty: whether there must be one.
        clustered: whether the model must be able to restore tiles.
        threads: see `sanet_tf.load`.
        providers: see `sanet_tf.load`.

    Raises:
        UserError: a model cannot be loaded, or cannot do this.
    """
    from sanet_tf.inference import load
    from sanet_tf.restoration.ensemble import Ensemble
    from sanet_tf.restoration.restorer import is_probabilistic

    models = [load(path, threads, providers) for path in paths]
    for path, model in zip(paths, models, strict=True):
        if not hasattr(model, "restore"):
            raise UserError(
                f"{path} classifies pictures, expected a restoration model: "
                f"sanet predict --model={path} photo.jpg"
            )
    if clustered and not hasattr(models[0], "logdir"):
        raise UserError(
            "--cluster needs the folder of the trained model; "
            f"{paths[0]} is an exported one, which restores no tiles"
        )
    if len(models) > 1 or tta:
        return Ensemble(models, tta)
    if uncertainty and not is_probabilistic(models[0]):
        raise UserError(
            "--uncertainty needs several models, --tta, or a model that was "
            f"trained with --probabilistic; {paths[0]} was not"
        )
    return models[0]


@contextlib.contextmanager
def executor_of(cluster, threads):
    """The workers of a cluster; None: this process restores by itself."""
    if cluster is None:
        yield None
        return
    from sanet_tf.restoration.distributed.cluster import connect

    with connect(cluster, threads) as workers:
        print(f"{workers.workers} workers, watched at {workers.dashboard}")
        yield workers
