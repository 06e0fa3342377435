"""Compares with transformers on all characters of Unicode's first two planes: `python3 compare_unicode.py ENCODE FOLDER…`.

ENCODE is the built `encode` example. Prints how many texts differ in ids or characters.
"""
import json, os, random, subprocess, sys, tempfile
os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
import transformers as hf


def texts():
    random.seed(1)
    characters = [c for c in range(0x20000) if not 0xD800 <= c < 0xE000]
    yield from ("".join(map(chr, characters[i:i + 40])) for i in range(0, len(characters), 40))
    for _ in range(1500):
        yield "".join(chr(random.choice(characters)) if random.random() < 0.3 else random.choice("a the  ,.'s12\n") for _ in range(60))


def main(encode, *folders):
    all_texts = list(texts())
    with tempfile.TemporaryDirectory() as scratch:
        json.dump(all_texts, open(f"{scratch}/texts.json", "w"))
        for folder in folders:
            subprocess.run([encode, folder, f"{scratch}/texts.json", f"{scratch}/answers.json"], check=True)
            answers = json.load(open(f"{scratch}/answers.json"))
            tok = hf.AutoTokenizer.from_pretrained(folder)
            ids = places = 0
            first = None
            for text, (own, own_places) in zip(all_texts, answers):
                e = tok(text, return_offsets_mapping=True)
                ids += e["input_ids"] != own
                places += [list(p) for p in e["offset_mapping"]] != own_places
                if first is None and e["input_ids"] != own:
                    first = text
            print(folder, type(tok).__name__, len(all_texts), "texts; differ in ids:", ids, "in characters:", places, repr(first)[:200] if first else "", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
