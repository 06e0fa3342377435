"""Expected values of confident learning, made once with cleanlab: pip install cleanlab; python confident.py > cleanlab.json"""
import json
import numpy as np
import cleanlab
from cleanlab.count import compute_confident_joint, estimate_joint
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores

def case(seed, examples, classes, noise, share):
    random = np.random.default_rng(seed)
    truth = random.choice(classes, examples, p=share)
    labels = truth.copy()
    wrong = random.random(examples) < noise
    labels[wrong] = random.integers(0, classes, wrong.sum())
    logits = random.normal(0, 1, (examples, classes)) + 2.2 * np.eye(classes)[truth]
    logits = np.round(logits, 3)
    powers = np.exp(logits - logits.max(1, keepdims=True))
    probabilities = powers / powers.sum(1, keepdims=True)
    issues = find_label_issues(labels, probabilities, filter_by="confident_learning",
                               return_indices_ranked_by="self_confidence", min_examples_per_class=0)
    # The joint from the counts alone, as the paper has it.
    joint = compute_confident_joint(labels, probabilities, calibrate=False)
    calibrated = estimate_joint(labels, probabilities, confident_joint=joint)
    score = get_label_quality_scores(labels, probabilities, method="self_confidence", adjust_pred_probs=False)
    margin = get_label_quality_scores(labels, probabilities, method="normalized_margin", adjust_pred_probs=False)
    return {
        "classes": classes,
        "labels": labels.tolist(),
        "logits": logits.ravel().tolist(),
        "issues": issues.tolist(),
        "self_confidence": [round(float(score[i]), 6) for i in issues],
        # cleanlab's normalized margin is (margin + 1) / 2
        "margin": [round(float(2 * margin[i] - 1), 6) for i in issues],
        "share": round(float(1 - np.trace(calibrated)), 6),
    }

cases = [case(1, 60, 2, 0.2, [0.5, 0.5]), case(2, 80, 3, 0.15, [0.6, 0.3, 0.1]), case(3, 60, 4, 0.3, [0.4, 0.3, 0.2, 0.1])]
print(json.dumps({"made_with": f"cleanlab {cleanlab.__version__}", "cases": cases}))
