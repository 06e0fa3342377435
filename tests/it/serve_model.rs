//! A trained model behind HTTP: its answers are those of `automl predict`, and nobody keeps others out.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Running, Sandbox, TEXTS, eventually, review};

/// A trained model, and the server that answers with it.
struct Story {
    sandbox: Sandbox,
    running: Option<Running>,
    host: String,
    token: String,
}

/// A status and a body.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The message of an error.
    #[track_caller]
    fn refused(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.body);
        let error = self.json();
        assert_eq!(error["error"]["status"], status);
        error["error"]["message"].as_str().unwrap().to_owned()
    }
}

/// Trains the tiny BERT for a task and returns its folder's sandbox.
fn trained(spec: &str, data: &str) -> Sandbox {
    let sandbox = Sandbox::with_texts();
    sandbox.write("space.yaml", spec);
    if !data.is_empty() {
        sandbox.write("data.jsonl", data);
    }
    let one = "--set parameters.learning_rate=0.01 --set parameters.batch_size=4 --set parameters.freeze_depth=0 --set epochs=1";
    sandbox
        .run(&format!("train space.yaml --out trained {one}"))
        .expect_code(0);
    sandbox
}

impl Story {
    fn new(sandbox: Sandbox) -> Self {
        Self::with(sandbox, "")
    }

    fn with(sandbox: Sandbox, flags: &str) -> Self {
        let running = sandbox.start(&format!("serve-model trained --json {flags}"));
        eventually("an address", || running.printed().ends_with('\n'));
        let said: Value = serde_json::from_str(&running.printed()).unwrap();
        let url = said["url"].as_str().unwrap();
        Self {
            host: url.trim_start_matches("http://").trim_end_matches('/').to_owned(),
            token: said["token"].as_str().unwrap_or_default().to_owned(),
            sandbox,
            running: Some(running),
        }
    }

    /// Sends a request with the token and these other lines of the head.
    fn ask(&self, request: &str, head: &[String], body: &str) -> Answer {
        let mut text = format!("{request} HTTP/1.1\r\nConnection: close\r\n");
        if !head.iter().any(|line| line.starts_with("Host: ")) {
            write!(text, "Host: {}\r\n", self.host).unwrap();
        }
        for line in head {
            write!(text, "{line}\r\n").unwrap();
        }
        write!(text, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        read(&mut stream)
    }

    fn bearer(&self) -> String {
        format!("Authorization: Bearer {}", self.token)
    }

    fn predict(&self, body: &Value) -> Answer {
        self.ask("POST /predict", &[self.bearer()], &body.to_string())
    }

    #[track_caller]
    fn predictions(&self, body: &Value) -> Vec<Value> {
        let answer = self.predict(body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["predictions"].as_array().unwrap().clone()
    }
}

fn read(stream: &mut TcpStream) -> Answer {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_lowercase(),
        body: body.to_owned(),
    }
}

/// The predictions of `automl predict` for a file, without the columns of the data.
fn predicted(sandbox: &Sandbox, file: &str) -> Vec<Value> {
    let lines = sandbox
        .run(&format!("predict trained {file} --format jsonl"))
        .expect_code(0)
        .stdout;
    let plain = |line: &str| {
        let mut object: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        for column in ["row", "line", "text", "question", "id", "a", "b"] {
            object.remove(column);
        }
        Value::Object(object)
    };
    lines.lines().map(plain).collect()
}

#[test]
fn answers_are_those_of_predict_alone_and_all_at_once() {
    let sandbox = trained(TEXTS, "");
    let expected = predicted(&sandbox, "reviews.csv");
    let texts: Vec<String> = (0..expected.len()).map(|number| review(number).0).collect();
    let story = Story::new(sandbox);
    assert_eq!(story.predictions(&json!({"texts": texts})), expected);
    let rows: Vec<Value> = texts.iter().map(|text| json!({"text": text, "id": 3})).collect();
    assert_eq!(story.predictions(&json!({"rows": rows})), expected);
    std::thread::scope(|scope| {
        let story = &story;
        let asked: Vec<_> = texts
            .iter()
            .map(|text| scope.spawn(move || story.predictions(&json!({"text": text}))))
            .collect();
        for (asked, expected) in asked.into_iter().zip(&expected) {
            assert_eq!(asked.join().unwrap(), std::slice::from_ref(expected));
        }
    });
}

#[test]
fn every_task_is_served() {
    let tagged = "{\"tokens\": [\"the\", \"good\", \"film\"], \"tags\": [\"O\", \"B-A\", \"I-A\"]}\n{\"tokens\": [\"bad\"], \"tags\": [\"O\"]}\n";
    let asked = "{\"id\": \"1\", \"question\": \"good film\", \"context\": \"the story was dull\", \"answers\": {\"text\": [\"dull\"], \"answer_start\": [14]}}\n";
    let numbers = "{\"text\": \"good\", \"label\": 1.5}\n{\"text\": \"bad\", \"label\": -1}\n{\"text\": \"film\", \"label\": 0}\n";
    let several = "{\"text\": \"good\", \"label\": [\"a\", \"b\"]}\n{\"text\": \"bad\", \"label\": [\"b\"]}\n{\"text\": \"film\", \"label\": [\"a\"]}\n";
    let pairs =
        "{\"a\": \"good\", \"b\": \"film\", \"label\": \"x\"}\n{\"a\": \"bad\", \"b\": \"story\", \"label\": \"y\"}\n";
    let cases = [
        (
            "task: token-classification",
            "{train: data.jsonl, validation: data.jsonl}",
            "f1",
            tagged,
            "token-classification",
        ),
        (
            "task: question-answering",
            "{train: data.jsonl, validation: data.jsonl}",
            "f1",
            asked,
            "question-answering",
        ),
        (
            "task: regression",
            "{train: data.jsonl, validation: data.jsonl}",
            "mae",
            numbers,
            "regression",
        ),
        (
            "task: text-classification",
            "{train: data.jsonl, validation: data.jsonl, multi_label: true}",
            "f1_micro",
            several,
            "multi-label-classification",
        ),
        (
            "task: text-classification",
            "{train: data.jsonl, validation: data.jsonl, text: [a, b]}",
            "accuracy",
            pairs,
            "text-classification",
        ),
    ];
    for (task, data, metric, content, name) in cases {
        let spec = TEXTS
            .replace("task: text-classification", task)
            .replace("{train: reviews.csv, split: {validation: 0.25, seed: 1}}", data)
            .replace("metric: accuracy", &format!("metric: {metric}"));
        let sandbox = trained(&spec, content);
        let expected = predicted(&sandbox, "data.jsonl");
        let story = Story::new(sandbox);
        let rows: Vec<Value> = content
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(story.predictions(&json!(rows)), expected, "{name}");
        let about = story.ask("GET /", &[story.bearer()], "").json();
        assert_eq!(about["task"], name);
        if content == pairs {
            assert_eq!(story.predictions(&json!([["good", "film"]])), expected[..1]);
            let message = story.predict(&json!("good")).refused(400);
            insta::assert_snapshot!(message);
        }
    }
}

#[test]
fn what_is_wrong_with_a_request_is_told_as_json() {
    let story = Story::new(trained(TEXTS, ""));
    let json = [story.bearer()];
    let mut messages = vec![
        story.ask("POST /predict", &json, "good film").refused(400),
        story.predict(&json!([])).refused(400),
        story.predict(&json!([1])).refused(400),
        story.predict(&json!([{"title": "good"}])).refused(400),
        story.predict(&json!([{"text": "good"}, {"text": ["a"]}])).refused(400),
        story.predict(&json!([{"text": "good"}, "bad"])).refused(400),
        story.ask("GET /nothing", &json, "").refused(404),
        story.ask("GET /predict", &json, "").refused(405),
        story.ask("POST /predict", &[], "\"a\"").refused(401),
        story
            .ask("POST /predict", &["Authorization: Bearer 00".to_owned()], "\"a\"")
            .refused(401),
        story.ask("GET /", &[], "").refused(401),
    ];
    let other = [story.bearer(), "Host: evil.example".to_owned()];
    messages.push(story.ask("POST /predict", &other, "\"a\"").refused(403));
    let origin = [story.bearer(), "Origin: http://evil.example".to_owned()];
    messages.push(story.ask("POST /predict", &origin, "\"a\"").refused(403));
    let large = format!("\"{}\"", "a ".repeat(3 << 20));
    messages.push(story.ask("POST /predict", &json, &large).refused(413));
    insta::assert_snapshot!(messages.join("\n"));
    assert_eq!(story.ask("GET /health", &[], "").json()["status"], "ok");
    let about = story.ask("GET /", &json, "");
    assert!(about.head.contains("content-type: application/json"), "{}", about.head);
    assert_eq!(about.json()["labels"], json!(["negative", "positive"]));
    assert!(about.json()["card"].as_str().unwrap().contains("Fine-tuned by"));
    assert_eq!(story.predictions(&json!({"text": ""})).len(), 1);
}

#[test]
fn slow_and_silent_clients_keep_nobody_out() {
    let story = Story::new(trained(TEXTS, ""));
    let silent: Vec<TcpStream> = (0..300).map(|_| TcpStream::connect(&story.host).unwrap()).collect();
    let slow: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = TcpStream::connect(&story.host).unwrap();
            let head = format!(
                "POST /predict HTTP/1.1\r\nHost: {}\r\n{}\r\nContent-Length: 100\r\n\r\n\"a",
                story.host,
                story.bearer()
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    assert_eq!(story.predictions(&json!({"text": "good film"})).len(), 1);
    let mut first = slow.into_iter().next().unwrap();
    first.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let mut start = [0; 12];
    first.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 408");
    drop(silent);
}

#[test]
fn a_server_that_is_asked_to_stop_answers_first() {
    let mut story = Story::with(trained(TEXTS, ""), "--token secret-of-mine");
    assert_eq!(story.token, "secret-of-mine");
    let body = json!({"texts": vec!["good film"; 1024]}).to_string();
    let text = format!(
        "POST /predict HTTP/1.1\r\nHost: {}\r\n{}\r\nContent-Length: {}\r\n\r\n{body}",
        story.host,
        story.bearer(),
        body.len()
    );
    let mut stream = TcpStream::connect(&story.host).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    // The request has arrived when another one, sent later, is answered.
    assert_eq!(story.ask("GET /health", &[], "").status, 200);
    let running = story.running.take().unwrap();
    running.signal("TERM");
    let answer = read(&mut stream);
    assert_eq!(answer.json()["predictions"].as_array().unwrap().len(), 1024);
    running.finish().expect_code(0);
    assert!(TcpStream::connect(&story.host).is_err());
}

#[test]
fn a_server_without_a_model_or_a_place_says_so() {
    let sandbox = trained(TEXTS, "");
    let story = Story::with(sandbox, "--no-token");
    assert_eq!(story.token, "");
    assert_eq!(story.ask("POST /predict", &[], "\"good\"").status, 200);
    let port = story.host.rsplit(':').next().unwrap().to_owned();
    let taken = story.sandbox.run(&format!("serve-model trained --port {port}"));
    let taken = taken.expect_code(2).message().replace(&port, "PORT");
    let none = story.sandbox.run("serve-model nowhere").expect_code(2).message();
    let short = story
        .sandbox
        .run("serve-model trained --token x")
        .expect_code(2)
        .message();
    insta::assert_snapshot!([taken, none, short].concat());
}
