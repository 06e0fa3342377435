//! Names that people give to columns, the most telling first.

/// The usual separator of several labels.
pub(super) const SEPARATOR: &str = ";";

/// Names of labels.
pub(super) const LABELS: [&str; 44] = [
    "label",
    "labels",
    "class",
    "classes",
    "target",
    "targets",
    "category",
    "categories",
    "sentiment",
    "polarity",
    "intent",
    "intents",
    "emotion",
    "emotions",
    "topic",
    "topics",
    "tags",
    "tag",
    "genre",
    "genres",
    "stars",
    "star",
    "rating",
    "score",
    "similarity",
    "similarity_score",
    "relatedness_score",
    "is_duplicate",
    "entailment",
    "gold_label",
    "judgment",
    "airline_sentiment",
    "is_spam",
    "spam",
    "toxic",
    "toxicity",
    "hate",
    "stance",
    "severity",
    "priority",
    "language",
    "lang",
    "y",
    "outcome",
];

/// Names of texts.
pub(super) const TEXTS: [&str; 34] = [
    "text",
    "texts",
    "sentence",
    "sentences",
    "review",
    "review_text",
    "reviewtext",
    "review_body",
    "comment",
    "comment_text",
    "comments",
    "content",
    "contents",
    "body",
    "message",
    "msg",
    "sms",
    "tweet",
    "tweets",
    "post",
    "document",
    "doc",
    "utterance",
    "query",
    "question",
    "question_text",
    "description",
    "desc",
    "abstract",
    "article",
    "passage",
    "summary",
    "headline",
    "title",
];

/// Names of short texts that stand above a longer one, with which they are joined.
pub(super) const TITLES: [&str; 8] = [
    "title",
    "headline",
    "subject",
    "heading",
    "summary",
    "review_title",
    "name",
    "question_title",
];

/// Names of the two texts of a pair.
pub(super) const PAIRS: [[&str; 2]; 27] = [
    ["premise", "hypothesis"],
    ["sentence1", "sentence2"],
    ["sentence_1", "sentence_2"],
    ["sentence_a", "sentence_b"],
    ["sent1", "sent2"],
    ["question1", "question2"],
    ["question_1", "question_2"],
    ["text1", "text2"],
    ["text_1", "text_2"],
    ["text_a", "text_b"],
    ["texta", "textb"],
    ["text", "text_pair"],
    ["s1", "s2"],
    ["q1", "q2"],
    ["query", "document"],
    ["query", "passage"],
    ["query", "text"],
    ["query", "title"],
    ["question", "passage"],
    ["question", "context"],
    ["question", "sentence"],
    ["question", "answer"],
    ["claim", "evidence"],
    ["anchor", "positive"],
    ["source", "target_text"],
    ["word", "definition"],
    ["prompt", "response"],
];

/// Names of columns that identify or describe a row, and are not what is to be learnt.
const ASIDE: [&str; 40] = [
    "id",
    "ids",
    "idx",
    "index",
    "uid",
    "uuid",
    "guid",
    "pid",
    "qid",
    "row",
    "row_id",
    "rowid",
    "key",
    "hash",
    "url",
    "link",
    "uri",
    "date",
    "time",
    "datetime",
    "timestamp",
    "created",
    "created_at",
    "updated_at",
    "user",
    "username",
    "user_name",
    "author",
    "source",
    "file",
    "filename",
    "file_name",
    "path",
    "split",
    "fold",
    "set",
    "partition",
    "email",
    "ip",
    "unnamed",
];

/// A name as it is compared: in lower case, with `_` between its words.
pub(super) fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut before = ' ';
    for character in name.trim().chars() {
        if character.is_uppercase() && before.is_lowercase() {
            plain.push('_');
        }
        match character {
            ' ' | '-' | '.' | '/' => plain.push('_'),
            other => plain.extend(other.to_lowercase()),
        }
        before = character;
    }
    plain
}

/// The rank of a name among some names; a name that ends with one of them, such as `product_category`, comes later.
pub(super) fn rank(name: &str, names: &[&str]) -> Option<usize> {
    let plain = plain(name);
    names.iter().position(|known| *known == plain).or_else(|| {
        let ends = |known: &&str| known.len() > 2 && plain.strip_suffix(known).is_some_and(|rest| rest.ends_with('_'));
        names.iter().position(ends).map(|rank| rank + names.len())
    })
}

/// Returns whether a column is beside the point by its name: an identifier, a date, an author.
pub(super) fn is_aside(name: &str) -> bool {
    let plain = plain(name);
    plain.is_empty()
        || plain.starts_with("unnamed")
        || ASIDE.contains(&plain.as_str())
        || ["_id", "_url", "_date", "_time", "_at", "_uuid", "_index"]
            .iter()
            .any(|end| plain.ends_with(end))
        || plain.starts_with("id_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_their_spelling() {
        assert_eq!(plain("Review Text"), "review_text");
        assert_eq!(plain("reviewText"), "review_text");
        assert_eq!(plain("LABEL"), "label");
        assert_eq!(rank("Label", &LABELS), Some(0));
        assert!(rank("product_category", &LABELS) > Some(LABELS.len()));
        assert_eq!(rank("words", &LABELS), None);
        assert!(is_aside("UserId") && is_aside("created_at") && is_aside("Unnamed: 0"));
        assert!(!is_aside("idea") && !is_aside("label"));
    }
}
