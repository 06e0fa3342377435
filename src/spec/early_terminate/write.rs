//! The section as YAML, with every value written out.

use crate::policies::EarlyTerminate;
use crate::schedulers::OptionValue;
use crate::spec::write::float;

/// The keys of the section with their values, in the order in which they are written.
pub fn lines(early: &EarlyTerminate) -> Vec<(&'static str, String)> {
    let mut lines = vec![("type", early.scheduler.name().to_owned())];
    let options = early.scheduler.options();
    lines.extend(options.effective().map(|(name, value)| {
        let value = match value {
            OptionValue::Integer(number) => number.to_string(),
            OptionValue::Number(number) => float(number),
            OptionValue::Word(word) => word.to_owned(),
            OptionValue::Boolean(is_so) => is_so.to_string(),
        };
        (name, value)
    }));
    if let Some(patience) = early.patience {
        lines.push(("patience", float(patience.epochs)));
        lines.push(("min_delta", float(patience.min_delta)));
    }
    lines.extend((early.audit > 0.0).then(|| ("audit", float(early.audit))));
    lines
}
