"""Fourier ring correlation: resolution without a truth."""

import numpy as np

THRESHOLD = 1 / 7  # Rosenthal and Henderson 2003, as light microscopy has it


def fourier_ring_correlation(
    first: np.ndarray, second: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How much of two pictures of a scene is the same, by frequency.

    Their noise must be independent: two exposures, or two restorations of
    which each has seen one of these alone. Edges are faded out by Hann's
    window. As in Nieuwenhuizen et al. (Nature Methods 2013), over the rings
    of radius q

        FRC(q) = sum(F1 conj(F2)) / sqrt(sum(|F1|^2) sum(|F2|^2))

    Args:
        first: picture `YX`.
        second: the same shape.

    Returns:
        The frequencies of the rings in cycles per pixel, up to 0.5, and the
        correlation in each, from -1 to 1; of a ring without power 0.

    Raises:
        ValueError: they are not two pictures of one shape, of 16 x 16 pixels
            or more, or have values that are not finite.
    """
    pictures = [np.asarray(picture, np.float64) for picture in (first, second)]
    shape = pictures[0].shape
    if len(shape) != 2 or min(shape) < 16 or pictures[1].shape != shape:
        raise ValueError(
            "expected two pictures YX of one shape, at least 16 x 16. "
            f"Received: {shape} and {pictures[1].shape}"
        )
    if not all(np.isfinite(picture).all() for picture in pictures):
        raise ValueError("expected finite values, got NaN or infinite ones")
    window = np.outer(*map(np.hanning, shape))
    one, other = (
        np.fft.fft2((picture - picture.mean()) * window) for picture in pictures
    )
    radius = np.hypot(*np.meshgrid(*map(np.fft.fftfreq, shape), indexing="ij"))
    count = min(shape) // 2
    ring = np.rint(radius * 2 * count).astype(int)
    inside = ring <= count

    def summed(values):
        sums = np.bincount(ring[inside], values[inside], count + 1)
        return sums[1:]  # without the mean

    power = np.sqrt(summed(abs(one) ** 2) * summed(abs(other) ** 2))
    shared = summed((one * other.conj()).real)
    correlation = np.divide(shared, power, np.zeros(count), where=power > 0)
    return np.arange(1, count + 1) / (2 * count), correlation


def resolution(
    first: np.ndarray, second: np.ndarray, pixel_size: float = 1.0
) -> float | None:
    """The finest detail that two pictures share.

    Args:
        first: as in `fourier_ring_correlation`.
        second: as in `fourier_ring_correlation`.
        pixel_size: of a pixel, in a unit of length.

    Returns:
        The period, in that unit, of the first ring whose correlation, a mean
        over three rings, is below 1/7; None if there is no such ring.

    Raises:
        ValueError: as in `fourier_ring_correlation`.
    """
    frequencies, correlation = fourier_ring_correlation(first, second)
    smooth = np.convolve(correlation, np.ones(3) / 3, mode="same")
    smooth[[0, -1]] = correlation[[0, -1]]  # which have one neighbour
    below = np.flatnonzero(smooth < THRESHOLD)
    return float(pixel_size / frequencies[below[0]]) if len(below) else None
