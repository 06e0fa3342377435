//! A plan as text.

use super::terminal::words;
use crate::plan::{CostRange, Forecast, MemoryRange, Plan, Proposal};
use crate::space::Configuration;
use crate::study::EndReason;

const MEBIBYTE: f64 = 1_048_576.0;

/// The lines of a plan. `names` are the parameters, in the order of the space.
pub fn plan(plan: &Plan, names: &[String]) -> Vec<String> {
    let mut lines = vec![format!("{}  {}", plan.name, plan.objective)];
    let mut add = |label: &str, text: String| lines.push(format!("{label:<9} {text}"));
    if let Some(sizes) = &plan.examples {
        let test = if sizes.test > 0 {
            format!(", {} kept apart for a test", sizes.test)
        } else {
            String::new()
        };
        add(
            "data",
            format!(
                "{} examples to train on, {} to compare trials on{test}",
                sizes.train, sizes.validation
            ),
        );
    }
    add("epoch", format!("{} samples", plan.epoch));
    let rungs = plan.rungs.iter().map(|rung| {
        let epochs = words::epochs(rung.samples, plan.epoch);
        format!("{} ({} samples)", words::counted(&epochs, "epoch"), rung.samples)
    });
    add("rungs", rungs.collect::<Vec<_>>().join(" · "));
    add("slots", slots(plan));
    add("memory", memory(plan.memory, plan.available_memory));
    add("full run", full_run(plan.full_run));
    add("budget", budget(plan));
    if let Some(forecast) = &plan.forecast {
        add("forecast", played(plan, forecast));
    }
    if let Some(text) = too_short(plan) {
        add("short", text);
    }
    if plan.first.is_empty() {
        return lines;
    }
    lines.push(format!(
        "the first {}, while no result is known:",
        words::counted(&plan.first.len().to_string(), "configuration")
    ));
    lines.extend(
        (0..)
            .zip(&plan.first)
            .map(|(number, proposal)| proposed(number, proposal, names)),
    );
    if let Some(workers) = plan.logical_workers.filter(|&workers| workers < plan.first.len()) {
        lines.push(format!(
            "from trial {workers} on, results that are known by then may change them"
        ));
    }
    lines
}

fn slots(plan: &Plan) -> String {
    let mut devices = plan.slots.clone();
    devices.dedup();
    let count = words::counted(&plan.slots.len().to_string(), "worker");
    let logical = plan.logical_workers.map_or_else(
        || "; results count in the order of their arrival".to_owned(),
        |logical| format!("; decisions are made for {logical} logical ones"),
    );
    format!("{count} here ({}){logical}", devices.join(", "))
}

fn memory(range: Option<MemoryRange>, available: Option<u64>) -> String {
    let Some(MemoryRange {
        least,
        median,
        greatest,
    }) = range
    else {
        return "of a worker is not known beforehand".into();
    };
    let available = available.map_or_else(String::new, |bytes| format!("; {} are free here", size(bytes)));
    if least == greatest {
        return format!("about {} a worker{available}", size(least));
    }
    format!(
        "about {} to {} a worker, half need less than {}{available}",
        size(least),
        size(greatest),
        size(median)
    )
}

/// A size in powers of 1024, as operating systems show memory: `240 MB`, `1.3 GB`.
fn size(bytes: u64) -> String {
    let mebibytes = bytes as f64 / MEBIBYTE;
    if mebibytes < 1000.0 {
        format!("{mebibytes:.0} MB")
    } else {
        format!("{:.1} GB", mebibytes / 1024.0)
    }
}

fn full_run(range: Option<CostRange>) -> String {
    let Some(CostRange {
        cheapest,
        median,
        dearest,
    }) = range
    else {
        return "of unknown cost: what it takes shows once the first segments have ended".into();
    };
    if dearest <= 0.0 {
        return "takes no time that counts".into();
    }
    if (dearest - cheapest).abs() < 0.05 * dearest {
        return format!("takes {} on one worker", words::seconds(median));
    }
    format!(
        "takes {} on one worker; the cheapest {}, the dearest {}",
        words::seconds(median),
        words::seconds(cheapest),
        words::seconds(dearest)
    )
}

fn budget(plan: &Plan) -> String {
    let wall = plan.wall.map(|wall| {
        let fits = plan.full_runs.map_or_else(String::new, |runs| {
            format!(", in which {} fit", words::counted(&format!("{runs:.0}"), "full run"))
        });
        format!("{}{fits}", words::duration(wall))
    });
    let trials = plan.max_trials.map(|max| words::counted(&max.to_string(), "trial"));
    let limits: Vec<String> = wall.into_iter().chain(trials).collect();
    if limits.is_empty() {
        return "none: the study runs until it is stopped".into();
    }
    limits.join("; at most ")
}

/// Number of full runs in the budget below which a search hardly explores.
pub(super) const ENOUGH: f64 = 4.0;

/// Advice if the wall budget is too short to explore.
fn too_short(plan: &Plan) -> Option<String> {
    let (wall, run, slots) = (plan.wall?, plan.full_run?.median, plan.slots.len().max(1) as f64);
    let runs = wall * slots / run.max(f64::MIN_POSITIVE);
    if runs >= ENOUGH || run <= 0.0 {
        return None;
    }
    let epochs = plan.rungs.last().map_or(1.0, |rung| rung.epochs);
    Some(format!(
        "this pays {runs:.1} full runs: the first trial is finished, little else is tried; give it {} or more, or at most {:.1} epochs a trial",
        words::duration((ENOUGH * run / slots).ceil()),
        epochs * runs / ENOUGH
    ))
}

/// The forecast: number of trials, the rungs that they reach, and how the study ends.
fn played(plan: &Plan, forecast: &Forecast) -> String {
    let levels = plan.rungs.iter().zip(&forecast.reached).map(|(rung, reached)| {
        let epochs = words::epochs(rung.samples, plan.epoch);
        format!("{reached} reach {}", words::counted(&epochs, "epoch"))
    });
    let trials = words::counted(&forecast.trials.to_string(), "trial");
    let after = forecast.seconds.filter(|seconds| *seconds > 0.0);
    let after = after.map_or_else(String::new, |seconds| format!(" after {}", words::duration(seconds)));
    let end = match forecast.reason {
        Some(EndReason::Wall) => "until the time is up".to_owned(),
        Some(EndReason::Trials | EndReason::Exhausted) => format!("then it ends{after}"),
        Some(EndReason::Target | EndReason::Failures) | None => "and more after that".to_owned(),
    };
    format!(
        "about {trials}, of which {}; {end}",
        levels.collect::<Vec<_>>().join(", ")
    )
}

fn proposed(number: usize, proposal: &Proposal, names: &[String]) -> String {
    let Proposal { configuration, origin } = proposal;
    format!("{number:>3}  {} ({origin})", values(configuration, names))
}

fn values(configuration: &Configuration, names: &[String]) -> String {
    let values = names
        .iter()
        .filter_map(|name| Some(format!("{name} {}", words::value(configuration.get(name)?))));
    values.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::Sizes;
    use crate::plan::Level;
    use crate::space::Value;
    use crate::units::Samples;

    fn example() -> Plan {
        let level = |samples, epochs| Level {
            samples: Samples(samples),
            epochs,
        };
        let configuration = [
            ("learning_rate", Value::Float(0.003_127)),
            ("batch_size", Value::Int(32)),
        ];
        let proposal = Proposal {
            configuration: configuration.into_iter().collect(),
            origin: "sobol".into(),
        };
        Plan {
            name: "movie-sentiment".into(),
            objective: "text-classification with ./bert on reviews.csv".into(),
            examples: Some(Sizes {
                train: 1000,
                validation: 250,
                test: 100,
            }),
            epoch: Samples(1000),
            rungs: vec![level(444, 0.444), level(1333, 1.333), level(4000, 4.0)],
            slots: vec!["cpu".into(), "cpu".into()],
            logical_workers: Some(2),
            wall: Some(600.0),
            max_trials: Some(60),
            memory: Some(MemoryRange {
                least: 200 << 20,
                median: 300 << 20,
                greatest: 1400 << 20,
            }),
            available_memory: Some(16 << 30),
            full_run: Some(CostRange {
                cheapest: 4.2,
                median: 12.3,
                dearest: 31.0,
            }),
            full_runs: Some(96.0),
            forecast: Some(Forecast {
                trials: 60,
                reached: vec![60, 24, 9],
                seconds: Some(312.0),
                reason: Some(EndReason::Trials),
            }),
            first: vec![proposal.clone(), proposal.clone(), proposal],
        }
    }

    fn shown(plan: &Plan) -> String {
        super::plan(plan, &["learning_rate".into(), "batch_size".into()]).join("\n")
    }

    #[test]
    fn a_plan_says_what_it_costs_before_anything_is_spent() {
        insta::assert_snapshot!(shown(&example()));
    }

    #[test]
    fn what_is_not_known_is_said_to_be_unknown() {
        let unknown = Plan {
            examples: None,
            logical_workers: None,
            wall: None,
            max_trials: None,
            memory: None,
            available_memory: None,
            full_run: None,
            full_runs: None,
            forecast: None,
            first: Vec::new(),
            ..example()
        };
        insta::assert_snapshot!(shown(&unknown));
    }

    #[test]
    fn as_json_it_has_stable_fields() {
        let plan = Plan {
            first: example().first[..1].to_vec(),
            ..example()
        };
        insta::assert_snapshot!(serde_json::to_string_pretty(&plan).unwrap());
    }
}
