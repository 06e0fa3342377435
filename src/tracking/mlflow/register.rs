//! Logs a trained model under the study's run, and registers it, each once.

use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::client::{Failed, encoded};
use super::model::Model;
use super::news::plain;
use super::runs::Runs;
use super::{STUDY, connect};
use crate::tracking::pauses::patiently;
use crate::tracking::{LoggedModel, Opening, Registration, TrackerError};

/// Tag of a logged model: a digest of its content.
const CONTENT: &str = "automl.content";

/// Names that the server keeps for itself, as aliases.
const RESERVED: &str = "latest";

/// Checks names before anything is sent.
pub(in crate::tracking) fn check_names(registration: &Registration) -> Result<(), TrackerError> {
    if let Some(name) = &registration.name
        && (name.trim().is_empty() || name.contains(['/', ':']))
    {
        return Err(TrackerError::Options(format!(
            "a model cannot be registered as `{name}`: MLflow takes no name that is empty or has `/` or `:`"
        )));
    }
    if let Some(alias) = &registration.alias {
        let is_version = alias
            .strip_prefix(['v', 'V'])
            .is_some_and(|rest| rest.parse::<u64>().is_ok());
        let is_free = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
        if alias.is_empty() || is_version || alias.eq_ignore_ascii_case(RESERVED) || !alias.chars().all(is_free) {
            return Err(TrackerError::Options(format!(
                "the alias cannot be `{alias}`: MLflow takes letters, digits, `_` and `-`, and neither `latest` nor `v1`"
            )));
        }
    }
    Ok(())
}

/// Logs the model, and registers it if it has a name.
pub(in crate::tracking) fn register(
    opening: &Opening<'_>,
    registration: &Registration,
) -> Result<LoggedModel, TrackerError> {
    check_names(registration)?;
    let model = Model::read(&registration.folder)?;
    Ok(LoggedModel {
        address: send(opening, registration, &model)?,
        is_loadable: model.is_loadable(),
    })
}

fn send(opening: &Opening<'_>, registration: &Registration, model: &Model) -> Result<String, TrackerError> {
    let (runs, facts, _) = patiently(|| connect(opening))?;
    let Some(run) = runs.id_of(STUDY) else {
        return Err(TrackerError::Refused("the study has no run on the server".to_owned()));
    };
    let logged = Logged {
        runs: &runs,
        run: &run,
        study: &facts.id,
    };
    let id = logged.model(model, &format!("{}-best", facts.name), facts.created)?;
    let Some(name) = &registration.name else {
        return Ok(format!("models:/{id}"));
    };
    let version = patiently(|| logged.version(name, &id))?;
    let Some(alias) = &registration.alias else {
        return Ok(format!("models:/{name}/{version}"));
    };
    let body = json!({"name": name, "alias": alias, "version": version});
    patiently(|| Ok(runs.client.post("registered-models/alias", &body)?))?;
    Ok(format!("models:/{name}@{alias}"))
}

/// The models of a study's run.
struct Logged<'a> {
    runs: &'a Runs,
    run: &'a str,
    study: &'a str,
}

impl Logged<'_> {
    /// The id of the logged model with this content, which is uploaded if it is not there.
    fn model(&self, model: &Model, name: &str, created: i64) -> Result<String, TrackerError> {
        let info = patiently(|| self.find_or_create(model, name))?;
        let Some(id) = id_of(&info) else {
            return Err(TrackerError::Refused("the server gives a model no id".to_owned()));
        };
        // An upload that was cut off is done again.
        if !is_ready(&info) {
            self.fill(&info, &id, model.files.as_slice(), model.description(&id, created))?;
        }
        Ok(id)
    }

    /// Uploads the files of a new model, links it to the run, and only then calls it ready.
    fn fill(
        &self,
        info: &Json,
        id: &str,
        files: &[(String, PathBuf)],
        description: Vec<(&str, String)>,
    ) -> Result<(), TrackerError> {
        let folder = info["artifact_uri"].as_str().unwrap_or_default();
        let Some(folder) = folder.strip_prefix("mlflow-artifacts:/") else {
            return Err(TrackerError::Refused(
                "the server does not take files for others, so the model cannot be uploaded: start it with \
                 `--serve-artifacts`"
                    .to_owned(),
            ));
        };
        let folder = folder.trim_matches('/');
        let client = &self.runs.client;
        for (place, path) in files {
            patiently(|| client.put_file(&format!("{folder}/{place}"), path))?;
        }
        for (place, text) in description {
            patiently(|| Ok(client.put(&format!("{folder}/{place}"), text.clone().into_bytes())?))?;
        }
        let output = json!({"run_id": self.run, "models": [{"model_id": id, "step": 0}]});
        patiently(|| Ok(client.post("runs/outputs", &output)?))?;
        let ready = json!({"model_id": id, "status": "LOGGED_MODEL_READY"});
        patiently(|| Ok(client.patch(&format!("logged-models/{}", encoded(id)), &ready)?))?;
        Ok(())
    }

    fn find_or_create(&self, model: &Model, name: &str) -> Result<Json, TrackerError> {
        let known = self.search(model)?;
        let ready = known.iter().find(|info| is_ready(info));
        match ready.or(known.first()) {
            Some(info) => Ok(info.clone()),
            None => self.create(model, name),
        }
    }

    /// The logged models of this run with this content.
    fn search(&self, model: &Model) -> Result<Vec<Json>, TrackerError> {
        let body = json!({
            "experiment_ids": [self.runs.experiment],
            "filter": format!("tags.`{CONTENT}` = '{}'", model.digest),
        });
        let found = self.runs.client.post("logged-models/search", &body).map_err(old)?;
        let models = found["models"].as_array().into_iter().flatten();
        let is_same = |info: &Json| {
            let mut tags = info["tags"].as_array().into_iter().flatten();
            info["source_run_id"] == self.run
                && tags.any(|tag| tag["key"] == CONTENT && tag["value"] == model.digest.as_str())
        };
        Ok(models.map(|model| model["info"].clone()).filter(is_same).collect())
    }

    fn create(&self, model: &Model, name: &str) -> Result<Json, TrackerError> {
        let tag = |key: &str, value: &str| json!({"key": key, "value": value});
        let body = json!({
            "experiment_id": self.runs.experiment,
            "name": plain(name).replace(['/', ':', '.'], "-"),
            "source_run_id": self.run,
            "tags": [tag("automl.study", self.study), tag(CONTENT, &model.digest)],
        });
        let created = self.runs.client.post("logged-models", &body).map_err(old)?;
        Ok(created["model"]["info"].clone())
    }

    /// The version of a registered model that has this logged model.
    fn version(&self, name: &str, id: &str) -> Result<String, TrackerError> {
        let client = &self.runs.client;
        match client.post("registered-models/create", &json!({"name": name})) {
            Err(failed) if failed.code != "RESOURCE_ALREADY_EXISTS" => return Err(failed.into()),
            Ok(_) | Err(_) => {}
        }
        let source = format!("models:/{id}");
        let filter = encoded(&format!("run_id='{}'", self.run));
        let found = client.get(&format!("model-versions/search?filter={filter}"))?;
        let mut versions = found["model_versions"].as_array().into_iter().flatten();
        let known = versions.find(|version| version["name"] == name && is_of(version, id, &source));
        let version = if let Some(version) = known {
            version.clone()
        } else {
            let body = json!({
                "name": name,
                "source": source,
                "run_id": self.run,
                "model_id": id,
                "tags": [{"key": "automl.study", "value": self.study}],
            });
            client.post("model-versions/create", &body)?["model_version"].clone()
        };
        let number = &version["version"];
        Ok(number.as_str().map_or_else(|| number.to_string(), str::to_owned))
    }
}

/// A server may show a version's source as the folder that it was copied to.
fn is_of(version: &Json, id: &str, source: &str) -> bool {
    version["model_id"] == id || version["source"] == source
}

fn id_of(info: &Json) -> Option<String> {
    info["model_id"].as_str().map(str::to_owned)
}

/// The status is a name, and a number on some servers.
fn is_ready(info: &Json) -> bool {
    info["status"] == "LOGGED_MODEL_READY" || info["status"] == 2
}

/// A server before version 3 does not know logged models.
fn old(failed: Failed) -> TrackerError {
    if failed.is_unknown_address {
        return TrackerError::Refused(format!(
            "the server cannot log models, which needs MLflow 3: {}",
            failed.error
        ));
    }
    failed.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_before_anything_is_sent() {
        let check = |name: &str, alias: &str| {
            check_names(&Registration {
                folder: PathBuf::new(),
                name: Some(name.to_owned()),
                alias: Some(alias.to_owned()),
            })
        };
        assert!(check("reviews model", "champion-1").is_ok());
        for (name, alias) in [
            ("a/b", "x"),
            ("", "x"),
            ("a", "latest"),
            ("a", "v1"),
            ("a", "x y"),
            ("a", ""),
        ] {
            assert!(
                matches!(check(name, alias), Err(TrackerError::Options(_))),
                "{name} {alias}"
            );
        }
    }
}
