//! `parlour secret rotate`: a new secret, and nobody is signed out.

use serde_json::json;

use crate::support::{Person, Server, code};

const ME: &str = "{ me { fullName } }";

#[tokio::test]
async fn a_new_secret_signs_nobody_out() {
    let mut server = Server::start().await;
    let ada = server.user("Ada").await;
    let file = server.folder().join("data/jwt-secret");
    let before = std::fs::read_to_string(&file).expect("a secret");

    let rotated = server.run("secret").await;
    assert_eq!(rotated.status.code(), Some(2), "it takes a word more: {rotated:?}");
    let rotated = server.command("secret").arg("rotate").output().await.expect("the program runs");

    assert!(rotated.status.success() && rotated.stdout.is_empty(), "{rotated:?}");
    let after = std::fs::read_to_string(&file).expect("a secret");
    assert_ne!(before, after);
    let said = String::from_utf8_lossy(&rotated.stderr).into_owned();
    assert!(said.contains("restart the server") && !said.contains(after.trim()), "{said}");
    server.stop().await;
    server.start_again().await;
    assert_eq!(ada.ask(ME, json!({})).await["me"]["fullName"], "Ada", "her token is signed with the one before");
    let again = Person::sign_in(&server, &ada.email).await;
    // Without the one before: new tokens are signed with the new one.
    server.stop().await;
    std::fs::remove_file(server.folder().join("data/jwt-previous-secrets")).expect("it is there");
    server.start_again().await;
    assert_eq!(again.ask(ME, json!({})).await["me"]["fullName"], "Ada");
    let of_before = ada.execute("{ conversations { nodes { id } } }", json!({})).await;
    assert_eq!(code(&of_before), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_secret_of_the_settings_is_theirs_to_change() {
    let secret = "a secret of the settings, long enough";
    let server = Server::prepare(&[("JWT_SECRET", secret)]);
    let rotated = server.command("secret").arg("rotate").output().await.expect("the program runs");
    assert!(rotated.status.success(), "{rotated:?}");
    let (new, said) = (String::from_utf8_lossy(&rotated.stdout), String::from_utf8_lossy(&rotated.stderr));
    assert_eq!(new.trim_end().len(), 43, "{new}");
    assert!(said.contains("JWT_PREVIOUS_SECRETS") && !said.contains(secret), "{said}");
    assert!(!server.folder().join("data").exists(), "nothing is written");
}
