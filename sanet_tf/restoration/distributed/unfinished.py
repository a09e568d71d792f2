"""Results that are kept where their making is interrupted."""

import contextlib
import functools
import hashlib
import os
import shutil
import uuid
from pathlib import Path

from sanet_tf.restoration.distributed.journal import Journal
from sanet_tf.restoration.io import inputs, stack
from sanet_tf.restoration.io.sequences import plane_files
from sanet_tf.utils import files, replacement
from sanet_tf.utils.errors import UserError

JOURNAL = "journal.jsonl"
HEAD = ("head",)


def folder_of(target):
    """Where a result is made, as long as it is not whole."""
    name = target.stem
    if target.suffix == ".zarr":
        name = inputs.without_zarr(target.name)
    return target.with_name(f"unfinished-{name}")


@contextlib.contextmanager
def unfinished(targets, create, identity, anew=False):
    """Has results made within a `with` block, or goes on with old ones.

    They appear under their names when the block ends without an error, the
    first of them last. Otherwise they are kept in `folder_of` it, if the
    journal has any; not after a `ValueError` of the stack or of the model,
    which the same command would end in again.

    Args:
        targets: `Path`s of the results.
        create: function of the number of a result and of the path to make it
            at.
        identity: what the results depend on, a dictionary.
        anew: whether results that depend on something else are removed.

    Yields:
        The paths of the unfinished results, and a `Journal` of what is done.

    Raises:
        UserError: there are results that depend on something else, another
            process works on them, or the operating system refuses.
    """
    folder = folder_of(targets[0])
    for target in targets:
        stack.check_target(target)
    _check_disks(targets)
    with files.os_errors_as_user_errors(folder):
        files.make_directory(folder)
        journal = Journal(folder / JOURNAL)
    with journal:
        try:
            if len(journal) > 1 and not anew:
                _check_same(folder, journal[HEAD][0], identity)
            paths = _known(folder, journal, identity)
            if paths is None:
                paths = _begin(folder, journal, targets, create, identity)
            yield paths, journal
            for left in folder.rglob("*.partial"):  # by killed processes
                left.unlink()
            files.publish(dict(zip(paths[::-1], targets[::-1], strict=True)))
            shutil.rmtree(folder)
        except BaseException as error:
            if len(journal) <= 1 or isinstance(error.__cause__, ValueError):
                shutil.rmtree(folder)
            raise


def _begin(folder, journal, targets, create, identity):
    """New results, beside old ones until these can be removed."""
    # A task of a command that has ended may still write to the old ones.
    token = uuid.uuid4().hex[:8]
    names = [f"{token}-{n}{path.suffix}" for n, path in enumerate(targets)]
    paths = [folder / name for name in names]
    try:
        for number, path in enumerate(paths):
            create(number, path)
    except BaseException:
        for path in paths:
            replacement.remove(path)
        raise
    journal.clear()
    journal.add(HEAD, [identity, names])
    for path in folder.iterdir():
        if path.name not in (JOURNAL, *names):
            replacement.remove(path)
    return paths


def _known(folder, journal, identity):
    """The paths to go on with, or None."""
    if HEAD not in journal or journal[HEAD][0] != identity:
        return None
    paths = [folder / name for name in journal[HEAD][1]]
    # One is gone if a command has ended while it named the results.
    return paths if all(path.exists() for path in paths) else None


def _check_same(folder, known, identity):
    others = [name for name in identity if known.get(name) != identity[name]]
    if others:
        raise UserError(
            f"{folder} has what is done so far with another "
            f"{', '.join(others)}; the same command as then goes on, and "
            "--overwrite begins anew"
        )


def _check_disks(targets):
    for target in targets:
        files.make_directory(target.parent)
        place = target if target.exists() else target.parent
        if _device(place) != _device(targets[0].parent):
            raise UserError(
                f"{target} is on another file system than the folder "
                f"{targets[0].parent}, in which it is made; name the folder "
                "itself, not a link to it"
            )


def _device(path):
    return path.stat().st_dev


def identify(path):
    """What is another text if a stack is another one, or has changed.

    By path, sizes and times; contents are not read.

    Args:
        path: `Path` of a file, a zarr folder, or a folder of planes.
    """
    path = path.resolve()
    found = [path]
    if path.is_dir():
        found = (
            [*path.rglob("*")] if inputs.is_zarr(path) else plane_files(path)
        )
    digest = hashlib.sha256(os.fsencode(path))
    for place in sorted(found):
        if place.is_file():
            status = place.stat()
            name = os.fsencode(place.relative_to(path))
            line = b"%s %d %d\n" % (name, status.st_size, status.st_mtime_ns)
            digest.update(line)
    return digest.hexdigest()


def identify_model(folder):
    """Checksums of a trained model's configuration and weights."""
    suffixes = (".json", ".h5", ".hdf5")
    paths = [p for p in Path(folder).iterdir() if p.suffix in suffixes]
    return {path.name: _checksum(path, path.stat()) for path in sorted(paths)}


def _checksum(path, status):
    """Found once for a series of stacks."""
    return _known_checksum(path, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=32)
def _known_checksum(path, size, changed):
    return files.sha256(path)
