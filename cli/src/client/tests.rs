use super::*;

#[test]
fn no_answer_says_who_was_asked() {
    let error = Client::new("http://127.0.0.1:1", None)
        .text("/health")
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("GET http://127.0.0.1:1/health: no answer ("),
        "{error}"
    );
}
