use super::*;

#[test]
fn the_table_has_the_layout_that_users_know() {
    let mut document = Document::new();
    let rows = [
        ["Direct", "100 B", "< 0.001", "0.002", "0.004"].map(str::to_owned),
        ["Service Binding", "100 KB", "0.412", "0.600", "1-2"].map(str::to_owned),
    ];
    document.table(["Method", "Payload", "p50", "p95", "p99"], 2..5, rows);
    assert_eq!(
        write(&document),
        "| Method          | Payload |     p50 |   p95 |   p99 |\n\
         | --------------- | ------- | ------: | ----: | ----: |\n\
         | Direct          | 100 B   | < 0.001 | 0.002 | 0.004 |\n\
         | Service Binding | 100 KB  |   0.412 | 0.600 |   1-2 |\n"
    );
}

#[test]
fn methods_stand_in_their_order_and_payloads_by_size() {
    let report: Report = crate::read(include_str!("tests/report.json")).unwrap();
    let table = latency_table(&report, Function::Echo);
    let rows: Vec<&str> = table.lines().skip(2).collect();
    assert_eq!(
        rows,
        [
            "| Direct          | 100 B   |              < 0.001 |              < 0.001 | < 0.001 |",
            "| Service Binding | 100 B   | 0.091 [0.088, 0.094] | 0.140 [0.130, 0.155] |     n/a |",
            "| Service Binding | 10 KB   |                  ≤ 1 |               1 to 2 |  1 to 3 |",
        ]
    );
}

#[test]
fn the_whole_report_names_every_section_that_has_content() {
    let report: Report = crate::read(include_str!("tests/report.json")).unwrap();
    let text = render(&report);
    let titles: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
    assert_eq!(
        titles,
        [
            "# Open: 0.45 % (95 % CI 0.06 % to 1.6 %) of the calls of Service Binding failed, 1.0 % allowed",
            "## echo",
            "## Overhead against direct (ms)",
            "## Verdicts",
            "## Failed calls",
            "## Growth with the payload",
            "## Analysis",
            "## Warnings",
            "## Environment",
        ]
    );
    for line in [
        "- Service Binding: **open**. p99 of service-binding.echo.10000 is not stated.",
        "| service-binding.echo.100 | p50 overhead | 0.091 [0.087, 0.094] |              1 | 0 % [0 %, 0.83 %] |  < 50 % |    pass |",
        "| Service Binding |   440 |      2 | 0.45 % [0.06 %, 1.6 %] | < 1.0 % | open (about 1,500 calls would settle it) |",
        "- service-binding.echo.100 p99: 368 samples are needed, there are 100",
        "| Direct | echo     | < 0.18 [> -0.18, 0.4] |  < 0.9 [-2.1, 2.4] |",
        "- noise floor of the timer around no call: p50 < 1.2 us, p95 3 us, p99 9 us (resolution of a reading 1.2 us, n = 400)",
        "- **isolation-cost**: 120 us between isolated and back-to-back calls",
        "- service-binding.echo.100 back-to-back: 57 % of the time in block 7, 8 calls; 0.035 ms without it",
        "- mean of service-binding.echo.100 (ms): 0.095 [0.090, 0.099] isolated, 0.080 [0.070, 0.090] back-to-back (57 % of it in one slice)",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}
