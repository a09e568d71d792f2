"""Weights and configurations from strangers: no way out of their folder.

Each test makes a malicious file. It must be refused with one line, and before
anything in it is carried out, looked up elsewhere, or given memory for.
"""

import json
import shutil

import h5py
import numpy as np
import pytest

from sanet_tf.models.weights import load_weights
from sanet_tf.restoration import load
from sanet_tf.training import checkpoint
from sanet_tf.training.run_directory import check_flags
from sanet_tf.training.trained import load_trained
from sanet_tf.utils import files
from tests.faults.refusals import refuses
from tests.restoration.models import fill, make_care, make_projection
from tests.runs import FLAGS, make_run

HUGE = 10**4000
NESTED = "[" * 100_000


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A run, and a restoration model in csbdeep's format, both whole."""
    root = tmp_path_factory.mktemp("whole")
    make_run(root / "run")
    model = fill(make_care("YX", name="model", basedir=root))
    model.keras_model.save_weights(str(root / "model" / "weights_best.h5"))
    projection = make_projection(name="projection", basedir=root)
    projection.keras_model.save_weights(
        str(root / "projection" / "weights_best.h5")
    )
    return root


@pytest.fixture
def copy(folders, tmp_path):
    """Function of a name in `folders` to a copy that may be damaged."""
    return lambda name: shutil.copytree(folders / name, tmp_path / name)


def first_array(file):
    """The name of one."""
    return file.visititems(
        lambda name, item: name if isinstance(item, h5py.Dataset) else None
    )


def soft_link(file, name, elsewhere):
    file[name] = h5py.SoftLink("/" + first_array(file))


def external_link(file, name, elsewhere):
    file[name] = h5py.ExternalLink(elsewhere, "secret")


def virtual(file, name, elsewhere):
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource(elsewhere, "secret", (4,))
    file.create_virtual_dataset(name, layout)


def external_storage(file, name, elsewhere):
    file.create_dataset(name, (4,), "f4", external=[(elsewhere, 0, 16)])


def shape_bomb(file, name, elsewhere):
    file.create_dataset(name, (10**6, 10**6), "f4", chunks=(1000, 1000))


def compressed_bomb(file, name, elsewhere):
    zeros = np.zeros(10**7, "f4")
    file.create_dataset(name, data=zeros, compression="gzip")


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        (soft_link, "leads elsewhere, by a link at"),
        (external_link, "leads elsewhere, by a link at"),
        (virtual, "leads elsewhere, by the array"),
        (external_storage, "leads elsewhere, by the array"),
        (shape_bomb, "declares 40000.* bytes of arrays, and has"),
        (compressed_bomb, "declares 40.* bytes of arrays, and has"),
    ],
)
@pytest.mark.parametrize("place", ["instead", "beside"])
def test_weights_that_lead_elsewhere(damage, match, place, copy, tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["secret"] = np.ones(4, "f4")
    run, model = copy("run"), copy("model")
    last = run / "last.weights.h5"
    (run / "best.weights.h5").rename(last)
    # Without their seals, which a stranger could renew.
    last.write_bytes(last.read_bytes()[:-72])
    for path in (last, model / "weights_best.h5"):
        with h5py.File(path, "a") as file:
            file.attrs.pop("sealed", None)
            name = first_array(file) if place == "instead" else "more"
            if place == "instead":
                del file[name]
            damage(file, name, str(secret))
    refuses(checkpoint.read_state, last, match=match)
    network = load(copy("projection")).keras_model
    refuses(load_weights, network, last, match=match, error=ValueError)
    last.rename(run / "best.weights.h5")
    refuses(load_trained, run, match=match)
    refuses(load, model, match=match)


def change(folder, name, **fields):
    path = folder / name
    content = json.loads(path.read_text())
    (content["flags"] if name == "run.json" else content).update(fields)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"unet_n_first": 10**5}, "unet_n_first"),
        ({"unet_n_first": 10**300}, "unet_n_first"),
        ({"unet_n_depth": 10**9}, "unet_n_depth"),
        ({"unet_n_depth": 16}, "unet_n_first"),
        ({"unet_kern_size": 10**5 + 1}, "unet_n_first"),
        ({"n_channel_out": 10**8, "unet_residual": False}, "n_channel_out"),
        ({"train_patch_size": [2**21, 8]}, "train_patch_size"),
        ({"train_checkpoint": "../../x.h5"}, "train_checkpoint"),
        ({"train_checkpoint_last": "/tmp/x.h5"}, "train_checkpoint_last"),
        ({"train_checkpoint_epoch": "a/b.h5"}, "train_checkpoint_epoch"),
        ({"train_loss": "__import__('os').abort()"}, "train_loss"),
        ({"is_valid": True}, "not callable"),
        ({"__class__": "Config"}, "must be set to a class"),
    ],
)
def test_configurations_of_restoration(fields, match, copy):
    folder = copy("model")
    change(folder, "config.json", **fields)
    refuses(load, folder, match=f"cannot load the model in .*{match}")


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"proj_n_depth": 10**9}, "proj_n_depth"),
        ({"proj_n_conv_per_depth": 10**9}, "proj_n_conv_per_depth"),
        ({"proj_n_filt": 10**6}, "proj_n_filt"),
        ({"proj_kern": [10**3, 10**3, 10**3]}, "proj_n_filt"),
    ],
)
def test_configurations_of_a_projection(fields, match, copy):
    folder = copy("projection")
    change(folder, "config.json", **fields)
    refuses(load, folder, match=f"cannot load the model in .*{match}")


@pytest.mark.parametrize(
    ("flags", "match"),
    [
        ({"alpha": 1000}, "--alpha from 0 to 4"),
        ({"alpha": float("nan")}, "--alpha from 0 to 4"),
        ({"alpha": 10**300}, "--alpha from 0 to 4"),
        ({"image_size": 10**300}, "--image_size from 0 to 4096"),
        ({"model": "vgg16", "image_size": 4096}, "--image_size from 0 to 448"),
        ({"model": "../../sanet"}, "names the network '../../sanet'"),
        ({"model": "__class__"}, "names the network '__class__'"),
    ],
)
def test_records_of_runs(flags, match, copy):
    folder = copy("run")
    change(folder, "run.json", **flags)
    refuses(load_trained, folder, match=match)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (NESTED, "nested too deeply"),
        ('{"flags": ' * 50_000, "nested too deeply"),
        (f'{{"flags": {{"alpha": {"9" * 10_000}}}}}', "4300 digits"),
        (" " * (files.LARGEST_READ + 1), "larger than 4,194,304 bytes"),
        ("\0" * 100, "Expecting value"),
    ],
)
def test_json_that_asks_for_too_much(content, match, copy, tmp_path):
    run, model = copy("run"), copy("model")
    (run / "run.json").write_text(content)
    (model / "config.json").write_text(content)
    refuses(load_trained, run, match=f"run.json is damaged.*{match}")
    refuses(load, model, match=match)
    match = "run.json is not the record of a run"
    refuses(check_flags, run / "run.json", FLAGS, match=match)


def test_names_without_end(copy):
    folder = copy("run")
    (folder / "labels.txt").write_text("a\n" * files.LARGEST_READ)
    refuses(load_trained, folder, match="larger than 4,194,304 bytes")
