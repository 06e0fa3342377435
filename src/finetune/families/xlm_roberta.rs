//! XLM-RoBERTa (Conneau et al. 2020): `RoBERTa` for a hundred languages.

use super::{Family, roberta};

pub(super) const FAMILY: Family = Family {
    model_types: &["xlm-roberta"],
    architectures: &[],
    class: "XLMRoberta",
    ..roberta::FAMILY
};
