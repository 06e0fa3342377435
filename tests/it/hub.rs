//! Models of the hub: downloads from a hub on this machine, which behaves, misbehaves and breaks as the real one does.

use automl_hub::testing::{COMMIT, Reply, TestHub, sha256};

use crate::support::{Outcome, REVIEWS, Running, Sandbox, TEXTS, count, eventually, write_bert, write_reviews};

/// The token of the tests; no message may show it.
const TOKEN: &str = "hf_veryVerySecret";

/// A hub with one model, and a folder with a spec that names it.
struct Story {
    hub: TestHub,
    sandbox: Sandbox,
    weights: Vec<u8>,
}

impl Story {
    fn new() -> Self {
        Self::with_padding(0)
    }

    /// The weights are made larger by spaces in their header, which readers skip.
    fn with_padding(spaces: usize) -> Self {
        let made = Sandbox::new();
        write_bert(&made.path("model"));
        let read = |name: &str| std::fs::read(made.path("model").join(name)).unwrap();
        let weights = padded(&read("model.safetensors"), spaces);
        let hub = TestHub::start([
            ("config.json", read("config.json")),
            ("vocab.txt", read("vocab.txt")),
            ("model.safetensors", weights.clone()),
            ("pytorch_model.bin", b"never".to_vec()),
            ("README.md", b"never".to_vec()),
        ]);
        Self {
            hub,
            sandbox: sandbox(),
            weights,
        }
    }

    fn start(&self, arguments: &str) -> Running {
        self.start_with(arguments, &[])
    }

    fn start_with(&self, arguments: &str, variables: &[(&str, &str)]) -> Running {
        self.sandbox.start_online(&self.hub.endpoint, arguments, variables)
    }

    fn run(&self, arguments: &str) -> Outcome {
        self.start(arguments).finish()
    }

    /// The number of requests for contents of large files.
    fn contents(&self) -> usize {
        let requests = self.hub.requests();
        requests.iter().filter(|request| request.is_content()).count()
    }

    /// The message of a failed search, with the addresses of this hub replaced.
    #[track_caller]
    fn refused(&self, arguments: &str) -> String {
        let outcome = self
            .start_with(arguments, &[("HF_TOKEN", TOKEN)])
            .finish()
            .expect_code(2);
        assert!(!outcome.stderr.contains(TOKEN), "{}", outcome.stderr);
        assert!(!self.sandbox.path("study").exists());
        let host = self.hub.endpoint.trim_start_matches("http://");
        let message = outcome.filtered().replace(host, "HUB");
        let message = message.lines().filter(|line| line.starts_with("error: "));
        message.collect::<Vec<_>>().join("\n")
    }
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_spec(&TEXTS.replace("./model", "org/name"));
    write_reviews(&sandbox.path("reviews.csv"), 0..REVIEWS);
    sandbox
}

fn padded(weights: &[u8], spaces: usize) -> Vec<u8> {
    let (length, rest) = weights.split_at(8);
    let length = u64::from_le_bytes(length.try_into().unwrap());
    let (header, data) = rest.split_at(length as usize);
    let longer = (length + spaces as u64).to_le_bytes();
    [&longer[..], header, &vec![b' '; spaces], data].concat()
}

const SEARCH: &str = "search space.yaml --out study";

#[test]
fn a_search_downloads_its_model_and_keeps_its_commit_for_everything_that_follows() {
    let story = Story::new();
    story
        .run(SEARCH)
        .expect_code(0)
        .says("downloading `model.safetensors` (")
        .says("downloaded the model `org/name` (licence `apache-2.0`)");
    assert_eq!(story.contents(), 1);
    let asked = story.hub.requests();
    let unneeded = |path: &str| path.contains("pytorch_model.bin") || path.contains("README.md");
    assert!(!asked.iter().any(|request| unneeded(&request.path)));

    let pinned = format!("model: org/name@{COMMIT}\nmodel_licence: apache-2.0\n");
    for file in ["study/spec.yaml", "study/best.yaml"] {
        let text = story.sandbox.read(file);
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("model")).collect();
        assert_eq!(lines.join("\n") + "\n", pinned, "{file}");
    }
    let manifest: serde_json::Value = serde_json::from_str(&story.sandbox.read("study/manifest.json")).unwrap();
    assert_eq!(
        manifest["model"],
        serde_json::json!({
            "id": "org/name", "commit": COMMIT, "licence": "apache-2.0",
            "sha256": {"model.safetensors": sha256(&story.weights)},
        })
    );

    // The branch has moved, and the hub is gone.
    story.hub.set_commit(&"f".repeat(40));
    story.hub.hook(|_, reply| *reply = Reply::new(503, &[], ""));
    story.hub.forget_requests();
    story
        .run("train study/best.yaml --out model-out --check")
        .expect_code(0);
    let card = story.sandbox.read("model-out/README.md");
    assert!(
        card.contains("base_model: \"org/name\"\nlicense: \"apache-2.0\"\n"),
        "{card}"
    );
    assert!(card.contains(&format!("from `org/name` at `{COMMIT}`")), "{card}");
    story.run("search space.yaml --out again").expect_code(0);
    assert_eq!(story.sandbox.leaderboard("study"), story.sandbox.leaderboard("again"));
    story.run("rerun study --top 1 --seeds 2 --offline").expect_code(0);
    assert!(story.hub.requests().is_empty(), "a model in the cache needs no hub");
}

#[test]
fn an_interrupted_study_continues_offline_and_with_an_empty_cache_from_the_same_commit() {
    let story = Story::new();
    story.run("search space.yaml --out whole").expect_code(0);
    let mut running = story.start(SEARCH);
    let study = story.sandbox.path("study");
    running.wait_until("a segment", || count(&study, "segment_ended") > 0);
    drop(running);
    story.hub.hook(|_, reply| *reply = Reply::new(503, &[], ""));
    story.run("resume study --offline").expect_code(0);
    assert_eq!(story.sandbox.leaderboard("study"), story.sandbox.leaderboard("whole"));

    let mut running = story.start("search space.yaml --out other");
    let other = story.sandbox.path("other");
    running.wait_until("a segment", || count(&other, "segment_ended") > 0);
    drop(running);
    std::fs::remove_dir_all(story.sandbox.path("hub")).unwrap();
    let message = story.run("resume other --offline").expect_code(2).message();
    insta::assert_snapshot!(message, @r"error: model `org/name` is not in the cache `[FOLDER]/hub/models--org--name` at the revision `0123456789abcdef0123456789abcdef01234567`, and nothing is downloaded in offline mode: unset HF_HUB_OFFLINE or leave out `--offline` once");
    story.hub.hook(|_, _| {});
    story.hub.forget_requests();
    story.run("resume other").expect_code(0);
    assert_eq!(story.sandbox.leaderboard("other"), story.sandbox.leaderboard("whole"));
    let described = story
        .hub
        .requests()
        .into_iter()
        .find(|request| request.path.starts_with("/api/"));
    let path = described.unwrap().path;
    assert!(path.contains(&format!("/revision/{COMMIT}")), "{path}");
}

#[test]
fn validate_and_plan_download_only_when_asked() {
    let story = Story::new();
    let without_size = |text: String| {
        let size = regex::Regex::new(r"[0-9.]+ kB").unwrap();
        size.replace_all(&text, "SIZE").into_owned()
    };
    let valid = without_size(story.run("validate space.yaml").expect_code(0).filtered());
    insta::assert_snapshot!(valid, @r"
    `space.yaml` is valid: 3 parameters, infinitely many configurations, an epoch of 36 samples, 2 workers here
    the model `org/name` is not in the cache: SIZE in 3 files, licence `apache-2.0`; `automl search` downloads it, and `--download` does so now; the model was not checked
    ");
    let json = story.run("validate space.yaml --json").expect_code(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["download"]["files"], 3);
    assert_eq!(json["download"]["commit"], COMMIT);
    assert_eq!(json["epoch"], REVIEWS as u64 * 3 / 4);
    let planned = without_size(story.run("plan space.yaml").expect_code(2).message());
    insta::assert_snapshot!(planned, @r"error: a plan needs the model: the model `org/name` is not in the cache: SIZE in 3 files, licence `apache-2.0`; add `--download`, or start with `automl search`, which downloads it");
    assert_eq!(story.contents(), 0);
    assert!(!story.sandbox.path("hub").exists());
    story
        .run("validate space.yaml --download")
        .expect_code(0)
        .says("is valid");
    story.hub.forget_requests();
    story.run("plan space.yaml").expect_code(0);
    let json = story.run("validate space.yaml --json").expect_code(0).stdout;
    assert!(json.contains("\"download\": null"), "{json}");
    assert!(story.hub.requests().is_empty());
}

#[test]
fn offline_without_a_cache_is_refused_before_anything_is_written() {
    let story = Story::new();
    let (head, rest) = TEXTS.split_once("parameters:\n").unwrap();
    let (_, tail) = rest.split_once("method:").unwrap();
    let one = format!("{head}parameters: {{learning_rate: 0.01}}\nmethod:{tail}");
    story.sandbox.write("one.yaml", one.replace("./model", "org/name"));
    let messages = [
        story.refused(&format!("{SEARCH} --offline")),
        story.refused("validate space.yaml --offline"),
        story.refused("plan space.yaml --offline"),
        story.refused("train one.yaml --offline"),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r"
    error: model `org/name` is not in the cache `[FOLDER]/hub/models--org--name` at the revision `main`, and nothing is downloaded in offline mode: unset HF_HUB_OFFLINE or leave out `--offline` once
    error: model `org/name` is not in the cache `[FOLDER]/hub/models--org--name` at the revision `main`, and nothing is downloaded in offline mode: unset HF_HUB_OFFLINE or leave out `--offline` once
    error: model `org/name` is not in the cache `[FOLDER]/hub/models--org--name` at the revision `main`, and nothing is downloaded in offline mode: unset HF_HUB_OFFLINE or leave out `--offline` once
    error: model `org/name` is not in the cache `[FOLDER]/hub/models--org--name` at the revision `main`, and nothing is downloaded in offline mode: unset HF_HUB_OFFLINE or leave out `--offline` once
    ");
    let variable = story.start_with(SEARCH, &[("HF_HUB_OFFLINE", "1")]).finish();
    assert_eq!(variable.expect_code(2).message().trim_end(), messages[0]);
    assert!(story.hub.requests().is_empty());
}

#[test]
fn refusals_of_the_hub_say_what_to_do_and_leave_nothing() {
    let story = Story::new();
    let code = |code| [("X-Error-Code", code)];
    let replies = [
        Reply::new(401, &code("GatedRepo"), ""),
        Reply::new(403, &code("GatedRepo"), ""),
        Reply::new(401, &code("RepoNotFound"), ""),
        Reply::new(403, &[], format!("{{\"error\": \"not with {TOKEN}\"}}")),
        Reply::new(404, &code("RevisionNotFound"), ""),
        Reply::new(429, &[("Retry-After", "3600")], ""),
        Reply::new(200, &[], "<html>log in</html>"),
    ];
    let messages: Vec<String> = replies
        .into_iter()
        .map(|refusal| {
            story.hub.hook(move |_, reply| *reply = refusal.clone());
            story.refused(SEARCH)
        })
        .collect();
    insta::assert_snapshot!(messages.join("\n"), @r"
    error: access to model `org/name` must be asked for: open http://HUB/org/name, accept its conditions, and use the token of the account that was given access
    error: access to model `org/name` must be asked for: open http://HUB/org/name, accept its conditions, and use the token of the account that was given access
    error: the hub has no model `org/name` (http://HUB/org/name), or your token may not read it: check the spelling, or ask the owner for access
    error: HUB forbids the download of model `org/name`: not with [token]; check the permissions of your token
    error: model `org/name` has no revision `main`: see its branches and tags at http://HUB/org/name/tree/main
    error: HUB limits the number of requests for another 3600 s; wait and try again
    error: http://HUB does not answer as a hub does: its description is unreadable: expected value at line 1 column 1; check HF_ENDPOINT, or whether a login page is in between
    ");
}

#[test]
fn a_passing_fault_is_told_and_survived() {
    let story = Story::new();
    let is_first = std::sync::atomic::AtomicBool::new(true);
    story.hub.hook(move |_, reply| {
        if is_first.swap(false, std::sync::atomic::Ordering::SeqCst) {
            *reply = Reply::new(502, &[], "");
        }
    });
    story
        .run(SEARCH)
        .expect_code(0)
        .says("answers with the error 502; try again later; next attempt in 1 s");
}

#[test]
fn a_wrong_checksum_is_refused_and_never_seen() {
    let story = Story::new();
    story.hub.hook(|request, reply| {
        if let Some(byte) = reply.body.last_mut().filter(|_| request.is_content()) {
            *byte ^= 1;
        }
    });
    let message = story.refused(SEARCH);
    assert!(
        message.contains("`model.safetensors` arrived damaged twice: expected SHA-256"),
        "{message}"
    );
    let files = story.sandbox.list("hub");
    assert!(
        !files.iter().any(|file| file.ends_with("model.safetensors")),
        "{files:?}"
    );
    story.hub.hook(|_, _| {});
    story.run(SEARCH).expect_code(0);
}

#[test]
fn a_killed_download_continues_where_it_stopped() {
    let story = Story::with_padding(6_000_000);
    story.hub.hook(|request, reply| {
        if request.is_content() {
            reply.stalls_after = Some(5_000_000);
        }
    });
    let mut running = story.start(SEARCH);
    let journal = || {
        let files = story.sandbox.list("hub");
        let journal = files.iter().find(|name| name.ends_with(".parts.journal"))?;
        std::fs::read_to_string(story.sandbox.path("hub").join(journal)).ok()
    };
    // Two stretches of 2 MiB are noted after the first line.
    running.wait_until("two stretches", || {
        journal().is_some_and(|text| text.lines().count() >= 3)
    });
    drop(running);
    assert!(!story.sandbox.path("study").exists());
    story.hub.hook(|_, _| {});
    story.hub.forget_requests();
    story.run(SEARCH).expect_code(0).says("of it are here already");
    let requests = story.hub.requests();
    let content = requests.iter().find(|request| request.is_content()).unwrap();
    let range = content.header("range").unwrap();
    assert!(!range.starts_with("bytes=0-"), "{range}");
}

#[test]
fn two_searches_at_once_download_once() {
    let story = Story::with_padding(400_000);
    story
        .hub
        .hook(|request, reply| reply.crawls = request.is_content().then_some(2_000));
    let first = story.start("search space.yaml --out first");
    let second = story.start("search space.yaml --out second");
    eventually("the download", || story.contents() > 0);
    first.finish().expect_code(0);
    second.finish().expect_code(0);
    assert_eq!(story.contents(), 1);
    assert_eq!(story.sandbox.leaderboard("first"), story.sandbox.leaderboard("second"));
}

#[test]
fn a_model_that_could_not_be_used_is_refused_before_it_is_downloaded() {
    let refused = |files: Vec<(&'static str, Vec<u8>)>| {
        let story = Story {
            hub: TestHub::start(files),
            sandbox: sandbox(),
            weights: Vec::new(),
        };
        let message = story.refused(SEARCH);
        assert_eq!(story.contents(), 0);
        message
    };
    let config = ("config.json", b"{\"model_type\": \"bert\"}".to_vec());
    let other = ("config.json", b"{\"model_type\": \"mamba\"}".to_vec());
    let messages = [
        refused(vec![config.clone(), ("pytorch_model.bin", vec![0; 9])]),
        refused(vec![config.clone(), ("model.safetensors", vec![0; 9])]),
        refused(vec![("model.safetensors", vec![0; 9])]),
        refused(vec![
            other,
            ("model.safetensors", vec![0; 9]),
            ("vocab.txt", b"a".to_vec()),
        ]),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r#"
    error: model `org/name`: its weights are only in `pytorch_model.bin`, a pickle, which may run any program when it is read and is never loaded; convert it where you trust its author: python3 -c "import torch; from huggingface_hub import snapshot_download as d; from safetensors.torch import save_file as s; p = d('org/name', local_dir='name'); s({k: v.clone().contiguous() for k, v in torch.load(p + '/pytorch_model.bin', map_location='cpu', weights_only=True).items()}, p + '/model.safetensors', {'format': 'pt'})" and name the folder `name`
    error: model `org/name`: it lacks a tokenizer (`tokenizer.json`, `vocab.txt`, `vocab.json` with `merges.txt`, `spiece.model`, `spm.model`, `sentencepiece.bpe.model` or `tokenizer.model`), so it cannot be used here
    error: model `org/name`: it has no `config.json`, so it is not a model that `transformers` could load
    error: `[FOLDER]/hub/models--org--name/snapshots/0123456789abcdef0123456789abcdef01234567/config.json` cannot be used: `model_type` is `mamba`; the supported ones are `bert`, `distilbert`, `roberta`, `camembert`, `xlm-roberta`, `electra`, `albert`, `mpnet`, `deberta-v2`, `modernbert`, `gpt2`, `gpt_neox`, `llama`, `mistral`, `qwen2`, `qwen3`, `gemma2`, `gemma3_text`, `opt`, `resnet8`, `vit`, `deit`, `dinov2`, `resnet`, `mobilenet_v2`, `efficientnet`, `regnet`, `convnext`, `convnextv2`, `swin`
    "#);
}

#[test]
fn data_is_checked_before_a_model_is_downloaded() {
    let story = Story::new();
    story.sandbox.write("reviews.csv", "text,stars\ngood,5\n");
    story.refused(SEARCH);
    assert!(story.hub.requests().is_empty());
}

#[test]
fn a_model_that_another_program_put_into_the_cache_is_used_without_a_hub() {
    let story = Story::new();
    let folder = format!("hub/models--org--name/snapshots/{COMMIT}");
    write_bert(&story.sandbox.path(&folder));
    story
        .sandbox
        .write(&format!("{folder}/README.md"), "---\nlicense: mit\n---\n# A model\n");
    story.sandbox.write("hub/models--org--name/refs/main", COMMIT);
    story.run(SEARCH).expect_code(0);
    assert!(story.hub.requests().is_empty());
    let best = story.sandbox.read("study/best.yaml");
    assert!(best.contains(&format!("model: org/name@{COMMIT}\n")), "{best}");
    assert!(best.contains("model_licence: mit\n"), "{best}");
    story
        .run("search space.yaml --out nothing --offline --set model=org/nam")
        .expect_code(2)
        .says("; did you mean `org/name`?");
}
