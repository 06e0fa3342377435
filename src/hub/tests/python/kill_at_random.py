"""Kills a download at random moments until it is done, and checks what is visible after each kill.

    venv/bin/python src/hub/tests/python/kill_at_random.py target/debug/examples/download [rounds]
"""

import pathlib
import random
import subprocess
import sys
import tempfile
import time

import fake_hub

fake_hub.FILES["model.safetensors"] = random.Random(1).randbytes(40_000_000)
ENDPOINT = fake_hub.start()
SLOW = fake_hub.Handler.content


def slow(self, path):
    """The content at some 60 MB/s, so that a kill falls into it."""
    write, pieces = self.wfile.write, 100_000

    def slowly(body):
        for start in range(0, len(body), pieces):
            write(body[start:start + pieces])
            time.sleep(0.0015)

    self.wfile.write = slowly
    SLOW(self, path)
    self.wfile.write = write


fake_hub.Handler.content = slow


def check(home, is_done):
    folder = home / "hub" / "models--org--name"
    for path, content in fake_hub.FILES.items():
        file = folder / "snapshots" / fake_hub.COMMIT / path
        if file.exists():
            assert file.read_bytes() == content, path
        assert file.exists() or not is_done, path
    for blob in (folder / "blobs").glob("*"):
        if "." not in blob.name:
            assert any(blob.name == fake_hub.etag(path) and blob.read_bytes() == content
                       for path, content in fake_hub.FILES.items()), blob
    assert not (folder / "refs" / "main").exists() or all(
        (folder / "snapshots" / fake_hub.COMMIT / path).exists() for path in fake_hub.FILES)


kills = 0
for round in range(int(sys.argv[2]) if len(sys.argv) > 2 else 10):
    with tempfile.TemporaryDirectory() as home:
        home = pathlib.Path(home)
        environment = {"HF_ENDPOINT": ENDPOINT, "HF_HOME": str(home)}
        for attempt in range(100):
            process = subprocess.Popen([sys.argv[1], "org/name", "*"], env=environment,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            try:
                out, err = process.communicate(timeout=random.uniform(0.0, 1.0))
                assert process.returncode == 0, err
                check(home, True)
                break
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                kills += 1
                check(home, False)
        else:
            sys.exit("a download never ended: it does not continue")
        leftovers = [path.name for path in (home / "hub").rglob("*") if path.name.endswith((".incomplete", ".journal", ".new"))]
        print("round", round, "attempts", attempt + 1, out.decode().split()[-2:], "left over", leftovers)
print("kills", kills)
