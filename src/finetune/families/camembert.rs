//! `CamemBERT` (Martin et al. 2020): `RoBERTa` for French.

use super::{Family, roberta};

pub(super) const FAMILY: Family = Family {
    model_types: &["camembert"],
    architectures: &[],
    class: "Camembert",
    ..roberta::FAMILY
};
