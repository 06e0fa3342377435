"""The program of the study in `.ci/trackers`: a curve for small `x`, a failure for large ones."""
import json
import os
import sys
import time

x, flag = float(sys.argv[1]), sys.argv[2]
if x > 0.8:
    sys.exit("too large")
for epoch in range(int(float(os.environ["AUTOML_FROM_EPOCH"])), int(float(os.environ["AUTOML_EPOCHS"]))):
    time.sleep(0.05)
    score = 1 - (x - 0.3) ** 2 - 0.3 / (epoch + 1) + (0.01 if flag == "true" else 0)
    print(json.dumps({"epoch": epoch + 1, "score": score, "val/loss": 1 / (epoch + 1)}), flush=True)
