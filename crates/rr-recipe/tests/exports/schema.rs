//! The published schema is that of the types.

#[test]
fn the_published_schema_is_that_of_the_lock() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/recipe.schema.json");
    let published: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let hint = "write it anew: repo-runner schema lock > docs/recipe.schema.json";
    assert_eq!(published, rr_recipe::lock_schema(), "{hint}");
}
