"""Checks that this crate and `huggingface_hub` find what the other has downloaded, and writes `layout.txt`.

    python -m venv venv && venv/bin/pip install huggingface_hub
    cargo build -p automl-hub --example download
    venv/bin/python src/hub/tests/python/check_against_huggingface_hub.py target/debug/examples/download

`layout.txt` is the cache as `huggingface_hub` writes it; the test `layout` compares ours with it.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import fake_hub

ENDPOINT = fake_hub.start()
os.environ["HF_ENDPOINT"] = ENDPOINT

import huggingface_hub
from huggingface_hub import hf_hub_download, scan_cache_dir, snapshot_download, try_to_load_from_cache
from huggingface_hub.file_download import _CACHED_NO_EXIST

PROGRAM = sys.argv[1]


def ours(home, *patterns, offline=False):
    environment = {"HF_ENDPOINT": "http://127.0.0.1:9" if offline else ENDPOINT, "HF_HOME": str(home)}
    if offline:
        environment["HF_HUB_OFFLINE"] = "1"
    result = subprocess.run([PROGRAM, "org/name", *patterns], env=environment, capture_output=True, text=True)
    return result.returncode, (result.stdout + result.stderr).strip()


def layout(cache):
    """Each path with the target of its link or its content; lists of files are left out."""
    lines = []
    for path in sorted(cache.rglob("*")):
        name = path.relative_to(cache).as_posix()
        if "/trees/" in name:
            continue
        if path.is_symlink():
            lines.append(f"{name} -> {os.readlink(path)}")
        elif path.is_file():
            content = path.read_bytes()
            is_short = name.split("/")[1:2] == ["refs"]
            lines.append(f"{name} {content.decode() if is_short else fake_hub.hashlib.sha256(content).hexdigest()}")
    return "\n".join(lines) + "\n"


def theirs(home):
    cache = home / "hub"
    snapshot_download("org/name", cache_dir=cache)
    try:
        hf_hub_download("org/name", "generation_config.json", cache_dir=cache)
    except huggingface_hub.errors.RemoteEntryNotFoundError:
        pass
    return cache


def check(name, is_true, detail=""):
    print("ok  " if is_true else "FAIL", name, detail)
    if not is_true:
        sys.exit(1)


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    print("huggingface_hub", huggingface_hub.__version__)

    reference = theirs(folder / "theirs")
    text = layout(reference)
    (pathlib.Path(__file__).parent / "layout.txt").write_text(text)

    code, out = ours(folder / "ours", "*", "generation_config.json")
    cache = folder / "ours" / "hub"
    check("we download", code == 0, out)
    mine = [line for line in layout(cache).splitlines() if not line.startswith("CACHEDIR.TAG")]
    expected = [line for line in text.splitlines() if not line.startswith("CACHEDIR.TAG")]
    check("the layouts are the same", mine == expected, "\n".join(set(mine) ^ set(expected)))
    snapshot = cache / "models--org--name" / "snapshots" / fake_hub.COMMIT
    found = try_to_load_from_cache("org/name", "1_Pooling/config.json", cache_dir=cache)
    check("try_to_load_from_cache finds a file", found == str(snapshot / "1_Pooling/config.json"), found)
    found = try_to_load_from_cache("org/name", "generation_config.json", cache_dir=cache)
    check("try_to_load_from_cache knows an absent file", found is _CACHED_NO_EXIST)
    found = snapshot_download("org/name", cache_dir=cache, local_files_only=True)
    check("snapshot_download finds the snapshot", found == str(snapshot.resolve()), found)
    report = scan_cache_dir(cache)
    check("scan_cache_dir has no warnings", not report.warnings, report.warnings)
    repository, = report.repos
    check("scan_cache_dir sees all files", repository.nb_files == len(fake_hub.FILES), repository.nb_files)
    check("scan_cache_dir sees the reference", repository.refs.keys() == {"main"})
    before = {path: path.stat().st_mtime_ns for path in cache.glob("*/blobs/*")}
    snapshot_download("org/name", cache_dir=cache)
    after = {path: path.stat().st_mtime_ns for path in before}
    check("snapshot_download fetches nothing again", before == after)
    deleted = scan_cache_dir(cache).delete_revisions(fake_hub.COMMIT)
    deleted.execute()
    check("delete_revisions removes all", not (cache / "models--org--name").exists())

    code, out = ours(folder / "part", "config.json")
    cache = folder / "part" / "hub"
    check("we download a part", code == 0, out)
    found = snapshot_download("org/name", cache_dir=cache, local_files_only=True)
    check("snapshot_download finds the part", pathlib.Path(found, "config.json").is_file())
    check("scan_cache_dir has no warnings", not scan_cache_dir(cache).warnings)

    code, out = ours(folder / "theirs", "*", offline=True)
    check("we find what they downloaded, offline", code == 0 and out.endswith(" 0 bytes"), out)
    code, out = ours(folder / "theirs", "config.json", "generation_config.json", offline=True)
    check("we know their absent file, offline", code == 0, out)
    code, out = ours(folder / "theirs", "*")
    check("we fetch nothing again online", code == 0 and out.endswith(" 0 bytes"), out)

    # Both at once: the lock of one keeps the other waiting.
    import threading
    from huggingface_hub.utils import WeakFileLock
    blob = fake_hub.etag("model.safetensors")
    lock = folder / "both" / "hub" / ".locks" / "models--org--name" / f"{blob}.lock"
    lock.parent.mkdir(parents=True)
    results = []
    with WeakFileLock(lock):
        thread = threading.Thread(target=lambda: results.append(ours(folder / "both", "*")))
        thread.start()
        thread.join(1)
        check("we wait for their lock", thread.is_alive())
    thread.join(10)
    check("we go on when it is free", results and results[0][0] == 0, results)
