"""Does a tracker that is down slow a search?

    python benches/trackers.py AUTOML [--rounds 5] [--spec SPEC] [--trials 12] [--set KEY=VALUE]… [--moods down,slow]

Each round runs the same search once without a tracker and once with an MLflow server in every bad mood, in a new order:

    down     nothing listens at the address
    dies     it answers 200 to whatever it is asked, and is gone for good when half of the trials have begun
    500      it answers 500 to everything
    429      it answers 429 with `Retry-After: 1` to everything
    slow     it takes 20 s for every answer

The search of `tests/trackers/sphere.yaml` sleeps in place of training, so that its seconds mean something on a machine that others
use too; `--spec tests/trackers/texts.yaml` trains.

Seconds are those of the search itself, from its journal, because the process waits up to ten seconds for its trackers when
the search has ended; that wait is a column of its own. The ratio is that without a tracker to that with one, so 0.98 is 2 %
slower; on a machine that others use, the ratio of processor time says more. Ends with 1 if a leaderboard differs.
"""
import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).resolve().parent
MOODS = ["down", "dies", "500", "429", "slow"]
# What a server that dies would have answered: enough for runs to be made.
ANSWER = {"experiment": {"experiment_id": "1", "lifecycle_stage": "active"}, "runs": [], "run": {"info": {"run_id": "1", "artifact_uri": "mlflow-artifacts:/1"}}}


class Server(ThreadingHTTPServer):
    """Answers as its mood is, and counts the requests."""

    daemon_threads = True

    def __init__(self, mood):
        super().__init__(("127.0.0.1", 0), Handler)
        self.mood, self.requests = mood, 0
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        if mood == "down":
            self.server_close()
        else:
            threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """A client that goes away is no error."""

    def die(self):
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests += 1
        status = int(self.server.mood) if self.server.mood.isdigit() else 200
        if self.server.mood == "slow":
            time.sleep(20)
        body = json.dumps(ANSWER if status == 200 else {"error_code": "NO", "message": "not today"}).encode()
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = answer


def entries(study):
    try:
        lines = (study / "journal.jsonl").read_text().splitlines()
    except OSError:
        return []
    # The last line may be half written.
    return [json.loads(line) for line in lines if line.endswith("}")]


def processor():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def search(options, mood, study):
    """Runs one search. Returns its seconds, the seconds of the process after its end, its processor seconds and the requests."""
    server = Server(mood) if mood else None
    command = [options.automl, "search", options.spec, "--out", study, "--quiet", "--workers", "2", "--trials", str(options.trials)]
    for change in options.set:
        command += ["--set", change]
    if server:
        command += ["--track", f"mlflow={server.address}"]
    before, begun = processor(), time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if mood == "dies":
        while process.poll() is None and sum("created" in e["event"] for e in entries(study)) < options.trials / 2:
            time.sleep(0.1)
        server.die()
    said = process.communicate()[1]
    wall = time.monotonic() - begun
    if process.returncode:
        raise SystemExit(f"the search with the mood {mood} ended with {process.returncode}: {said}")
    warnings = said.count("warning")
    if warnings != (1 if mood else 0):
        raise SystemExit(f"{warnings} warnings with the mood {mood}: {said}")
    seconds = entries(study)[-1]["elapsed"]
    if mood not in (None, "down", "dies"):
        server.die()
    return seconds, wall - seconds, processor() - before, server.requests if server else 0


def leaderboard(options, study):
    command = [options.automl, "leaderboard", study, "--format", "csv", "--no-timing"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("automl", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--spec", type=Path, default=HERE.parent / "tests" / "trackers" / "sphere.yaml")
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--moods", default=",".join(MOODS))
    options = parser.parse_args()
    options.automl = options.automl.resolve()
    moods = [None, *options.moods.split(",")]
    rows, boards = {mood: [] for mood in moods}, set()
    order = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.rounds):
            for mood in order.sample(moods, len(moods)):
                study = Path(folder) / f"{number}-{mood}"
                rows[mood].append(search(options, mood, study))
                boards.add(leaderboard(options, study))
                print(number, mood, " ".join(f"{value:.2f}" for value in rows[mood][-1]), file=sys.stderr, flush=True)
    plain = [statistics.median(column) for column in zip(*rows[None])]
    print("| server | search | ratio | ratio of pairs | processor | ratio | after the end | requests |")
    print("|---|---|---|---|---|---|---|---|")
    for mood, runs in rows.items():
        seconds, after, cpu, requests = (statistics.median(column) for column in zip(*runs))
        pairs = statistics.median(none[0] / own[0] for none, own in zip(rows[None], runs))
        print(f"| {mood or 'none'} | {seconds:.2f} s | {plain[0] / seconds:.3f} | {pairs:.3f} | {cpu:.2f} s | {plain[2] / cpu:.3f} | {after:.2f} s | {requests:.0f} |")
    print(f"{options.rounds} rounds; {len(boards)} different leaderboard{'s' if len(boards) > 1 else ''}")
    raise SystemExit(len(boards) != 1)


main()
