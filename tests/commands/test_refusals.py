"""Wrong flags: one line, before anything heavy loads."""

import pytest

from tests.command_line import run_many

HEAVY = ("tensorflow", "keras")
RESTORE = ["--model=a", "--output=b", "a.tif"]
BEFORE_TENSORFLOW = {
    "sanet_tf.commands.train": [
        (["--network=sannet"], "shufflenet_1_5x; did you mean sanet?"),
        (["--schedule=cosin"], "expected one of steps, cosine, flat_cosine, "),
        (["--epochs=many"], "--epochs=many: expected a positive integer"),
        (["--dropout_rate=2"], "a number in the range [0.0, 0.99]"),
        (["--xla=perhaps"], "--xla=perhaps: expected true or false"),
        (["--nodeterminstic"], "did you mean --nodeterministic?"),
        (["--zzz"], "has no flag --zzz; python sanet_tf.commands.train --help"),
        (["--seed"], "Missing value for flag --seed"),
        (["--noxla=1"], "--noxla=1 does not take an argument"),
        (["--warmup_epochs=2"], "--warmup_epochs goes with --schedule="),
        (["--decay_epochs=3,2"], "expected --decay_epochs above 0 in rising"),
        (["--mixup=0.2", "--cutmix=1"], "expected --mixup or --cutmix, got"),
        (["--crop_area=2,1"], "expected --crop_area=LOW,HIGH"),
        (["--dataset=folder"], "--dataset=folder needs --data_dir=DIR"),
        (["--dataset=digits", "--val_split=train"], "--val_split go with sets"),
        (
            ["--batch_size=10", "--accumulate_steps=3"],
            "--batch_size that --accumulate_steps=3 divides; got 10",
        ),
        (
            ["--network=resnet50", "--alpha=0.5"],
            "--network=resnet50 has no alpha: expected no --alpha, got 0.5",
        ),
        (
            ["--network=vgg16", "--attention_config=use_qk_norm=true"],
            "--network=vgg16 has no attention_config",
        ),
        (["--process_id=1"], "--process_id goes with --distribution=data_p"),
        (
            ["--flagfile=papre"],
            "a file, or one of comparison, demo-restoration",
        ),
    ],
    "sanet_tf.commands.train_restoration": [
        (
            ["--dataset=zebra"],
            "expected one of simulated, noise, tiff, npz, stacks",
        ),
        (["--dataset=tiff"], "--dataset=tiff needs --data_dir=PATH"),
        (["--photons=5"], "--dataset=simulated takes no --photons"),
        (["--exposure=0.1,x"], "numbers above 0, such as 0.02,0.1"),
        (["--exposure=0"], "--exposure=0: expected numbers above 0, such as"),
        (["--patch_size=8,0"], "expected whole numbers above 0, such as 16,"),
        (["--statistics=tile,windw"], "volume; did you mean window?"),
        (["--percentiles=9,2"], "in ascending order"),
        (
            ["--dataset=tiff", "--data_dir=a", "--joint_channels"],
            "--joint_channels goes with --channels=all, or two numbers or more",
        ),
        (
            [
                *("--dataset=noise", "--data_dir=a", "--joint_channels"),
                "--channels=1,1",
            ],
            "--joint_channels goes with --channels=all, or two numbers or more",
        ),
        (["--joint_channels"], "--dataset=simulated takes no --joint_channels"),
        (
            ["--dataset=npz", "--data_dir=a", "--joint_channels"],
            "--dataset=npz takes no --joint_channels; it takes --patch_size",
        ),
        (
            ["--statistics=tile,volume", "--attention=softmax"],
            "--statistics=volume goes with --attention=none or siamese or sca",
        ),
        (
            ["--statistics=window", "--attention=scaled"],
            "--statistics=window goes with --attention=none or siamese; got sc",
        ),
        (
            ["--patch_size=4,16,16", "--n_depth=3"],
            "4x16x16 do not fit --n_depth=3: expected multiples of 8x8x8",
        ),
        (["--patch_size=18,16"], "18x16 do not fit --n_depth=2"),
        (
            ["--task=project", "--patch_size=3,24,32"],
            "3x24x32 do not fit --n_depth=2: expected multiples of 1x16x16",
        ),
        (
            ["--task=project", "--patch_size=48,32", "--n_depth=5"],
            "48x32 do not fit --n_depth=5: expected multiples of 32x32",
        ),
        (["--patch_size=8"], "expected --patch_size as Z,Y,X or Y,X, such as"),
        (
            ["--dataset=npz", "--data_dir=a", "--task=project"],
            "--dataset=npz is for --task=denoise, got --task=project",
        ),
        (
            ["--dataset=flywing", "--data_dir=a"],
            "--dataset=flywing is for --task=project, got --task=denoise",
        ),
        (["--data_dir=a"], "--dataset=simulated takes no --data_dir"),
        (["--warmup_steps=9"], "--warmup_steps goes with --schedule=cosine"),
        (["--schedule=cosine", "--decay_steps=9"], "--decay_steps, got both"),
        (["--decay_rate=0.1"], "--decay_rate goes with --decay_steps"),
        (["--ema_momentum=2"], "a number in the range [0.0, 0.99999]"),
        (
            ["--dataset=stacks", "--data_dir=a"],
            "--dataset=stacks has no clean pictures: expected --supervision=",
        ),
        (
            ["--n2v_manipulator=median"],
            "--n2v_manipulator goes with --supervision=noise2void",
        ),
    ],
    "sanet_tf.commands.restore": [
        (["--model=a", "a.tif"], "expected --model, --output and one or more"),
        (["--model=a,", "--output=b", "a.tif"], "expected --model, --output"),
        (["--n_tiles=1,0,4"], "above 0, such as 1,4,4"),
        (["--dtype=uint61"], "float32, uint8, uint16, input; did you mean ui"),
        (
            [*RESTORE, "--output_format=zarr", "--cluster=two"],
            "--cluster=two: expected local:N, of N processes",
        ),
        (
            [*RESTORE, "--model=b,c", "--output_format=zarr", "--cluster=h:1"],
            "--cluster takes one --model, got 3",
        ),
        (
            [*RESTORE, "--output_format=zarr", "--cluster=h:1", "--threads=2"],
            "--threads goes with --cluster=local:N",
        ),
        (["--model=none", "--output=b", "README.md"], "no network in none"),
    ],
    "sanet_tf.commands.predict": [
        (["a.jpg"], "expected --model=DIR and one or more pictures: python "),
        (["--top=0"], "--top=0: expected a positive integer"),
    ],
    "sanet_tf.commands.evaluate": [
        (["--model=a"], "expected --model and --output"),
        (["--model=a,", "--output=b"], "expected --model and --output"),
        (["--model=a", "--output=b", "--image_size=a"], "such as 96,128"),
        (["--model=a", "--output=b"], "--dataset=folder needs --data_dir"),
        (["--model=none", "--output=b", "--data_dir=c"], "no network in none"),
        (
            ["--model=a", "--output=b", "--data_dir=c", "d.jpg"],
            "expected pictures or a data set, got d.jpg and --data_dir=c",
        ),
    ],
    "sanet_tf.commands.export": [
        (["--model=a"], "expected --model and --output: python "),
        (["--model=none", "--output=b"], "no network in none"),
        (
            ["--model=a", "--output=b", "--quantize=int8"],
            "--format=saved_model has no --quantize=int8",
        ),
        (
            ["--model=a", "--output=b", "--format=onnx", "--quantize=int8"],
            "--quantize=int8 needs pictures",
        ),
        (
            ["--model=a", "--output=b", "--format=litert", "--layout=triton"],
            "--layout=triton needs --format=onnx or saved_model",
        ),
    ],
    "sanet_tf.commands.explain": [
        (["--model=a"], "expected --model=RUN_DIR and one photograph"),
        (
            ["--model=none", "a.jpg"],
            "no network in none: expected the --output",
        ),
        (["--model=a", "--output=a.txt", "a.jpg"], "to end in .png, .pdf"),
    ],
    "experiments/cifar.py": [
        (["--network=sanett"], "did you mean sanet?"),
        (["--dataset=folder"], "--dataset=folder needs --data_dir"),
        (["--mixup=0.2", "--cutmix=1"], "expected --mixup or --cutmix, got"),
        (
            ["--network=mobilenet_v1", "--cifar_stem"],
            "--network=mobilenet_v1 has no cifar_stem: expected no --cifar_st",
        ),
    ],
    "experiments/compare.py": [
        (["--models=sanet,resnet5"], "did you mean resnet50?"),
        ([], "expected --networks=NAME,NAME, each once; got none"),
        (
            ["--networks=sanet,resnet50", "--alpha=0.5"],
            "--network=resnet50 has no alpha: expected no --alpha, got 0.5",
        ),
    ],
    "experiments/stability.py": [
        (["--network=resnet50"], "--network=resnet50 has no attention_config"),
    ],
    "experiments/simulate.py": [
        (["--shape=8,a"], "expected whole numbers above 0, such as 16,64,64"),
    ],
    "experiments/compare_statistics.py": [
        (["--shape=8,8"], "expected 3 whole numbers above 0"),
    ],
}


@pytest.mark.parametrize("script", BEFORE_TENSORFLOW)
def test_wrong_flags_are_refused_before_tensorflow_loads(script):
    """Where it cannot be loaded, the line would be another."""
    cases = BEFORE_TENSORFLOW[script]
    results = run_many(script, [flags for flags, _ in cases], without=HEAVY)
    for (_, message), result in zip(cases, results, strict=True):
        assert (result.returncode, result.stdout) == (1, "")
        (line,) = result.stderr.splitlines()
        assert line.startswith("error: ")
        assert message in line
