"""Makes losses.json: losses against unequal classes and their gradients, by PyTorch. Run: python make_losses.py"""

import json
from pathlib import Path

import torch
from torch.nn import functional

torch.manual_seed(3)
torch.set_default_dtype(torch.float64)
ROWS, CLASSES = 7, 4
logits = (torch.randn(ROWS, CLASSES) * 2).float().double()
classes = torch.tensor([0, 1, 1, 3, 2, 1, 0])
weights = torch.tensor([0.5, 2.0, 1.25, 3.0])
labels = (torch.rand(ROWS, CLASSES) > 0.6).double()


def of_classes(scores, weight, smoothing, gamma):
    logs = functional.log_softmax(scores, 1)
    targets = functional.one_hot(classes, CLASSES) * (1 - smoothing) + smoothing / CLASSES
    weight = torch.ones(CLASSES) if weight is None else weight
    terms = -(targets * weight * (1 - logs.exp()) ** gamma * logs)
    return terms.sum() / weight[classes].sum()


def of_labels(scores, weight, smoothing, gamma):
    targets = labels * (1 - smoothing) + smoothing / 2
    weight = torch.ones(CLASSES) if weight is None else weight
    share = torch.sigmoid(scores)
    positive = weight * targets * (1 - share) ** gamma * functional.logsigmoid(scores)
    negative = (1 - targets) * share**gamma * functional.logsigmoid(-scores)
    return -(positive + negative).mean()


def measured(loss, *settings):
    scores = logits.clone().requires_grad_()
    value = loss(scores, *settings)
    value.backward()
    return {"loss": value.item(), "gradient": scores.grad.flatten().tolist()}


cases = []
for weight in (None, weights):
    for smoothing in (0.0, 0.1):
        for gamma in (0.0, 0.5, 2.0):
            settings = (weight, smoothing, gamma)
            if gamma == 0.0:
                # The formulas above are PyTorch's own losses, with the factor of the focal loss.
                own = functional.cross_entropy(logits, classes, weight=weight, label_smoothing=smoothing)
                assert abs(own - of_classes(logits, *settings)) < 1e-12
                targets = labels * (1 - smoothing) + smoothing / 2
                own = functional.binary_cross_entropy_with_logits(logits, targets, pos_weight=weight)
                assert abs(own - of_labels(logits, *settings)) < 1e-12
            case = {"weighted": weight is not None, "smoothing": smoothing, "gamma": gamma}
            case["classes"] = measured(of_classes, *settings)
            case["labels"] = measured(of_labels, *settings)
            cases.append(case)

inputs = {
    "logits": logits.flatten().tolist(),
    "classes": classes.tolist(),
    "labels": labels.bool().flatten().tolist(),
    "weights": weights.tolist(),
}
lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in inputs.items()]
lines.append('  "cases": [\n' + ",\n".join(f"    {json.dumps(case)}" for case in cases) + "\n  ]")
Path(__file__).with_name("losses.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
