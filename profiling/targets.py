"""What a measured ratio is held against; needs no TensorFlow."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Target:
    """A measured ratio and its limit; None where it was not measured."""

    name: str
    measured: float | None
    limit: float
    at_least: bool = False

    @property
    def met(self):
        if self.measured is None:
            return None
        if self.at_least:
            return self.measured >= self.limit
        return self.measured <= self.limit
