"""The image files in folders that a command line names."""

from pathlib import Path

from sanet_tf.data.decoding import is_image_name

NAMED = 10  # of what is left out


def find_images(path):
    """The images at a path, and other files that lie among them.

    Args:
        path: of a file, which is taken for an image whatever its name, or of
            a folder, of which all folders below are searched too. Hidden
            files and folders are not.

    Returns:
        `(images, others)`, sorted lists of `Path`.
    """
    path = Path(path)
    if not path.is_dir():
        return [path], []
    images, others = [], []
    for file in sorted(path.rglob("*")):
        parts = file.relative_to(path).parts
        if file.is_dir() or any(part.startswith(".") for part in parts):
            continue
        (images if is_image_name(file.name) else others).append(file)
    return images, others


def left_out(path, others):
    """A line that counts and names the files of a folder that are no images."""
    names = [str(file.relative_to(path)) for file in others[:NAMED]]
    more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
    return (
        f"left out of {path}, {len(others)} that are no images: "
        f"{', '.join(names)}{more}"
    )
