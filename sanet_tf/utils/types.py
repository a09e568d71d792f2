"""Names of types in the signatures of what is public."""

import os
from collections.abc import Sequence

Shape = Sequence[int | None]  # without the batch; None: of any size
PathLike = str | os.PathLike[str]
