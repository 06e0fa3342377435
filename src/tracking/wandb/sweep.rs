//! The space of a study in the words of a sweep of Weights & Biases.

use serde_json::{Value as Json, json};

use crate::space::{Domain, Value};
use crate::study::Study;
use crate::tracking::facts::goal;

/// The configuration of a sweep over the same space, as `wandb sweep` takes it.
pub(super) fn sweep(study: &Study) -> Json {
    let settings = study.settings();
    let parameters: serde_json::Map<String, Json> = settings
        .space
        .parameters()
        .iter()
        .map(|parameter| (parameter.name.clone(), distribution(&parameter.domain)))
        .collect();
    json!({
        // A controller outside of their server.
        "method": "custom",
        "metric": {"name": settings.metric, "goal": goal(settings.goal)},
        "parameters": parameters,
    })
}

/// A parameter's distribution, by the names of their documentation ("Sweep configuration options").
fn distribution(domain: &Domain) -> Json {
    let values = |values: &[Value]| values.iter().map(Value::to_json).collect::<Json>();
    match domain {
        Domain::Float { min, max, log, step } => {
            let name = match (log, step) {
                (false, None) => "uniform",
                (false, Some(_)) => "q_uniform",
                (true, None) => "log_uniform_values",
                (true, Some(_)) => "q_log_uniform_values",
            };
            let mut told = json!({"distribution": name, "min": min, "max": max});
            if let Some(step) = step {
                told["q"] = json!(step);
            }
            told
        }
        Domain::Int { min, max, log, step } if *log || *step > 1 => {
            let name = if *log { "q_log_uniform_values" } else { "q_uniform" };
            json!({"distribution": name, "min": min, "max": max, "q": step})
        }
        Domain::Int { min, max, .. } => json!({"distribution": "int_uniform", "min": min, "max": max}),
        // Theirs has no ends.
        Domain::Normal { range, .. } => distribution(range),
        Domain::Choice { values: all, .. } => json!({"values": values(all)}),
        Domain::Weighted {
            values: all,
            probabilities,
            ..
        } => json!({"values": values(all), "probabilities": probabilities}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_have_their_names() {
        let range = |log, step| Domain::Int {
            min: 1,
            max: 64,
            log,
            step,
        };
        let name = |domain: &Domain| distribution(domain)["distribution"].clone();
        assert_eq!(name(&range(false, 1)), "int_uniform");
        assert_eq!(name(&range(true, 1)), "q_log_uniform_values");
        let normal = Domain::Normal {
            range: Box::new(range(false, 3)),
            mean: 2.0,
            deviation: 1.0,
        };
        assert_eq!(
            distribution(&normal),
            json!({"distribution": "q_uniform", "min": 1, "max": 64, "q": 3})
        );
        let values = vec![Value::Bool(true), Value::Text("a".to_owned())];
        let choice = Domain::Choice { values, ordered: false };
        assert_eq!(distribution(&choice), json!({"values": [true, "a"]}));
    }
}
