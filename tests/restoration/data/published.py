"""The layouts of the published data of CARE, small."""

import numpy as np

TRAINING = "train_data/data_label.npz"
NAMES = {
    "planaria": "Denoising_Planaria",
    "tribolium": "Denoising_Tribolium",
    "flywing": "Projection_Flywing",
}
TASKS = {"planaria": "denoise", "tribolium": "denoise", "flywing": "project"}


def stacks_of(dataset, scene):
    test = "test_data/"
    if dataset == "planaria":
        for number in (1, 2):
            for kind in ("GT", "condition_1", "condition_2", "condition_3"):
                yield f"{test}{kind}/EXP_m{number:04d}.tif", scene((7, 20, 16))
    elif dataset == "tribolium":
        for number in (1, 2):
            exposures = np.stack([scene((5, 20, 16)) + n for n in range(4)])
            yield f"{test}nGFP_0.1_0.2_0.5_20_{number}_late.tif", exposures
    else:
        for number in (1, 2):
            for channel in range(4):
                name = f"C{channel}_T{number:03d}.tif"
                yield f"{test}{name}", scene((6, 20, 16))
                yield f"{test}proj_{name}", scene((20, 16))
