"""Makes the small tokenizers in this folder and what transformers makes of a few texts: `python3 make_fixtures.py`.

Needs transformers 5.24, tokenizers, sentencepiece, protobuf. Each FAMILY/ has the files that a hub folder of that family
has without a tokenizer.json, and golden.json: ids, offsets (in characters) and types of texts and of pairs; ids, words
and offsets of words.
"""
import io, json, os, shutil, sys
os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
import sentencepiece
import transformers as hf
from tokenizers import pre_tokenizers

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = ["the quiet film stays with you", "a quiet river runs from the hills", "it is not a bad film, the river said", "the café was quiet",
          "they read the label and the river read them", "trois films (2019) pour un été", "naïve readers read 12345 labels"] * 3
TEXTS = ["", " ", "The quiet film.", "  a  quiet\triver\n", "café naïve Été", "好的 😀 ﬁlm", "[CLS] a [MASK] b </s> <mask> <s> <pad>", "it's (not) ``bad''",
         "12345 x<unk>y", "<|endoftext|> a<|endoftext|>", "▁a ▁▁ b", "<0x41> \u200b Ａ"]
PAIRS = [["a quiet film", "the river"], ["", "café"], ["it is", ""]]
WORDS = [["The", "quiet", "film"], ["café", "", "(2019)", "好", "<mask>", " x"], []]


def merges_of(count, split):
    import collections
    words = collections.Counter(tuple(w) for line in CORPUS for w, _ in split.pre_tokenize_str(line))
    merges = []
    while len(merges) < count:
        pairs = collections.Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += n
        a, b = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append((a, b))
        merged = collections.Counter()
        for word, n in words.items():
            out = []
            for piece in word:
                out[-1:] = [a + b] if out and out[-1] == a and piece == b else out[-1:] + [piece]
            merged[tuple(out)] += n
        words = merged
    return merges


def byte_pairs(folder, first, last):
    split = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = merges_of(40, split)
    vocab = dict.fromkeys(first + alphabet + [a + b for a, b in merges] + last)
    put(folder, "vocab.json", json.dumps({w: i for i, w in enumerate(vocab)}, ensure_ascii=False))
    put(folder, "merges.txt", "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))


def word_pieces(folder, special, lower):
    words = sorted({w for line in CORPUS for w in line.replace(",", " ,").split()})
    chars = sorted({c for w in words for c in w})
    vocab = dict.fromkeys(special + chars + ["##" + c for c in chars] + words[::2])
    put(folder, "vocab.txt", "".join(w + "\n" for w in vocab))


def sentence_pieces(folder, name, kind, size, **settings):
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=out, model_type=kind, vocab_size=size,
                                             num_threads=1, hard_vocab_limit=False, minloglevel=2, character_coverage=1.0, **settings)
    from sentencepiece import sentencepiece_model_pb2
    model = sentencepiece_model_pb2.ModelProto.FromString(out.getvalue())
    model.trainer_spec.ClearField("input")
    model.normalizer_spec.normalization_rule_tsv = ""
    with open(f"{HERE}/{folder}/{name}", "wb") as file:
        file.write(model.SerializeToString(deterministic=True))


def put(folder, name, text):
    with open(f"{HERE}/{folder}/{name}", "w", encoding="utf8") as file:
        file.write(text)


def rules():
    path = f"{HERE}/rules.tsv"
    pairs = {"\ufb01": "fi", "\u3000": " ", "\t": " ", "\n": " ", "\u200b": " ", "\uff21": "A"}
    with open(path, "w") as file:
        file.writelines(" ".join(f"{ord(c):X}" for c in a) + "\t" + " ".join(f"{ord(c):X}" for c in b) + "\n" for a, b in pairs.items())
    return path


FAIRSEQ = dict(unk_id=0, bos_id=1, eos_id=2, pad_id=-1)
IDENTITY = dict(normalization_rule_name="identity", remove_extra_whitespaces=False, byte_fallback=True, split_digits=True)
# Name: model_type, files, tokenizer_config.json
FAMILIES = dict(
    bert=("bert", lambda f: word_pieces(f, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], True), {}),
    cased=("bert", lambda f: word_pieces(f, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], False),
           dict(do_lower_case=False, tokenizer_class="BertTokenizer", tokenize_chinese_chars=False)),
    mpnet=("mpnet", lambda f: word_pieces(f, ["<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>"], True), {}),
    gpt2=("gpt2", lambda f: byte_pairs(f, [], ["<|endoftext|>"]), {}),
    gpt_neox=("gpt_neox", lambda f: byte_pairs(f, ["<|endoftext|>", "<|padding|>"], []), dict(tokenizer_class="GPTNeoXTokenizer",
              added_tokens_decoder={"300": dict(content="   ", normalized=True, special=False, lstrip=False, rstrip=False, single_word=False)})),
    opt=("opt", lambda f: byte_pairs(f, ["<s>", "<pad>", "</s>", "<unk>"], []), dict(tokenizer_class="GPT2Tokenizer", add_bos_token=True,
         bos_token=dict(__type="AddedToken", content="</s>", normalized=True, lstrip=False, rstrip=False, single_word=False), eos_token="</s>",
         unk_token="</s>", pad_token="<pad>")),
    roberta=("roberta", lambda f: byte_pairs(f, ["<s>", "<pad>", "</s>", "<unk>"], ["<mask>"]), {}),
    qwen2=("qwen2", lambda f: byte_pairs(f, [], []), dict(tokenizer_class="Qwen2Tokenizer", pad_token="<|endoftext|>",
           additional_special_tokens=["<|im_start|>"])),
    albert=("albert", lambda f: sentence_pieces(f, "spiece.model", "unigram", 90, pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, pad_piece="<pad>",
            control_symbols=["[CLS]", "[SEP]"], user_defined_symbols=["[MASK]", "(", ")"], normalization_rule_tsv=rules()), {}),
    deberta_v2=("deberta-v2", lambda f: sentence_pieces(f, "spm.model", "unigram", 90, pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]",
                bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]", normalization_rule_tsv=rules()), dict(do_lower_case=True,
                split_by_punct=True)),
    xlm_roberta=("xlm-roberta", lambda f: sentence_pieces(f, "sentencepiece.bpe.model", "unigram", 90, normalization_rule_tsv=rules(),
                 **FAIRSEQ), {}),
    camembert=("camembert", lambda f: sentence_pieces(f, "sentencepiece.bpe.model", "unigram", 90, normalization_rule_tsv=rules(),
               **FAIRSEQ), {}),
    llama=("llama", lambda f: sentence_pieces(f, "tokenizer.model", "bpe", 340, **FAIRSEQ, **IDENTITY), dict(add_bos_token=True,
           add_eos_token=True, tokenizer_class="LlamaTokenizer", pad_token="<unk>")),
    llama_legacy=("llama", lambda f: sentence_pieces(f, "tokenizer.model", "bpe", 340, **FAIRSEQ, **IDENTITY), dict(legacy=True,
                  tokenizer_class="LlamaTokenizer")),
    gemma=("gemma", lambda f: sentence_pieces(f, "tokenizer.model", "bpe", 340, pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>",
           eos_piece="<eos>", bos_piece="<bos>", user_defined_symbols=["<mask>"], add_dummy_prefix=False, **IDENTITY),
           dict(add_bos_token=True)),
)
# Words need a blank before each with these, and the library wants to be told.
PREFIXED = ("gpt2", "opt", "roberta")


def golden(folder, name):
    tok = hf.AutoTokenizer.from_pretrained(folder)
    settings = dict(return_offsets_mapping=True, return_token_type_ids=True)

    def flat(e):
        return dict(ids=e["input_ids"], offsets=[n for pair in e["offset_mapping"] for n in pair], type_ids=e["token_type_ids"])

    answer = dict(texts=[dict(text=t) | flat(tok(t, **settings)) for t in TEXTS], pairs=[dict(pair=p) | flat(tok(*p, **settings)) for p in PAIRS],
                  pad_token=tok.pad_token)
    if name in PREFIXED:
        tok = hf.AutoTokenizer.from_pretrained(folder, add_prefix_space=True)
    if name not in ("gpt_neox", "qwen2", "gemma"):
        answer["words"] = []
        for words in WORDS:
            e = tok(words, is_split_into_words=True, **settings)
            answer["words"].append(dict(words=words) | flat(e) | dict(word_ids=e.word_ids()))
    return answer


if __name__ == "__main__":
    for name, (model_type, make, config) in FAMILIES.items():
        folder = f"{HERE}/{name}"
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        make(name)
        put(name, "config.json", json.dumps(dict(model_type=model_type)) + "\n")
        if config:
            put(name, "tokenizer_config.json", json.dumps(config) + "\n")
        answer = golden(folder, name)
        put(name, "golden.json", json.dumps(answer, ensure_ascii=False, separators=(",", ":")) + "\n")
        print(name, [len(v) for v in answer.values() if v], answer["texts"][2]["ids"])
    if os.path.exists(f"{HERE}/rules.tsv"):
        os.remove(f"{HERE}/rules.tsv")
