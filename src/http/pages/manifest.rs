//! The web app manifest of the chat client, with the name and the picture that the operator chose.

use std::path::Path;

use serde_json::{Value, json};

use crate::config::LOGO_PATH;

/// The path of the manifest in the build.
pub(super) const PATH: &str = "manifest.webmanifest";

/// `None` if the build's manifest is no JSON object.
pub(super) fn named(built: &[u8], name: &str, logo: Option<&Path>) -> Option<String> {
    let mut manifest: Value = serde_json::from_slice(built).ok()?;
    let fields = manifest.as_object_mut()?;
    for field in ["name", "short_name"] {
        fields.insert(field.to_owned(), name.into());
    }
    if let Some(logo) = logo {
        let sizes =
            if logo.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("svg")) { "any" } else { "512x512" };
        fields.insert("icons".to_owned(), json!([{ "src": format!("/{LOGO_PATH}"), "sizes": sizes }]));
    }
    Some(manifest.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_names_the_app_and_gives_it_a_picture() {
        let built = br#"{"name":"Parlour","short_name":"Parlour","start_url":"/","icons":[]}"#;
        let of = |logo| named(built, "Society", logo).map(|text| serde_json::from_str::<Value>(&text).unwrap());
        let named = json!({ "name": "Society", "short_name": "Society", "start_url": "/", "icons": [] });
        assert_eq!(of(None), Some(named));
        let icons = of(Some(Path::new("a.svg"))).map(|manifest| manifest["icons"].clone());
        assert_eq!(icons, Some(json!([{ "src": "/server-logo", "sizes": "any" }])));
        assert_eq!(super::named(b"[]", "Society", None), None);
    }
}
