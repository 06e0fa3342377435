//! A look at the partition that a spec names, as Slurm describes it.

use std::ffi::OsString;

use super::{PATIENCE, run};
use crate::spec::ClusterSpec;
use crate::transports::Finding;

/// One line of `sinfo`.
#[derive(Debug, PartialEq, Eq)]
struct Partition {
    name: String,
    is_default: bool,
    is_up: bool,
    /// Time limit in seconds; `None` without one.
    limit: Option<u64>,
    nodes: u64,
    gres: String,
}

/// Tells what Slurm says about the partition: does it exist, is it up, does it have the time and the GPUs?
pub fn look(cluster: &ClusterSpec, tell: &mut dyn FnMut(Finding)) {
    let options = ["--noheader", "--format=%P|%a|%l|%D|%G"].map(OsString::from);
    let lines = match run("sinfo", &options, None, PATIENCE) {
        Ok(lines) => lines,
        Err(error) => {
            tell(Finding::bad(error.to_string()));
            return;
        }
    };
    let all: Vec<Partition> = lines.lines().filter_map(partition).collect();
    for finding in findings(cluster, &all) {
        tell(finding);
    }
}

fn findings(cluster: &ClusterSpec, all: &[Partition]) -> Vec<Finding> {
    let is_meant = |partition: &&Partition| match &cluster.partition {
        Some(name) => name.split(',').any(|name| name == partition.name),
        None => partition.is_default,
    };
    let meant: Vec<&Partition> = all.iter().filter(is_meant).collect();
    let Some(first) = meant.first() else {
        let mut names: Vec<&str> = all.iter().map(|partition| partition.name.as_str()).collect();
        names.dedup();
        let names = names.join(", ");
        return vec![Finding::bad(match &cluster.partition {
            Some(name) => format!("there is no partition `{name}`; there are: {names}"),
            None => format!("there is no default partition: set `cluster.partition` to one of {names}"),
        })];
    };
    let nodes: u64 = meant.iter().map(|partition| partition.nodes).sum();
    let mut findings = vec![if meant.iter().any(|partition| partition.is_up) {
        Finding::good(format!("the partition `{}` is up, with {nodes} nodes", first.name))
    } else {
        Finding::bad(format!("the partition `{}` is down", first.name))
    }];
    if let (Some(time), Some(limit)) = (cluster.time, first.limit)
        && time > limit as f64
    {
        findings.push(Finding::bad(format!(
            "`cluster.time` is {time} seconds, but the partition `{}` allows {limit}",
            first.name
        )));
    }
    let gres = cluster.gres.clone().or(cluster.gpus.map(|_| "gpu".to_owned()));
    if let Some(gres) = gres {
        let kind = gres.split(':').take(gres.split(':').count().saturating_sub(1).max(1));
        let kind: Vec<&str> = kind.collect();
        let kind = kind.join(":");
        let has = meant
            .iter()
            .any(|partition| partition.gres.split(',').any(|known| known.starts_with(&kind)));
        let known: Vec<&str> = meant.iter().map(|partition| partition.gres.as_str()).collect();
        findings.push(if has {
            Finding::good(format!("its nodes have `{kind}` ({})", known.join(", ")))
        } else {
            Finding::bad(format!("its nodes have no `{kind}`; they have: {}", known.join(", ")))
        });
    }
    findings
}

fn partition(line: &str) -> Option<Partition> {
    let fields: Vec<&str> = line.trim().split('|').collect();
    let [name, state, limit, nodes, gres] = fields[..] else {
        return None;
    };
    Some(Partition {
        name: name.trim_end_matches('*').to_owned(),
        is_default: name.ends_with('*'),
        is_up: state == "up",
        limit: seconds(limit),
        nodes: nodes.parse().ok()?,
        gres: gres.to_owned(),
    })
}

/// A time of Slurm, `days-hours:minutes:seconds` with the first parts left out; `None` for `infinite`.
fn seconds(time: &str) -> Option<u64> {
    let (days, rest) = time.split_once('-').unwrap_or(("0", time));
    let parts: Vec<u64> = rest.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let rest = parts.iter().fold(0, |total, part| total * 60 + part);
    Some(days.parse::<u64>().ok()? * 86_400 + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(cluster: &ClusterSpec) -> String {
        let lines = "low*|up|1:00:00|3|gpu:fake:2\nhigh|down|2-00:00:00|3|(null)\nodd line\n";
        let all: Vec<Partition> = lines.lines().filter_map(partition).collect();
        let findings = findings(cluster, &all).into_iter();
        let lines = findings.map(|finding| format!("{} {}", if finding.is_good { "ok" } else { "no" }, finding.text));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_partition_is_looked_at() {
        insta::assert_snapshot!(found(&ClusterSpec::default()), @"ok the partition `low` is up, with 3 nodes");
        let wrong = ClusterSpec {
            partition: Some("gpu".into()),
            ..ClusterSpec::default()
        };
        insta::assert_snapshot!(found(&wrong), @"no there is no partition `gpu`; there are: low, high");
        let long = ClusterSpec {
            time: Some(7_200.0),
            gres: Some("gpu:fake:1".into()),
            ..ClusterSpec::default()
        };
        insta::assert_snapshot!(found(&long), @r"
        ok the partition `low` is up, with 3 nodes
        no `cluster.time` is 7200 seconds, but the partition `low` allows 3600
        ok its nodes have `gpu:fake` (gpu:fake:2)
        ");
        let down = ClusterSpec {
            partition: Some("high".into()),
            gpus: Some(1),
            ..ClusterSpec::default()
        };
        insta::assert_snapshot!(found(&down), @r"
        no the partition `high` is down
        no its nodes have no `gpu`; they have: (null)
        ");
    }
}
