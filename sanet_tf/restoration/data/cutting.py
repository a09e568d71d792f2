"""How patches are cut from stacks, wherever these are from."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Cutting:
    """What one may want of patches.

    Attributes:
        patch_size: (Z, Y, X) or (Y, X); None: by the stacks, see
            `patches.plan`.
        num_patches: to train with; a tenth as many validate.
        percentiles: of a stack, two that become 0 and 1; None: drawn for each
            patch, as csbdeep does, from 1 to 3 and from 99.5 to 99.9.
        strict: whether a pair without contrast is an error, not left out.
        supervision: one of `SUPERVISIONS`.
        background_share: share of the patches that come from anywhere, dark or
            not. A network that has seen little background leaves noise in it.
        seed: of noise and of patches.
    """

    patch_size: tuple | None = None
    num_patches: int = 512
    percentiles: tuple | None = None
    strict: bool = False
    supervision: str = "pairs"
    background_share: float = 0.0
    seed: int = 0


NAMES = tuple(field.name for field in dataclasses.fields(Cutting))
