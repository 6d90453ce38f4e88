//! Kubernetes manifests: the databases and brokers that they start, and the variables by which the
//! repository's own containers find them.
//!
//! Templates of charts are no YAML and are left alone.

use std::collections::BTreeMap;

use rr_core::Trust;

use super::collected::{Mined, MinedService, Place};
use super::images;
use super::yaml::{self, Node};

/// Kinds whose pods run on.
const KINDS: &[&str] = &["Deployment", "StatefulSet", "ReplicaSet", "DaemonSet", "Pod"];

/// Whether a path is where manifests lie: a YAML file in a folder that is named for them.
pub(super) fn is_manifest(path: &str) -> bool {
    let Some((folder, name)) = path.rsplit_once('/') else { return false };
    let telling = |part: &str| {
        part.starts_with("k8s")
            || part.starts_with("kube")
            || matches!(part, "manifests" | "deploy" | "deployment" | "deployments" | "kustomize")
    };
    (name.ends_with(".yaml") || name.ends_with(".yml")) && folder.split('/').any(telling)
}

/// Mines one file of manifests.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    if !text.contains("containers:") || text.contains("{{") {
        return;
    }
    let documents = match yaml::parse_all(text) {
        Ok(documents) => documents,
        Err(error) => {
            mined.notes.push(format!("`{path}` not read: {error}"));
            return;
        }
    };
    let place = Place { path, rule: "kubernetes", trust: Trust::Container };
    for document in &documents {
        if document.text_of("kind").is_some_and(|kind| KINDS.contains(&kind)) {
            workload(&place, document, mined);
        }
    }
}

fn workload(place: &Place<'_>, document: &Node, mined: &mut Mined) {
    let name = document.get("metadata").and_then(|data| data.text_of("name")).unwrap_or_default();
    let Some(spec) = document.get("spec") else { return };
    let pod = spec.get("template").and_then(|template| template.get("spec")).unwrap_or(spec);
    for container in pod.get("containers").map(Node::items).unwrap_or_default() {
        let image = container.get("image");
        let text = image.and_then(Node::text).unwrap_or_default();
        let line = image.map_or(container.line, |image| image.line);
        match images::service(text, name, place.at(line, &format!("{name}: {text}"))) {
            Some(found) => mined.services.push(MinedService { env: given(container), ..found }),
            None => {
                for (name, value, line) in variables(container) {
                    let evidence = place.at(line, &format!("{name}: {value}"));
                    mined.variable(&name, &value, "", evidence);
                }
            }
        }
    }
}

fn given(container: &Node) -> BTreeMap<String, String> {
    variables(container).into_iter().map(|(name, value, _)| (name, value)).collect()
}

/// `env: [{name: A, value: b}]`; values from elsewhere (`valueFrom`) are not known.
fn variables(container: &Node) -> Vec<(String, String, u32)> {
    let items = container.get("env").map(Node::items).unwrap_or_default();
    let pair = |item: &Node| {
        Some((item.text_of("name")?.to_owned(), item.text_of("value")?.to_owned(), item.line))
    };
    items.iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::{FactKey, ServiceKind};

    const TWO: &str = "kind: Deployment\nmetadata: {name: cart}\nspec:\n  template:\n    spec:\n      containers:\n\
                       \x20     - name: server\n        image: cart\n        env:\n        - name: REDIS_ADDR\n          value: \"store:6379\"\n\
                       ---\nkind: Service\nmetadata: {name: store}\n---\n\
                       kind: StatefulSet\nmetadata: {name: store}\nspec:\n  template:\n    spec:\n      containers:\n      - image: redis:7\n";

    #[test]
    fn every_document_of_a_file_counts() {
        let mut mined = Mined::default();
        mine("k8s/all.yaml", TWO, &mut mined);
        let service = &mined.services[0];
        assert_eq!((service.kind, service.host.as_str()), (ServiceKind::Redis, "store"));
        assert_eq!(service.evidence.line, Some(22));
        assert_eq!(mined.facts[0].key, FactKey::Variable("REDIS_ADDR".to_owned()));
        assert_eq!(mined.facts[0].evidence.line, Some(10));
    }

    #[test]
    fn templates_and_other_yaml_are_left_alone() {
        let mut mined = Mined::default();
        mine("k8s/x.yaml", "containers:\n- image: {{ .Values.image }}\n", &mut mined);
        assert!(mined.services.is_empty() && mined.notes.is_empty());
        assert!(is_manifest("deploy/kubernetes/db.yml") && !is_manifest("config/db.yml"));
    }
}
