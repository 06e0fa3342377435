//! The report and the live page in a real browser: they load, keep up with a running study, filter, sort, open a trial.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::{Browser, Running, SPHERE, Sandbox, count, eventually};

/// Enough trials that nothing may be slow.
const MANY: &str = "--set budget.trials=5000 --set method=random --set early_terminate.type=none --set epochs=1 --set resources.logical_workers=64 --workers 1";

/// Starts `automl serve` and waits for the address that it prints.
fn serve(sandbox: &Sandbox, study: &str) -> (Running, String) {
    let server = sandbox.start(&format!("serve {study}"));
    eventually("an address", || server.printed().ends_with('\n'));
    let address = server.printed().trim().to_owned();
    (server, address)
}

/// Number of rows in the table of trials.
const ROWS: &str = "document.querySelectorAll('#trials-table tbody tr').length";

/// The page is wide enough for itself: nothing must be scrolled sideways.
const FITS: &str = "document.documentElement.scrollWidth <= window.innerWidth";

#[test]
fn a_report_is_read_filtered_and_sorted_at_any_width_light_and_dark() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox
        .run("search space.yaml --out study --set budget.trials=30")
        .expect_code(0);
    let Some(mut browser) = Browser::start(&sandbox) else {
        return;
    };
    for (size, scheme) in [((1280, 900), "light"), ((375, 800), "dark")] {
        browser.looks(size, scheme);
        browser.open(&format!("file://{}", sandbox.path("study/report.html").display()));
        browser.until(&format!("{ROWS} === 30 && {FITS}"));
        let background = browser.value("getComputedStyle(document.body).backgroundColor");
        let is_light = background.as_str().unwrap().contains("255");
        assert_eq!(is_light, scheme == "light", "{background}");
    }
    browser.value("(() => { const f = document.querySelector('#filter'); f.value = 'kind:fancy'; f.dispatchEvent(new Event('input')); })()");
    browser.until(&format!("{ROWS} > 0 && {ROWS} < 30"));
    browser.value(
        "(() => { const f = document.querySelector('#filter'); f.value = ''; f.dispatchEvent(new Event('input')); })()",
    );
    browser.until(&format!("{ROWS} === 30"));
    browser.value("document.querySelector('#trials-table [data-sort=trial]').click()");
    browser.until("['0', '29'].includes(document.querySelector('#trials-table tbody tr').dataset.trial)");
    browser.value("document.querySelector('#trials-table tbody tr[data-trial=\"7\"]').click()");
    browser.until("document.querySelector('dialog#trial').open && document.querySelector('#trial-title').textContent.includes('Trial 7')");
    browser.value("document.querySelector('dialog#trial [data-action=close]').click()");
    browser.until("!document.querySelector('dialog#trial').open");
    browser.value("document.querySelector('figure.plot [data-action=table]').click()");
    browser.until("document.querySelector('figure.plot table') !== null");
    assert_eq!(browser.faults, Vec::<String>::new());
}

#[test]
fn a_live_page_keeps_up_with_a_study_and_shows_nothing_without_its_token() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let study = sandbox.path("study");
    let mut search =
        sandbox.start("search space.yaml --out study --set budget.trials=24 --set function.trial_seconds=0.5");
    search.wait_until("results", || count(&study, "segment_delivered") >= 2);
    let (server, address) = serve(&sandbox, "study");
    let Some(mut browser) = Browser::start(&sandbox) else {
        return;
    };
    browser.open(&address);
    browser.until("document.querySelector('#live').dataset.connection === 'open'");
    // Hidden parts are drawn when they become visible.
    browser.value("document.querySelector('#trials').scrollIntoView()");
    let before = browser.value(ROWS).as_u64().unwrap();
    browser.until(&format!("{ROWS} > {before}"));
    search.finish().expect_code(0);
    browser.until("document.querySelector('#live').dataset.connection === 'ended'");
    browser.until(&format!("{ROWS} === 24"));
    assert_eq!(browser.faults, Vec::<String>::new());
    let (origin, _) = address.trim_end_matches('/').rsplit_once('/').unwrap();
    browser.open(&format!("{origin}/00000000000000000000000000000000/"));
    assert_eq!(
        browser.value("document.querySelector('#main')"),
        serde_json::Value::Null
    );
    drop(server);
}

#[test]
fn connections_that_say_nothing_keep_nobody_out() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.run("search space.yaml --out study -q").expect_code(0);
    let (_server, address) = serve(&sandbox, "study");
    let (host, path) = address.trim_start_matches("http://").split_once('/').unwrap();
    let silent: Vec<TcpStream> = (0..800).map(|_| TcpStream::connect(host).unwrap()).collect();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.contains("</html>"),
        "{}",
        &answer[..200.min(answer.len())]
    );
    // Those who say nothing are let go.
    let mut first = &silent[0];
    first.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(first.read_to_end(&mut Vec::new()).map_or(0, |_| 0), 0);
}

#[test]
fn five_thousand_trials_are_no_burden() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox
        .run(&format!("search space.yaml --out study -q {MANY}"))
        .expect_code(0);
    sandbox.run("report study").expect_code(0);
    let Some(mut browser) = Browser::start(&sandbox) else {
        return;
    };
    browser.open(&format!("file://{}", sandbox.path("study/report.html").display()));
    browser.until(&format!("{ROWS} > 0"));
    let elements = browser.value("document.querySelectorAll('*').length").as_u64().unwrap();
    assert!(elements < 20_000, "{elements} elements");
    assert_eq!(browser.faults, Vec::<String>::new());
}
