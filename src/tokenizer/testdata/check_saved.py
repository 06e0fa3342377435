"""Checks that transformers reads saved tokenizers alike: `python3 check_saved.py TINY EXPORT` with a built `export` example.

TINY is shared/data/tiny. Every family is saved (also from its files without tokenizer.json), config.json is put beside it, and
AutoTokenizer must give the golden answers of tokenisation.json.
"""
import json, os, shutil, subprocess, sys, tempfile
os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
import transformers as hf

HERE = os.path.dirname(os.path.abspath(__file__))


def saved(folder, names, export):
    with tempfile.TemporaryDirectory() as source:
        for name in names:
            if os.path.exists(f"{folder}/{name}"):
                shutil.copy(f"{folder}/{name}", f"{source}/{name}")
        target = tempfile.mkdtemp()
        subprocess.run([export, source, target], check=True)
        shutil.copy(f"{folder}/config.json", target)
        # What an export must do without the sources.
        for name in os.listdir(target):
            if name not in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "config.json"):
                os.remove(f"{target}/{name}")
        return target


def main(tiny, export):
    texts = json.load(open(f"{tiny}/texts.json"))
    strings = texts["strings"] + texts["fuzz"]
    for family in sorted(os.listdir(tiny)):
        twin = dict(electra="bert", gemma3="gemma2", qwen3="qwen2").get(family, family)
        if not os.path.exists(f"{tiny}/{twin}/tokenisation.json"):
            continue
        golden = json.load(open(f"{tiny}/{twin}/tokenisation.json"))["strings"]
        folder = f"{tiny}/{family}/sequence-classification"
        names = os.listdir(folder)
        for variant in [names, [n for n in names if n != "tokenizer.json"]]:
            if not any(n.startswith("vocab") or n.endswith((".model", "tokenizer.json")) for n in variant):
                continue
            target = saved(folder, variant, export)
            tok = hf.AutoTokenizer.from_pretrained(target)
            wrong = [t for t, g in zip(strings, golden) if tok(t)["input_ids"] != g["ids"]]
            print(family, "whole" if "tokenizer.json" in variant else "sources", type(tok).__name__, "wrong:", wrong[:3])
            shutil.rmtree(target)
    for name in sorted(os.listdir(HERE)):
        folder = f"{HERE}/{name}"
        if os.path.isdir(folder) and os.path.exists(f"{folder}/golden.json"):
            golden = json.load(open(f"{folder}/golden.json"))
            target = saved(folder, os.listdir(folder), export)
            tok = hf.AutoTokenizer.from_pretrained(target)
            wrong = [g["text"] for g in golden["texts"] if tok(g["text"])["input_ids"] != g["ids"]]
            wrong += [g["pair"] for g in golden["pairs"] if tok(*g["pair"])["input_ids"] != g["ids"]]
            print("fixture", name, type(tok).__name__, "wrong:", wrong[:3])
            shutil.rmtree(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
