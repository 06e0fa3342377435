"""PyTorch's side of `run.py`: fine-tunes torchvision's MobileNetV2 and prints the validation accuracy.

Usage: peer.py MODEL_FOLDER PICTURES SIZE EPOCHS BATCH RATE SEED
"""

import os
import sys
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

import torch
import torchvision
from safetensors.torch import load_file

torch.set_num_threads(1)


def main():
    model, pictures, size, epochs, batch, rate, seed = sys.argv[1:]
    size, epochs, batch, rate, seed = int(size), int(epochs), int(batch), float(rate), int(seed)
    torch.manual_seed(seed)
    prepare = torchvision.transforms.Compose(
        [
            # As torchvision's weights were evaluated: 256 to 224 pixels.
            torchvision.transforms.Resize(-(-size * 256 // 224)),
            torchvision.transforms.CenterCrop(size),
            torchvision.transforms.ToTensor(),
            torchvision.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    train, validation = (torchvision.datasets.ImageFolder(Path(pictures) / part, prepare) for part in ("train", "validation"))
    # Decoded once, as a cache would.
    train, validation = ([torch.stack(side) if side[0].__class__ is torch.Tensor else torch.tensor(side) for side in zip(*part)] for part in (train, validation))
    weights = load_file(str(Path(model) / "model.safetensors"))
    network = torchvision.models.mobilenet_v2(num_classes=int(train[1].max()) + 1, dropout=0.0)
    weights = {name: value for name, value in weights.items() if not name.startswith("classifier.")}
    missing = network.load_state_dict(weights, strict=False).missing_keys
    assert all(name.startswith("classifier.") or name.endswith("num_batches_tracked") for name in missing), missing
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.01)
    steps = epochs * len(train[1].split(batch))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    for _ in range(epochs):
        network.train()
        for chosen in torch.randperm(len(train[1])).split(batch):
            loss = torch.nn.functional.cross_entropy(network(train[0][chosen]), train[1][chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        network.eval()
        with torch.no_grad():
            outputs = torch.cat([network(part) for part in validation[0].split(64)])
        accuracy = (outputs.argmax(1) == validation[1]).float().mean().item()
    print(accuracy)


if __name__ == "__main__":
    main()
