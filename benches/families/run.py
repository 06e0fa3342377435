"""A training step of every family of language models at MiniLM's size beside transformers on PyTorch, interleaved.

Usage: run.py STEP_BINARY [--rounds 3] [--only bert,gpt2]      needs torch, transformers, safetensors
STEP_BINARY: `cargo bench --bench step --no-run` prints its path. 16 texts of 64 tokens, AdamW, dropout 0.1, one thread.
Both sides begin from the same folder of random weights: the time does not depend on their values.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", RAYON_NUM_THREADS="1", TRANSFORMERS_VERBOSITY="error")

VOCABULARY, HIDDEN, HEADS, INNER, LAYERS, TEXTS, TOKENS = 30522, 384, 12, 1536, 6, 16, 64
SIZE = dict(
    vocab_size=VOCABULARY,
    hidden_size=HIDDEN,
    num_attention_heads=HEADS,
    intermediate_size=INNER,
    num_hidden_layers=LAYERS,
    max_position_embeddings=514,
    pad_token_id=0,
)
DROPOUT = dict(hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1)
# Decoders have two attention heads of keys for six of queries where the family groups them.
GROUPED = dict(num_key_value_heads=4, head_dim=HIDDEN // HEADS, attention_dropout=0.1)

FAMILIES = {
    "bert": SIZE | DROPOUT,
    "distilbert": dict(
        vocab_size=VOCABULARY, dim=HIDDEN, n_heads=HEADS, hidden_dim=INNER, n_layers=LAYERS, max_position_embeddings=514, pad_token_id=0
    ),
    "roberta": SIZE | DROPOUT,
    "camembert": SIZE | DROPOUT,
    "xlm-roberta": SIZE | DROPOUT,
    "electra": SIZE | DROPOUT | dict(embedding_size=HIDDEN),
    "albert": SIZE | DROPOUT | dict(embedding_size=128),
    "mpnet": SIZE | DROPOUT,
    "deberta-v2": SIZE
    | DROPOUT
    | dict(
        relative_attention=True, position_buckets=256, norm_rel_ebd="layer_norm", share_att_key=True, pos_att_type=["p2c", "c2p"],
        position_biased_input=False, pooler_hidden_size=HIDDEN, type_vocab_size=0, max_relative_positions=-1,
    ),
    "modernbert": SIZE | dict(attention_dropout=0.1, mlp_dropout=0.1, embedding_dropout=0.1, classifier_dropout=0.1),
    "gpt2": dict(
        vocab_size=VOCABULARY, n_embd=HIDDEN, n_head=HEADS, n_inner=INNER, n_layer=LAYERS, n_positions=514, pad_token_id=0
    ),
    "gpt_neox": SIZE | dict(hidden_dropout=0.1, attention_dropout=0.1),
    "llama": SIZE | GROUPED,
    "mistral": SIZE | GROUPED,
    "qwen2": SIZE | dict(num_key_value_heads=4, attention_dropout=0.1),
    "qwen3": SIZE | GROUPED,
    "gemma2": SIZE | GROUPED,
    "gemma3_text": SIZE | GROUPED,
    "opt": dict(
        vocab_size=VOCABULARY, hidden_size=HIDDEN, word_embed_proj_dim=HIDDEN, num_attention_heads=HEADS, ffn_dim=INNER,
        num_hidden_layers=LAYERS, max_position_embeddings=512, pad_token_id=0, dropout=0.1, attention_dropout=0.1,
    ),
}


def make(family, folder):
    """A folder with a random model and the smallest tokenizer that opens it."""
    import transformers

    config = transformers.AutoConfig.for_model(family, num_labels=2, **FAMILIES[family])
    model = transformers.AutoModelForSequenceClassification.from_config(config)
    model.save_pretrained(folder)
    vocabulary = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3} | {f"w{number}": number for number in range(4, 200)}
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
        "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": None, "decoder": None,
        "model": {
            "type": "WordPiece", "vocab": vocabulary, "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100
        },
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    return sum(parameter.numel() for parameter in model.parameters())


def theirs(folder, steps):
    """Seconds of steps in this process; the first one, which allocates, is left out."""
    import torch
    import transformers

    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5)
    ids = torch.tensor([[1000 + (text * 977 + place * 131) % 28_000 for place in range(TOKENS)] for text in range(TEXTS)])
    labels = torch.arange(TEXTS) % 2
    for step in range(steps + 1):
        begun = time.perf_counter()
        loss = model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if step:
            print(f"{time.perf_counter() - begun:.4f}")


def seconds(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or not done.stdout.strip():
        return None, (done.stderr or done.stdout).strip().splitlines()[-1:]
    try:
        return [float(line) for line in done.stdout.split()], None
    except ValueError:
        return None, done.stdout.strip().splitlines()[-1:]


def main():
    if sys.argv[1:2] == ["--theirs"]:
        return theirs(sys.argv[2], int(sys.argv[3]))
    arguments = argparse.ArgumentParser()
    arguments.add_argument("binary")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--only")
    arguments = arguments.parse_args()
    names = arguments.only.split(",") if arguments.only else list(FAMILIES)
    environment = os.environ | {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "4294967296", "MALLOC_TOP_PAD_": "67108864"}
    print("| family | parameters | ours | PyTorch | ratio |\n|---|---|---|---|---|")
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            count = make(name, folder)
            ours, peer, fault = [], [], None
            for _ in range(arguments.rounds):
                os.environ.update(environment)
                mine, wrong = seconds([arguments.binary, str(folder), "3"])
                other, broken = seconds([sys.executable, __file__, "--theirs", str(folder), "3"])
                fault = wrong or broken
                if fault:
                    break
                ours += mine
                peer += other
            if fault:
                print(f"| {name} | {count / 1e6:.1f} M | {fault} | | |", flush=True)
                continue
            a, b = statistics.median(ours), statistics.median(peer)
            print(f"| {name} | {count / 1e6:.1f} M | {a:.3f} s | {b:.3f} s | {a / b:.2f} |", flush=True)


if __name__ == "__main__":
    main()
