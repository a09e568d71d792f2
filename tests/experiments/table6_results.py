"""Made-up results of Table 6's runs."""


def result(psnr, ssim, nrmse, seconds=2.0, memory=2**20, modes=("default",)):
    """The contents of a metrics.json, as far as the table reads it."""
    row = {"psnr": psnr, "ssim": ssim, "nrmse": nrmse, "seconds": seconds}
    row |= {"psnr_raw": psnr - 1, "ssim_3d": ssim / 2}
    row["stacks"] = [{"name": "a", "psnr": psnr}]
    return {
        "input": {"psnr": 20.25, "ssim": 0.25, "nrmse": 0.125},
        "restored": dict.fromkeys(modes, row),
        "peak_rss_bytes": memory,
        "training": {"parameters": 1000},
    }


def three_seeds():
    """Of two networks."""
    return {
        ("unet", 0): result(30.0, 0.70, 0.05, 1.0, 2**20),
        ("sao", 0): result(30.5, 0.75, 0.04, 4.0, 8 * 2**20),
        ("unet", 1): result(31.0, 0.71, 0.05, 9.0, 3 * 2**20),
        ("sao", 1): result(31.0, 0.75, 0.05, 5.0, 9 * 2**20),
        ("unet", 2): result(35.0, 0.75, 0.05, 2.0, 7 * 2**20),
        ("sao", 2): result(37.0, 0.75, 0.03, 6.0, 4 * 2**20),
    }
