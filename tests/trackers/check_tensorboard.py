"""Reads a folder of event files with the real TensorBoard, by its library and over HTTP from its server.

    python3 -m venv tb && tb/bin/pip install tensorboard
    tb/bin/python check_tensorboard.py LOGDIR [STUDY]

Fails when a file has damaged records, when the server shows other runs, curves or hyperparameters than are in the files,
or when they are not those of the study in the folder STUDY.
"""
import json
import logging
import os
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

from study import Findings, Study, same

logging.disable(logging.WARNING)
from tensorboard.backend.event_processing import event_accumulator  # noqa: E402
from tensorboard.compat.proto import event_pb2  # noqa: E402

FINDINGS = Findings()


def damaged(path):
    """What is wrong with a file: the library itself stops silently at a record that is not whole."""
    from tensorboard.compat.tensorflow_stub import errors, pywrap_tensorflow

    reader = pywrap_tensorflow.PyRecordReader_New(str(path))
    count = 0
    while True:
        try:
            reader.GetNext()
        except errors.OutOfRangeError:
            return None if count else "it is empty"
        except Exception as error:
            return f"after {count} records: {error}"
        try:
            event_pb2.Event.FromString(reader.record())  # the bytes of the record
        except Exception as error:
            return f"record {count + 1} is no event: {error}"
        count += 1


def serve(logdir, fast):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir), "--port", str(port), "--host", "127.0.0.1"]
    program += ["--reload_interval", "1", "--load_fast", "true" if fast else "false", "--samples_per_plugin", "scalars=100000"]
    server = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def get(path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, {"Content-Type": "application/json"})
        return json.loads(urllib.request.urlopen(request, timeout=30).read())

    return server, get


def wait(get, runs):
    """Until the server has read what is there, or for half a minute."""
    for _ in range(120):
        try:
            tags = get("/data/plugin/scalars/tags")
            if set(get("/data/runs")) >= set(runs) and all(set(tags.get(run, {})) >= set(curves) for run, curves in runs.items()):
                return
        except OSError:
            pass
        time.sleep(0.25)


def main(logdir, study):
    files = sorted(Path(logdir).rglob("*tfevents*"))
    FINDINGS.expect(files, f"no event files in {logdir}")
    for path in files:
        wrong = damaged(path)
        FINDINGS.expect(wrong is None, f"{path.name} of {path.parent.name}: {wrong}")
    runs, text, texts = {}, set(), {}
    for folder in sorted({path.parent for path in files}):
        accumulator = event_accumulator.EventAccumulator(str(folder), {event_accumulator.SCALARS: 0, event_accumulator.TENSORS: 0})
        accumulator.Reload()
        curves = {}
        for tag in accumulator.Tags()["scalars"]:
            points = accumulator.Scalars(tag)
            curves[tag] = {point.step: point.value for point in points}
            FINDINGS.equal(len(curves[tag]), len(points), f"steps of {tag} of {folder.name}, each once")
        for tag in accumulator.Tags()["tensors"]:
            if accumulator.SummaryMetadata(tag).plugin_data.plugin_name == "text":
                text.add(str(folder.relative_to(logdir)))
                shown = accumulator.Tensors(tag)[0].tensor_proto.string_val[0].decode()
                texts[str(folder.relative_to(logdir)), tag] = shown
        runs[str(folder.relative_to(logdir))] = curves
    for fast in (True, False):
        server, get = serve(logdir, fast)
        try:
            wait(get, runs)
            tags = get("/data/plugin/scalars/tags")
            for run, curves in runs.items():
                FINDINGS.equal(sorted(tags.get(run, {})), sorted(curves), f"curves of {run} on the page")
                for tag, points in curves.items():
                    query = urllib.parse.urlencode({"run": run, "tag": tag})
                    shown = {step: number for _, step, number in get(f"/data/plugin/scalars/scalars?{query}")}
                    FINDINGS.expect(shown == points, f"{tag} of {run} on the page: {shown} instead of {points}")
            for run in text:
                FINDINGS.expect(get("/data/plugin/text/tags").get(run), f"no text of {run} on the page")
            experiment = get("/data/plugin/hparams/experiment", {})
            groups = get("/data/plugin/hparams/session_groups", {
                "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"],
                "colParams": [], "startIndex": 0, "sliceSize": 10000,
            })["sessionGroups"]
        finally:
            server.terminate()
            server.wait()
    FINDINGS.expect(experiment.get("hparamInfos"), "no hyperparameters on the page")
    FINDINGS.expect(experiment.get("metricInfos"), "no metrics beside the hyperparameters")
    if study is None:
        return
    by_trial = {int(name.rsplit("-", 1)[1]): (name, points) for name, points in runs.items() if name.rsplit("-", 1)[-1].isdigit()}
    groups = {group["sessions"][0]["name"]: group for group in groups}
    FINDINGS.equal(experiment.get("name"), study.name, "name of the experiment")
    for tag, words in {"study/settings": [str(study.seed), study.version, study.host or "", *(p["fingerprint"] for p in study.parts)], "study/results": [*study.test][:1]}.items():
        shown = texts.get(("study", tag), "").replace("\\", "")
        FINDINGS.expect(shown and all(word in shown for word in words), f"{words} in the text {tag}: {shown}")
    FINDINGS.equal(sorted(by_trial), sorted(study.trials), "trials")
    for number, trial in study.trials.items():
        name, points = by_trial.get(number, ("", {}))
        wanted = {}
        for at in trial.curve:
            wanted.setdefault("epoch", {})[at] = at / study.epoch
        for at, metrics in trial.told.items():
            for metric, number_ in metrics.items():
                wanted.setdefault(metric, {})[at] = number_
        FINDINGS.expect(
            set(points) == set(wanted) and all(set(points[m]) == set(wanted[m]) and all(same(points[m][s], wanted[m][s]) for s in wanted[m]) for m in wanted),
            f"curves of trial {number}: {points} instead of {wanted}",
        )
        about = next((shown for (run, tag), shown in texts.items() if run == name and tag == "trial"), "")
        if trial.status not in ("running", "paused"):
            for word in ("seed", "rung", "device", "wall\\_seconds", "peak\\_memory\\_mb", trial.status, *(["failure"] if trial.failure else [])):
                FINDINGS.expect(word in about or word.replace("\\", "") in about, f"no {word} in the text of trial {number}: {about}")
        group = groups.get(name, {})
        got = {k: v for k, v in group.get("hparams", {}).items() if v not in ("", None)}
        FINDINGS.expect(got.keys() == trial.params.keys() and all(same(got[k], v) for k, v in trial.params.items()), f"hyperparameters of trial {number}: {got} instead of {trial.params}")
        # A trial that has not ended says nothing about its end: the server keeps the first word about it.
        state = {"failed": "STATUS_FAILURE", "running": "STATUS_UNKNOWN", "paused": "STATUS_UNKNOWN"}.get(trial.status, "STATUS_SUCCESS")
        FINDINGS.equal(group.get("sessions", [{}])[0].get("status"), state, f"state of trial {number}")


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
main(Path(sys.argv[1]), Study(sys.argv[2]) if len(sys.argv) > 2 else None)
FINDINGS.end()
