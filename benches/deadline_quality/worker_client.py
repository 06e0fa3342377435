"""A client of `automl worker`: starts the process and exchanges its JSON lines (src/worker/protocol.rs)."""

import json
import os
import subprocess
import threading

# As the engine sets them for its own workers (src/worker/process.rs).
ENVIRONMENT = {
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "4294967296",
    "MALLOC_TOP_PAD_": "67108864",
}


class Worker:
    """One worker process. Its messages go to a queue as (slot, message); the message None means that it has ended."""

    def __init__(self, automl, study, checkpoints, slot, messages):
        self.slot = slot
        self.study = study
        self.checkpoints = checkpoints
        log = open(study / f"worker-{slot}.log", "w")
        self.process = subprocess.Popen(
            [str(automl), "worker", "--study", str(study), "--device", "cpu"],
            env={**os.environ, **ENVIRONMENT},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        log.close()
        threading.Thread(target=self._read, args=(messages,), daemon=True).start()

    def _read(self, messages):
        for line in self.process.stdout:
            messages.put((self.slot, json.loads(line)))
        messages.put((self.slot, None))

    def run(self, trial, configuration, seed, start, stop, end, stops):
        """Orders one stretch of training, from `start` to `stop` samples of a trial that would end at `end`."""
        segment = {
            "trial": trial,
            "configuration": configuration,
            "seed": seed,
            "from": start,
            "stops": stops,
            "to": stop,
            "max": end,
            "checkpoints": str(self.checkpoints / str(trial)),
            "log": str(self.study / f"trial-{trial}.log"),
            "limits": {"seconds": None, "memory": None, "silence": None},
            "part": "validation",
            "inherited": None,
            "is_kept": False,
            "micro_batches": 1,
        }
        self.process.stdin.write(json.dumps({"type": "run", "segment": segment}) + "\n")
        self.process.stdin.flush()

    def kill(self):
        self.process.kill()
        self.process.wait()
