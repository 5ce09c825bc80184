use super::*;

#[test]
fn a_run_id_is_pinned_and_sorts_by_creation() {
    let earlier = RunId::new(
        DateTime::from_timestamp(1_795_368_480, 0).unwrap(),
        0xffff_ffff,
    );
    let later = RunId::new(
        DateTime::from_timestamp(1_795_368_481, 0).unwrap(),
        0x4f9_a1c0,
    );
    assert_eq!(earlier.as_str(), "20261122T172800Z-ffffffff");
    assert_eq!(later.as_str(), "20261122T172801Z-04f9a1c0");
    assert!(earlier < later);
    assert_eq!(later.as_str().parse(), Ok(later));
}

#[test]
fn a_list_names_the_locations_that_are_missing_and_says_nothing_where_none_is() {
    let mut list = RunList {
        runs: Vec::new(),
        next_before: None,
        missing_locations: Vec::new(),
    };
    assert_eq!(serde_json::to_string(&list).unwrap(), "{\"runs\":[]}");
    list.missing_locations.push(MissingLocation {
        location: "weur".to_owned(),
        reason: "it did not answer".to_owned(),
    });
    assert_eq!(
        serde_json::to_string(&list).unwrap(),
        "{\"runs\":[],\"missing_locations\":[{\"location\":\"weur\",\"reason\":\"it did not answer\"}]}"
    );
}

#[test]
fn what_is_not_a_run_id_is_refused() {
    for text in [
        "",
        "latest",
        "20261122T172800Z-FFFFFFFF",
        "20261122T172800Z-ffffffff0",
        "../../etc/passwd",
        "20261122T172800Z-ffff\u{e9}fff",
    ] {
        assert_eq!(text.parse::<RunId>(), Err(RunIdError), "{text}");
    }
}
