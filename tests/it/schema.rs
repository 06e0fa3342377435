//! The JSON Schema that editors use.

use super::support::Sandbox;

#[test]
fn the_schema_is_json_that_names_every_key() {
    let outcome = Sandbox::new().run("schema").expect_code(0);
    let schema: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["additionalProperties"], false);
    assert!(schema["properties"]["warm_start"]["description"].is_string());
    assert!(schema["$defs"]["parameter"]["properties"]["prior"].is_object());
    assert_eq!(outcome.stderr, "");
}
