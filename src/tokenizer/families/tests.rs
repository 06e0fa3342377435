use std::collections::BTreeSet;

use super::*;

fn settings(class: Option<&str>, model_type: Option<&str>) -> Settings {
    let mut settings = Settings::default();
    settings.model_type = model_type.map(str::to_owned);
    if let Some(class) = class {
        settings.config.insert("tokenizer_class".to_owned(), class.into());
    }
    settings
}

fn word_piece(settings: &Settings) -> Result<&'static str, UnknownClass> {
    let fits = |vocabulary: &Vocabulary| matches!(vocabulary, Vocabulary::WordPiece);
    find(settings, &bert::BERT, fits).map(|family| family.class)
}

#[test]
fn no_two_classes_share_a_name_or_a_model() {
    let names: Vec<&str> = FAMILIES
        .iter()
        .flat_map(|family| [&[family.class], family.aliases, family.model_types].concat())
        .collect();
    let different: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(different.len(), names.len());
}

#[test]
fn every_class_has_the_tokens_of_its_template() {
    for family in FAMILIES {
        let has = |role: Role| family.special.iter().any(|(of, _)| *of == role);
        let needed: &[Role] = match family.template {
            Template::Bert | Template::Roberta => &[Role::Cls, Role::Sep],
            Template::DoubleEnd | Template::BosEos => &[Role::Eos],
        };
        assert!(needed.iter().all(|role| has(*role)), "{}", family.class);
    }
}

#[test]
fn the_class_counts_before_the_type_of_the_model() {
    assert_eq!(word_piece(&settings(None, None)), Ok("BertTokenizer"));
    assert_eq!(word_piece(&settings(None, Some("mpnet"))), Ok("MPNetTokenizer"));
    assert_eq!(
        word_piece(&settings(Some("BertTokenizer"), Some("mpnet"))),
        Ok("BertTokenizer")
    );
    assert_eq!(
        word_piece(&settings(Some("MPNetTokenizerFast"), Some("bert"))),
        Ok("MPNetTokenizer")
    );
    assert_eq!(
        word_piece(&settings(Some("PreTrainedTokenizerFast"), Some("mpnet"))),
        Ok("MPNetTokenizer")
    );
    assert_eq!(
        word_piece(&settings(Some("ElectraTokenizer"), None)),
        Ok("BertTokenizer")
    );
}

#[test]
fn an_unknown_class_is_named() {
    let unknown = |name: &str| Err(UnknownClass(name.to_owned()));
    assert_eq!(
        word_piece(&settings(Some("FunnelTokenizer"), None)),
        unknown("FunnelTokenizer")
    );
    assert_eq!(word_piece(&settings(None, Some("t5"))), unknown("t5"));
    assert_eq!(
        word_piece(&settings(Some("GPT2Tokenizer"), None)),
        unknown("GPT2Tokenizer")
    );
}
