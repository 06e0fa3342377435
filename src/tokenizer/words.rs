//! Texts that come as words, as tagging has them. Most tokenizers mark the beginning of each word by themselves. For
//! those that only know words by the blank before them, a blank is added to every word. `transformers` asks for
//! `add_prefix_space` with GPT-2 and `RoBERTa`, and joins the words of GPT-NeoX, Llama 3, Qwen and Gemma without a blank;
//! here all of them get it, since their models were trained on words with blanks.

use serde_json::{Value, json};

/// The content of the `tokenizer.json` that encodes words, if it differs from the one for texts.
pub(crate) fn for_words(content: &str) -> Option<String> {
    let mut whole: Value = serde_json::from_str(content).ok()?;
    let is_changed = prefix_bytes(&mut whole) || prefix_characters(&mut whole);
    is_changed.then(|| whole.to_string())
}

/// Byte-level pairs: the step that turns characters into bytes adds the blank, unless the text was split before.
fn prefix_bytes(whole: &mut Value) -> bool {
    let mut steps = steps_of(&mut whole["pre_tokenizer"], "pretokenizers");
    let Some(position) = steps.iter().position(|step| step["type"] == "ByteLevel") else {
        return false;
    };
    if steps[position]["add_prefix_space"] == true {
        return false;
    }
    if position == 0 {
        steps[position]["add_prefix_space"] = true.into();
    } else {
        prepend(&mut whole["normalizer"], " ");
    }
    for step in steps_of(&mut whole["post_processor"], "processors") {
        if step["type"] == "ByteLevel" || step["type"] == "RobertaProcessing" {
            step["add_prefix_space"] = true.into();
        }
    }
    true
}

/// Pairs of characters: blanks become `▁`, and no step adds one.
fn prefix_characters(whole: &mut Value) -> bool {
    let is = |step: &Value, kind: &str| step["type"] == kind;
    let steps = steps_of(&mut whole["pre_tokenizer"], "pretokenizers");
    if steps.iter().any(|step| is(step, "Metaspace")) {
        return false;
    }
    let steps = steps_of(&mut whole["normalizer"], "normalizers");
    let marks_blanks = |step: &Value| is(step, "Replace") && step["pattern"]["String"] == " " && step["content"] == "▁";
    if steps.iter().any(|step| is(step, "Prepend")) || !steps.iter().any(|step| marks_blanks(step)) {
        return false;
    }
    prepend(&mut whole["normalizer"], " ");
    true
}

/// The steps of a sequence, or the only step.
fn steps_of<'a>(step: &'a mut Value, key: &str) -> Vec<&'a mut Value> {
    if step["type"] == "Sequence" {
        step[key].as_array_mut().into_iter().flatten().collect()
    } else {
        vec![step]
    }
}

/// Puts a step before the normalizer that adds `text` before every text.
fn prepend(normalizer: &mut Value, text: &str) {
    let first = json!({ "type": "Prepend", "prepend": text });
    let rest = normalizer.take();
    *normalizer = if rest.is_null() {
        first
    } else {
        json!({ "type": "Sequence", "normalizers": [first, rest] })
    };
}
