use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use axum::Router;
use axum::routing::get;
use tokio::sync::watch;

use super::*;
use crate::sandbox::{Server, listen};

fn fault(text: &str) -> Result<(Service, Effect, Option<u32>), String> {
    let fault: Fault = text.parse().map_err(|error: FaultError| error.to_string())?;
    Ok((fault.service, fault.effect, fault.count))
}

#[test]
fn faults_are_read() {
    let slow = |millis| Effect::Slow(Duration::from_millis(millis));
    for (text, service, effect, count) in [
        ("rekor=503:3", Service::RekorV1, Effect::Status(503), Some(3)),
        ("rekor2=429", Service::RekorV2, Effect::Status(429), None),
        ("fulcio=slow:10s", Service::Fulcio, slow(10_000), None),
        ("fulcio=slow:1m30s:2", Service::Fulcio, slow(90_000), Some(2)),
        ("tsa=slow:500ms", Service::Tsa, slow(500), None),
        ("tuf=hang", Service::Tuf, Effect::Hang, None),
        ("registry=reset:1", Service::Registry, Effect::Reset, Some(1)),
        ("oidc=garbage", Service::Oidc, Effect::Garbage, None),
        ("ct=truncate:7", Service::Ct, Effect::Truncate, Some(7)),
    ] {
        assert_eq!(fault(text), Ok((service, effect, count)), "{text}");
    }
}

#[test]
fn what_is_no_fault_is_refused_with_what_there_is() {
    for (text, words) in [
        ("", "SERVICE=FAULT"),
        ("rekor", "SERVICE=FAULT"),
        ("=503", "there is no service ``"),
        ("Rekor=503", "the services are page, oidc, fulcio, ct, rekor, rekor2, tsa, tuf, registry"),
        ("rekor=", "a status from 400 to 599, slow:DURATION, hang"),
        ("rekor=200", "`200` is no fault"),
        ("rekor=600", "`600` is no fault"),
        ("rekor=+503", "no fault"),
        ("rekor=explode", "`explode` is no fault"),
        ("rekor=503:", "`` is not a number of requests"),
        ("rekor=503:0", "`0` is not a number of requests"),
        ("rekor=503:-1", "`-1` is not"),
        ("rekor=503:+1", "`+1` is not"),
        ("rekor=503:3:4", "`3:4` is not"),
        ("rekor=503:99999999999", "is not a number of requests"),
        ("rekor=slow", "`` is not a duration"),
        ("rekor=slow:10", "`10` is not a duration"),
        ("rekor=slow:s", "`s` is not a duration"),
        ("rekor=slow:1y", "`1y` is not a duration"),
        ("rekor=slow:10s:x", "`x` is not a number"),
        ("rekor=slow:99999999999999999999d", "is not a duration"),
        ("rekor=slow:40000d", "is not a duration"),
        ("rekor=slow:1é", "is not a duration"),
    ] {
        let error = fault(text).unwrap_err();
        assert!(error.contains(words), "{text}: {error}");
    }
}

#[test]
fn clocks_are_read() {
    let clock = |text: &str| text.parse::<WrongClock>().map(|clock| (clock.service, clock.ahead));
    assert_eq!(clock("fulcio=+1h"), Ok((Service::Fulcio, 3600)));
    assert_eq!(clock("tsa=-1d1s"), Ok((Service::Tsa, -86_401)));
    for (text, words) in [
        ("fulcio", "SERVICE=OFFSET"),
        ("nobody=+1h", "no service `nobody`"),
        ("fulcio=1h", "`1h` is not an offset"),
        ("fulcio=+-1h", "is not an offset"),
        ("fulcio=", "is not an offset"),
        ("page=+1h", "page has no clock"),
        ("registry=-1h", "registry has no clock"),
    ] {
        let error = clock(text).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}

#[test]
fn faults_are_met_in_their_order_and_as_often_as_they_say() {
    let faults = ["tsa=500", "rekor=503:2", "rekor=reset:1"].map(|text| text.parse().unwrap());
    let faults = Faults::new(faults);
    let met: Vec<_> = (0..4).map(|_| faults.next(Service::RekorV1)).collect();
    let unavailable = Some(Effect::Status(503));
    assert_eq!(met, [unavailable, unavailable, Some(Effect::Reset), None]);
    assert_eq!(faults.next(Service::Tsa), Some(Effect::Status(500)));
    assert_eq!(faults.next(Service::Tsa), Some(Effect::Status(500)));
    assert_eq!(faults.next(Service::Tuf), None);
}

#[test]
fn faults_and_clocks_are_written_as_they_are_read() {
    for text in
        ["rekor=503:3", "rekor2=429", "fulcio=slow:1m30s:2", "tsa=slow:500ms", "tuf=hang", "oidc=reset:1"]
    {
        assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
    }
    for text in ["fulcio=+1h", "tsa=-1d1s", "oidc=+0s"] {
        assert_eq!(text.parse::<WrongClock>().unwrap().to_string(), text);
    }
}

#[test]
fn a_fault_that_nobody_would_meet_is_told() {
    let check = |texts: &[&str]| {
        let faults: Vec<Fault> = texts.iter().map(|text| text.parse().unwrap()).collect();
        Faults::check(&faults).map_err(|error| error.to_string())
    };
    assert_eq!(check(&["rekor=503:1", "rekor=hang", "tsa=503", "tuf=503"]), Ok(()));
    let error = check(&["rekor=503", "tsa=500", "rekor=hang:2"]).unwrap_err();
    assert!(error.starts_with("rekor=hang:2 is never met: rekor=503 before it"), "{error}");
}

#[test]
fn as_long_as_they_are_suspended_none_is_met_or_used_up() {
    let faults = Faults::new([("tuf=503:1").parse().unwrap()]);
    let (one, two) = (faults.suspend(), faults.suspend());
    drop(one);
    assert_eq!(faults.next(Service::Tuf), None);
    drop(two);
    assert_eq!(faults.remaining().len(), 1);
    assert_eq!(faults.next(Service::Tuf), Some(Effect::Status(503)));
    assert_eq!((faults.next(Service::Tuf), faults.remaining()), (None, Vec::new()));
}

/// What a client gets of a service with this fault, twice in two connections, and how long the first took.
fn asked(fault: &str, stop_after: Option<Duration>) -> ([std::io::Result<String>; 2], Duration) {
    let (stop, stopped) = watch::channel(false);
    let faults = Faults::new([fault.parse().unwrap()]);
    let router = Router::new().route("/", get(|| async { "the answer, at some length" }));
    let router = faults.layer(Service::Tuf, stopped.clone(), router);
    let listener = listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::new(listener, router).unwrap();
    let serving = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(server.run(stopped)).unwrap();
    });
    let ask = || {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut all = Vec::new();
        stream.read_to_end(&mut all)?;
        Ok(String::from_utf8_lossy(&all).into_owned())
    };
    let begun = Instant::now();
    if let Some(length) = stop_after {
        let stop = stop.clone();
        std::thread::spawn(move || {
            std::thread::sleep(length);
            stop.send_replace(true);
        });
    }
    let first = ask();
    let took = begun.elapsed();
    let second = ask();
    stop.send_replace(true);
    serving.join().unwrap();
    ([first, second], took)
}

#[test]
fn each_fault_is_what_a_client_sees() {
    let whole =
        |answer: &std::io::Result<String>| answer.as_ref().unwrap().ends_with("the answer, at some length");
    let ([first, second], _) = asked("tuf=503:1", None);
    assert!(first.as_ref().unwrap().starts_with("HTTP/1.1 503"), "{first:?}");
    assert!(first.unwrap().ends_with(r#"{"code":503,"message":"a fault, on purpose"}"#));
    assert!(whole(&second));

    let ([first, second], took) = asked("tuf=slow:300ms:1", None);
    assert!(whole(&first) && whole(&second));
    assert!(took >= Duration::from_millis(300), "{took:?}");

    let ([first, second], _) = asked("tuf=reset:1", None);
    assert_eq!(first.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert!(whole(&second));

    let ([first, second], _) = asked("tuf=garbage:1", None);
    let first = first.unwrap();
    assert!(first.starts_with("HTTP/1.1 200") && first.ends_with("garbage\u{fffd} on purpose"), "{first}");
    assert!(whole(&second));

    let ([first, second], _) = asked("tuf=truncate:1", None);
    let first = first.unwrap();
    assert!(first.contains("content-length: 26") && first.ends_with("\r\nthe answer, a"), "{first}");
    assert!(whole(&second));
}

#[test]
fn who_stops_does_not_wait_for_what_never_ends() {
    for fault in ["tuf=hang:1", "tuf=slow:1h:1"] {
        let ([first, _], took) = asked(fault, Some(Duration::from_millis(200)));
        assert!(took >= Duration::from_millis(200) && took < Duration::from_secs(20), "{took:?}");
        assert!(first.unwrap().starts_with("HTTP/1.1 "), "{fault}");
    }
}
