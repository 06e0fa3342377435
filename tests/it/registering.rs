//! Trained models on an `MLflow` server: logged with their study and registered, each once.

use serde_json::Value as Json;

use crate::support::{MlFlow, Mood, Sandbox};

const SPEC: &str = "function: {name: sphere}\nparameters: {x: {min: -1.0, max: 1.0}}\nbudget: {trials: 3}\nseed: 4\n";

/// A model with everything but sense.
fn write_model(sandbox: &Sandbox) {
    sandbox.write("model/automl.json", r#"{"text": "text", "max_length": 64}"#);
    sandbox.write(
        "model/config.json",
        r#"{"architectures": ["BertForSequenceClassification"]}"#,
    );
    sandbox.write("model/model.safetensors", "weights");
}

#[test]
fn a_model_is_logged_and_registered_once() {
    let sandbox = Sandbox::with_spec(SPEC);
    let server = MlFlow::start(Mood::Good);
    sandbox
        .run("search space.yaml --out study --workers 2 -q")
        .expect_code(0);
    write_model(&sandbox);
    let export = format!(
        "export study --to mlflow --out {} --model model --register reviews --alias champion",
        server.address
    );
    for _ in 0..2 {
        sandbox.run(&export).expect_code(0).says("models:/reviews@champion");
    }
    let [models, versions, aliases] = server.models();
    assert_eq!((models.len(), versions.len()), (1, 1), "{models:?} {versions:?}");
    assert_eq!(models[0]["status"], "LOGGED_MODEL_READY");
    assert_eq!(versions[0]["model_id"], models[0]["model_id"]);
    assert_eq!(aliases[0]["alias"], "champion");
    for file in ["MLmodel", "model.safetensors", "requirements.txt"] {
        assert_eq!(
            server.files().iter().filter(|known| *known == file).count(),
            1,
            "{file}"
        );
    }
    // Another content is another version.
    sandbox.write("model/model.safetensors", "better weights");
    sandbox.run(&export).expect_code(0);
    assert_eq!(server.models()[1].len(), 2);

    let refused = |arguments: &str| sandbox.run(arguments).expect_code(2).stderr;
    let at = format!("export study --to mlflow --out {}", server.address);
    assert!(refused(&format!("{at} --model nowhere")).contains("nowhere"));
    assert!(refused(&format!("{at} --model model --register a/b")).contains("a/b"));
    assert!(refused(&format!("{at} --model model --register a --alias latest")).contains("latest"));
    assert!(refused("export study --to csv --model model").contains("mlflow"));
    assert!(refused("train study/best.yaml --register a:b").contains("a:b"));
}

#[test]
fn training_registers_its_model() {
    let sandbox = Sandbox::with_texts();
    let server = MlFlow::start(Mood::Good);
    sandbox
        .run(&format!(
            "search space.yaml --out study --trials 2 -q --track mlflow={}",
            server.address
        ))
        .expect_code(0);
    let told = sandbox
        .run("train study/best.yaml --out trained --register reviews --alias champion")
        .expect_code(0);
    told.says("models:/reviews@champion");
    let [models, versions, aliases] = server.models();
    assert_eq!((models.len(), versions.len(), aliases.len()), (1, 1, 1));
    // It belongs to the run of the study, which has no parent.
    let runs = server.runs();
    let run: usize = models[0]["source_run_id"].as_str().unwrap().parse().unwrap();
    assert!(!runs[run].tags.contains_key("mlflow.parentRunId"));
    let description = server.content("MLmodel");
    let about: Json = serde_json::from_slice(&description).unwrap();
    let flavors = &about["flavors"];
    assert_eq!(flavors["transformers"]["task"], "text-classification");
    assert_eq!(flavors["python_function"]["loader_module"], "mlflow.transformers");
    assert_eq!(about["model_id"], models[0]["model_id"]);
    let weights = std::fs::read(sandbox.path("trained/model.safetensors")).unwrap();
    assert!(server.content("model.safetensors") == weights);
}

#[test]
fn a_server_that_loses_answers_gets_a_model_once() {
    let sandbox = Sandbox::with_spec(SPEC);
    let server = MlFlow::start(Mood::Good);
    sandbox
        .run(&format!(
            "search space.yaml --out study --workers 2 -q --track mlflow={}",
            server.address
        ))
        .expect_code(0);
    write_model(&sandbox);
    server.set(Mood::Flaky);
    let export = "export study --to mlflow --model model --register reviews";
    let attempts = (0..4).map(|_| sandbox.run(export));
    let failed: Vec<String> = attempts
        .take_while(|told| told.code != Some(0))
        .map(|told| told.stderr)
        .collect();
    assert!(failed.len() < 4, "{failed:?}");
    let [models, versions, _] = server.models();
    assert_eq!((models.len(), versions.len()), (1, 1), "{models:?} {versions:?}");
    assert_eq!(models[0]["status"], "LOGGED_MODEL_READY");
}

#[test]
fn a_model_whose_server_refuses_is_kept() {
    let sandbox = Sandbox::with_texts();
    let server = MlFlow::start(Mood::Good);
    sandbox
        .run(&format!(
            "search space.yaml --out study --trials 2 -q --track mlflow={}",
            server.address
        ))
        .expect_code(0);
    server.set(Mood::Status(401));
    let told = sandbox.run("train study/best.yaml --out trained --register reviews --alias champion");
    assert_ne!(told.code, Some(0));
    told.says("automl export study --to mlflow --model trained --register reviews --alias champion");
    assert!(sandbox.path("trained/model.safetensors").is_file());
    assert!(server.models()[0].is_empty());
}
