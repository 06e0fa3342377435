//! Scores of answers by the rules of SQuAD: Rajpurkar et al. 2016 (v1.1) and 2018 (v2.0).

mod best_threshold;
mod normalize;
mod scores;

pub use best_threshold::{BestThreshold, best_exact_threshold, best_f1_threshold};
pub use normalize::normalize_answer;
pub(crate) use scores::{exact_scores, f1_scores};
