"""A hub on this machine for `check_against_huggingface_hub.py`: one model, with a storage host on a second port."""

import functools
import hashlib
import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "config.json": b'{"model_type": "bert"}',
    "tokenizer.json": b"{}",
    "1_Pooling/config.json": b'{"pooling": true}',
    "model.safetensors": bytes(range(256)) * 1000,
}


@functools.cache
def sha1(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def is_large(path):
    return path.endswith(".safetensors")


@functools.cache
def sha256(content):
    return hashlib.sha256(content).hexdigest()


def etag(path):
    content = FILES[path]
    return sha256(content) if is_large(path) else sha1(content)


def sibling(path):
    entry = {"rfilename": path, "size": len(FILES[path]), "blobId": sha1(FILES[path])}
    if is_large(path):
        entry["lfs"] = {"sha256": etag(path), "size": len(FILES[path]), "pointerSize": 134}
    return entry


def tree_entry(path):
    entry = {"type": "file", "path": path, "size": len(FILES[path]), "oid": sha1(FILES[path])}
    if is_large(path):
        entry["lfs"] = {"oid": etag(path), "size": len(FILES[path]), "pointerSize": 134}
    return entry


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    storage = ""

    def log_message(self, *arguments):
        pass

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            try:
                self.wfile.write(body)
            except OSError:
                self.close_connection = True

    def do_GET(self):
        path = urllib.parse.unquote(self.path.split("?")[0])
        if path.startswith("/api/models/org/name/tree/"):
            return self.json([tree_entry(path) for path in FILES])
        if path.startswith("/api/models/org/name"):
            siblings = [sibling(path) for path in FILES]
            return self.json({"_id": "1", "id": "org/name", "sha": COMMIT, "private": False, "gated": False,
                              "tags": [], "downloads": 0, "likes": 0, "siblings": siblings})
        if path.startswith("/store/"):
            return self.content(path.removeprefix("/store/"))
        for revision in ("main", COMMIT):
            prefix = f"/org/name/resolve/{revision}/"
            if path.startswith(prefix):
                return self.file(path.removeprefix(prefix))
        self.reply(404, X_Error_Code="RepoNotFound")

    do_HEAD = do_GET

    def json(self, value):
        self.reply(200, json.dumps(value).encode(), Content_Type="application/json")

    def file(self, path):
        if path not in FILES:
            return self.reply(404, X_Error_Code="EntryNotFound", X_Repo_Commit=COMMIT)
        if is_large(path):
            return self.reply(302, Location=f"{self.storage}/store/{path}", X_Repo_Commit=COMMIT,
                              X_Linked_Etag=f'"{etag(path)}"', X_Linked_Size=str(len(FILES[path])))
        self.reply(200, FILES[path], ETag=f'"{etag(path)}"', X_Repo_Commit=COMMIT)

    def content(self, path):
        content, wanted = FILES[path], self.headers.get("Range")
        if not wanted:
            return self.reply(200, content, ETag='"of-storage"')
        start, end = wanted.removeprefix("bytes=").split("-")
        start, end = int(start), int(end or len(content) - 1)
        self.reply(206, content[start:end + 1], ETag='"of-storage"',
                   Content_Range=f"bytes {start}-{end}/{len(content)}")


def start():
    """Starts both servers and returns the hub's address."""
    hub, storage = (ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(2))
    Handler.storage = f"http://localhost:{storage.server_port}"
    for server in (hub, storage):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{hub.server_port}"
