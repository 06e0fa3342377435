"""Writes the columnar files of this folder once, with the libraries that people use.

Needs: pip install pyarrow pandas datasets
"""

import shutil
import tempfile
from pathlib import Path

import datasets
import pandas
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet

HERE = Path(__file__).parent

KINDS = pa.table(
    {
        "text": pa.array(["naïve", None, "a \"b\"\n"], pa.string()),
        "large": pa.array(["x", "", None], pa.large_string()),
        "view": pa.array(["short", "a view longer than twelve bytes", None], pa.string_view()),
        "category": pa.array(["spam", "ham", "spam"]).dictionary_encode(),
        "flag": pa.array([True, None, False]),
        "tiny": pa.array([-128, 0, None], pa.int8()),
        "big": pa.array([9007199254740993, -1, None], pa.int64()),
        "huge": pa.array([18446744073709551615, 0, None], pa.uint64()),
        "half": pa.array([0.5, None, 1.0], pa.float16()),
        "single": pa.array([0.1, 1e10, None], pa.float32()),
        "double": pa.array([0.1, 1e300, None], pa.float64()),
        "words": pa.array([["a", None], [], None], pa.list_(pa.string())),
        "numbers": pa.array([[1, 2], [3, None], [5, 6]], pa.list_(pa.int32(), 2)),
        "nested": pa.array([[["a"], []], [], None], pa.large_list(pa.list_(pa.string()))),
        "answers": pa.array(
            [
                {"text": ["May"], "answer_start": [10]},
                {"text": [], "answer_start": []},
                None,
            ],
            pa.struct({"text": pa.list_(pa.string()), "answer_start": pa.list_(pa.int32())}),
        ),
        "spans": pa.array(
            [[{"from": 1, "kind": "a"}, {"from": 2, "kind": None}], [], None],
            pa.list_(pa.struct({"from": pa.int32(), "kind": pa.string()})),
        ),
        "when": pa.array([0, 86400, None], pa.timestamp("s")),
        "picture": pa.array([b"\x89PNG", b"", None], pa.binary()),
        "nothing": pa.nulls(3),
    }
)


def write_kinds():
    for compression in ["none", "snappy", "gzip", "zstd", "lz4"]:
        pa.parquet.write_table(KINDS, HERE / f"kinds-{compression}.parquet", compression=compression)
    for compression in ["uncompressed", "lz4", "zstd"]:
        # Feather has no 16-bit floats of its own; pyarrow writes them all the same.
        pa.feather.write_feather(KINDS, str(HERE / f"kinds-{compression}.feather"), compression=compression)
    with pa.OSFile(str(HERE / "kinds.arrows"), "wb") as sink, pa.ipc.new_stream(sink, KINDS.schema) as writer:
        writer.write_table(KINDS)


def write_labels():
    features = datasets.Features(
        {
            "text": datasets.Value("string"),
            "label": datasets.ClassLabel(names=["neg", "pos"]),
            "tags": datasets.Sequence(datasets.ClassLabel(names=["O", "B-PER", "I-PER"])),
        }
    )
    rows = {
        "text": ["good", "bad", "unknown"],
        "label": [1, 0, -1],
        "tags": [[0, 1, 2], [], [2]],
    }
    data = datasets.Dataset.from_dict(rows, features=features)
    data.to_parquet(str(HERE / "labels.parquet"))
    with tempfile.TemporaryDirectory() as folder:
        data.save_to_disk(folder)
        shutil.copy(next(Path(folder).glob("*.arrow")), HERE / "labels.arrow")


def write_pandas():
    frame = pandas.DataFrame({"text": ["a", "b"], "label": pandas.Categorical(["yes", "no"]), "score": [1, None]})
    frame.to_parquet(HERE / "pandas.parquet")
    frame.to_csv(HERE / "pandas.csv")
    frame.to_json(HERE / "pandas.json")
    frame.to_json(HERE / "pandas-records.json", orient="records", indent=2)
    frame.to_json(HERE / "pandas.jsonl", orient="records", lines=True)


write_kinds()
write_labels()
write_pandas()
