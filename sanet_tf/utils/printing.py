"""Names and messages from strangers' files, as they are shown on a terminal."""


def printable(text):
    """A line that neither commands a terminal nor pretends to be two.

    Args:
        text: string, path or error.

    Returns:
        A string in which line ends, control characters, marks of direction
        and bytes that are not UTF-8 are written as Python escapes them.
    """
    return "".join(
        letter
        if letter.isprintable()
        else letter.encode("unicode_escape").decode("ascii")
        for letter in str(text)
    )
