"""What a network learns from: clean pictures, or noisy ones alone.

- "pairs": noisy pictures and their truth.
- "noise2noise": two noisy pictures of a scene. The mean error is least where a
  network gives the expected picture (Lehtinen et al., ICML 2018).
- "noise2void": single noisy pictures, of which some voxels are hidden from the
  network and asked of it (Krull et al., CVPR 2019).
"""

SUPERVISIONS = ("pairs", "noise2noise", "noise2void")
