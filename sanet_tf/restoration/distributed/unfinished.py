"""Results in OME-Zarr that are kept where their making is interrupted."""

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

from sanet_tf.restoration.distributed.journal import Journal
from sanet_tf.restoration.io import inputs, stack
from sanet_tf.utils import files

JOURNAL = "journal.jsonl"
IDENTITY = ("identity",)


def folder_of(target):
    """Where a result is made, as long as it is not whole."""
    return target.with_name(f"unfinished-{inputs.without_zarr(target.name)}")


@contextlib.contextmanager
def unfinished(targets, create, identity):
    """Has results made within a `with` block, or goes on with old ones.

    They appear under their names when the block ends without an error, the
    first of them last. Otherwise they are kept in `folder_of` it, if the
    journal has any.

    Args:
        targets: `Path`s of the results.
        create: function of the number of a result and of the path to make it
            at.
        identity: what the results depend on, a dictionary.

    Yields:
        The paths of the unfinished results, and a `Journal` of what is done.

    Raises:
        UserError: another process works on them, or what the operating system
            refuses.
    """
    folder = folder_of(targets[0])
    for target in targets:
        stack.check_target(target)
    with files.os_errors_as_user_errors(folder):
        files.make_directory(folder)
        journal = Journal(folder / JOURNAL)
    paths = [folder / f"{number}.zarr" for number in range(len(targets))]
    with journal:
        try:
            if IDENTITY not in journal or journal[IDENTITY] != identity:
                journal.clear()
                for number, path in enumerate(paths):
                    shutil.rmtree(path, ignore_errors=True)
                    create(number, path)
                journal.add(IDENTITY, identity)
            yield paths, journal
            for path, target in reversed([*zip(paths, targets, strict=True)]):
                files.write_atomically(
                    target, lambda new, path=path: os.replace(path, new)
                )
            shutil.rmtree(folder)
        except BaseException:
            if len(journal) <= 1:
                shutil.rmtree(folder)
            raise


def identify(path):
    """What is another text if a file, or one in a folder, has changed.

    Of sizes and times; contents are not read.
    """
    digest = hashlib.sha256()
    for place in sorted([path, *path.rglob("*")]):
        status = place.stat()
        name = os.fsencode(place.relative_to(path))
        size = status.st_size * place.is_file()
        digest.update(b"%s %d %d\n" % (name, size, status.st_mtime_ns))
    return digest.hexdigest()


def identify_model(folder):
    """What is another text if a model's files are other ones."""
    paths = [p for p in sorted(Path(folder).iterdir()) if p.is_file()]
    return {path.name: files.sha256(path) for path in paths}
