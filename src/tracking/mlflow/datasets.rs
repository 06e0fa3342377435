//! The data of a study as the data sets of its run.

use std::path::PathBuf;

use serde_json::{Value as Json, json};

use crate::spec::{DataSpec, FineTuneSpec, HeldOut, InputPart, ObjectiveSpec, Spec, TableSpec, Task};
use crate::study::Study;

/// Longest digest that the server takes (`mlflow/utils/validation.py`).
const LONGEST_DIGEST: usize = 36;

/// The part of the inputs that is a model, not data.
const MODEL: &str = "model";

/// The data sets of a study, as `runs/log-inputs` takes them. Files are named without their folder.
pub(super) fn datasets(spec: &Spec, study: &Study) -> Vec<Json> {
    let data = match &spec.objective {
        ObjectiveSpec::FineTune(fine_tune) => Some(fine_tune),
        ObjectiveSpec::Function(_) | ObjectiveSpec::Command(_) | ObjectiveSpec::AskTell(_) => None,
    };
    let parts = study.inputs().iter().filter(|part| part.part != MODEL);
    parts.map(|part| dataset(part, data, &spec.name)).collect()
}

fn dataset(part: &InputPart, fine_tune: Option<&FineTuneSpec>, study: &str) -> Json {
    let (kind, source) = match fine_tune.map(|fine_tune| &fine_tune.data) {
        Some(data) => source(data, &part.part),
        None => ("local", json!({})),
    };
    let columns = fine_tune.and_then(columns);
    json!({
        "tags": [{"key": "mlflow.data.context", "value": part.part}],
        "dataset": {
            "name": format!("{study}-{}", part.part),
            "digest": part.fingerprint.chars().take(LONGEST_DIGEST).collect::<String>(),
            "source_type": kind,
            "source": source.to_string(),
            "schema": columns.map(|columns| json!({"mlflow_colspec": columns}).to_string()),
            "profile": part.rows.map(|rows| json!({"num_rows": rows}).to_string()),
        },
    })
}

/// The kind and the description of a source, as MLflow's own clients write them.
fn source(data: &DataSpec, part: &str) -> (&'static str, Json) {
    let table = match data {
        DataSpec::Builtin { name, .. } => return ("local", json!({"uri": format!("builtin:{name}")})),
        DataSpec::Table(table) => table,
    };
    let names: Vec<String> = files(table, part).iter().map(|path| last_part(path)).collect();
    let Some(hub) = &table.hub else {
        return ("local", json!({"uri": names.join(", ")}));
    };
    let (path, revision) = hub.id.split_once('@').unzip();
    let about = json!({
        "path": path.unwrap_or(&hub.id),
        "config_name": hub.config,
        "data_dir": null,
        "data_files": null,
        "split": names.join(", "),
        "revision": revision,
        "trust_remote_code": null,
    });
    ("hugging_face", about)
}

/// The files of a part: its own, or the training files that it was split from.
fn files<'a>(table: &'a TableSpec, part: &str) -> &'a [PathBuf] {
    let own = match part {
        "validation" => HeldOut::files(table.validation.as_ref()),
        "test" => HeldOut::files(table.test.as_ref()),
        _ => &[],
    };
    if own.is_empty() { &table.train } else { own }
}

fn last_part(path: &std::path::Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| path.display().to_string())
}

/// The columns that training reads; `None` for pictures, and for lists of words or answers.
fn columns(fine_tune: &FineTuneSpec) -> Option<Vec<Json>> {
    let label = match fine_tune.task {
        Task::TextClassification => "string",
        Task::Regression => "double",
        Task::ImageClassification | Task::TokenClassification | Task::QuestionAnswering => return None,
    };
    let DataSpec::Table(table) = &fine_tune.data else {
        return None;
    };
    let column = |name: &String, kind: &str| json!({"type": kind, "name": name, "required": true});
    let texts = table.text.iter().map(|name| column(name, "string"));
    Some(
        texts
            .chain(table.label.iter().map(|name| column(name, label)))
            .collect(),
    )
}
