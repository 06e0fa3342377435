"""A complete search of pictures beside a plain PyTorch script with the same configuration, pictures and epochs.

Usage: run.py MODEL_FOLDER PICTURES [--size 96] [--epochs 2] [--train 2000] [--seeds 1,2,3]     after cargo build --release
MODEL_FOLDER holds torchvision's MobileNetV2 as safetensors; PICTURES has the folders `train` and `validation` with a folder a
class, as `automl init --example images PICTURES` writes them. Needs torch, torchvision and safetensors; $AUTOML is another program.

One configuration, trained to the end: one worker of one thread here, one thread there, one side right after the other.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
AUTOML = os.environ.get("AUTOML", str(HERE / "../../target/release/automl"))
RATE, BATCH = 1e-3, 32


def chosen(pictures, part, count, folder):
    """The first pictures of every class, as many of each."""
    classes = sorted(path for path in (pictures / part).iterdir() if path.is_dir())
    for path in classes:
        target = folder / part / path.name
        target.mkdir(parents=True)
        for file in sorted(path.iterdir())[: count // len(classes)]:
            shutil.copy(file, target / file.name)


def ours(arguments, folder, seed):
    (folder / "space.yaml").write_text(
        f"task: image-classification\nmodel: {arguments.model.resolve()}\nimage_size: {arguments.size}\n"
        f"data: {{train: train, validation: validation}}\nmethod: grid\n"
        f"parameters:\n  learning_rate: {{values: [{RATE}]}}\n  batch_size: {BATCH}\n  dropout: 0.0\n  weight_decay: 0.01\n"
        f"  lr_schedule: linear\n  warmup_ratio: 0.0\n"
        f"epochs: {arguments.epochs}\nearly_terminate: none\nbudget: {{trials: 1}}\nresources: {{workers: 1, cache: 0}}\nseed: {seed}\n"
    )
    out = folder / f"ours-{seed}"
    begun = time.perf_counter()
    subprocess.run([AUTOML, "search", "space.yaml", "--out", str(out), "-q"], cwd=folder, check=True)
    seconds = time.perf_counter() - begun
    last = None
    for line in (out / "journal.jsonl").read_text().splitlines():
        event = json.loads(line)["event"]
        if event["type"] == "segment_ended":
            last = event["outcome"]["reached"]["evaluations"][-1]["metrics"]["accuracy"]
    return seconds, last


def theirs(arguments, folder, seed):
    command = [sys.executable, str(HERE / "peer.py"), str(arguments.model), str(folder), str(arguments.size)]
    command += [str(arguments.epochs), str(BATCH), str(RATE), str(seed)]
    begun = time.perf_counter()
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return time.perf_counter() - begun, float(result.stdout.split()[-1])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("model", type=Path)
    arguments.add_argument("pictures", type=Path)
    arguments.add_argument("--size", type=int, default=96)
    arguments.add_argument("--epochs", type=int, default=2)
    arguments.add_argument("--train", type=int, default=2_000)
    arguments.add_argument("--seeds", default="1,2,3")
    arguments = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        chosen(arguments.pictures, "train", arguments.train, folder)
        chosen(arguments.pictures, "validation", 1_000, folder)
        results = {"ours": [], "theirs": []}
        for seed in map(int, arguments.seeds.split(",")):
            results["ours"].append(ours(arguments, folder, seed))
            results["theirs"].append(theirs(arguments, folder, seed))
            print(seed, results["ours"][-1], results["theirs"][-1], flush=True)
    for side, runs in results.items():
        accuracies = " ".join(f"{accuracy:.3f}" for _, accuracy in runs)
        print(f"{side}: accuracy {accuracies}, median {statistics.median(seconds for seconds, _ in runs):.1f} s")


if __name__ == "__main__":
    main()
