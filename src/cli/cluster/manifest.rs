//! `automl cluster manifest SPEC`: a Kubernetes Job whose pods are workers.

use std::fmt::Write as _;
use std::process::ExitCode;

use crate::cli::CliError;
use crate::cli::arguments::ClusterManifest;
use crate::cli::output::print;
use crate::spec::{self, ClusterEngine, ClusterSpec};

/// Number of failed pods for each worker after which Kubernetes gives up.
const FAILURES: usize = 5;

/// Prints the manifest.
pub(super) fn manifest(arguments: &ClusterManifest) -> Result<ExitCode, CliError> {
    let (spec, _) = spec::load(&arguments.spec, &arguments.changes.overrides()).map_err(CliError::Spec)?;
    if spec.cluster.engine != ClusterEngine::Tcp {
        return Err(CliError::Usage(
            "pods join a study by themselves: the spec needs `cluster: {engine: tcp, workers: N}`".to_owned(),
        ));
    }
    print(&job(
        &spec.name,
        spec.resources.threads_per_worker,
        &spec.cluster,
        arguments,
    ))
}

/// A Job with one pod for each worker. Pods that fail are started again; those that end with the study are done.
fn job(name: &str, threads: usize, cluster: &ClusterSpec, arguments: &ClusterManifest) -> String {
    let ClusterManifest {
        image, claim, folder, ..
    } = arguments;
    let (name, workers) = (label(name), cluster.workers);
    let [image, claim, folder] = [image.clone(), claim.clone(), folder.display().to_string()]
        .map(|text| serde_json::Value::from(text).to_string());
    let mut yaml = String::new();
    let _ = write!(
        yaml,
        "apiVersion: batch/v1
kind: Job
metadata:
  name: automl-{name}
spec:
  completionMode: Indexed
  completions: {workers}
  parallelism: {workers}
  backoffLimit: {}
  template:
    spec:
      restartPolicy: OnFailure
      # Time to finish the step and to save the trial when a pod is evicted.
      terminationGracePeriodSeconds: 120
      containers:
        - name: worker
          image: {image}
          command: [automl, worker, --connect, {folder}]
          resources:
            requests:
              cpu: {threads}
            # For GPUs, add:
            # limits: {{nvidia.com/gpu: 1}}
          volumeMounts:
            - name: study
              mountPath: {folder}
      volumes:
        - name: study
          persistentVolumeClaim:
            claimName: {claim}
",
        workers * FAILURES
    );
    yaml
}

/// A study's name as a label of Kubernetes (RFC 1123): lower case, digits and `-`.
fn label(name: &str) -> String {
    let letters = name.chars().map(|letter| {
        let letter = letter.to_ascii_lowercase();
        if letter.is_ascii_alphanumeric() { letter } else { '-' }
    });
    let label: String = letters.take(40).collect();
    let label = label.trim_matches('-').to_owned();
    if label.is_empty() { "study".to_owned() } else { label }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_labels() {
        assert_eq!(label("My_Study 2!"), "my-study-2");
        assert_eq!(label("…"), "study");
    }
}
