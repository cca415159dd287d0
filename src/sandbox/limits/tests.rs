use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::Instant as Now;

use axum::Router;
use axum::routing::{get, post};
use tokio::sync::watch;

use super::*;
use crate::sandbox::serve::{Server, listen};

/// A service within limits: `/` says how long the body was, `/large` answers with 64 MiB.
struct World {
    address: SocketAddr,
    memory: Memory,
    stop: watch::Sender<bool>,
    serving: Option<JoinHandle<()>>,
}

impl World {
    fn new(limits: Limits) -> Self {
        let (stop, stopped) = watch::channel(false);
        let listener = listen(0).unwrap();
        let (address, memory) = (listener.local_addr().unwrap(), limits.memory.clone());
        let router = Router::new()
            .route(
                "/",
                post(|body: Bytes| async move { format!("{} bytes", body.len()) }).get(|| async { "here" }),
            )
            .route("/large", get(|| async { vec![b'x'; 64 << 20] }))
            .layer(axum::extract::DefaultBodyLimit::disable());
        let server = Server::within(&limits, listener, router).unwrap();
        let serving = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(server.run(stopped)).unwrap();
        });
        Self { address, memory, stop, serving: Some(serving) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        rest(&mut stream)
    }

    fn get(&self) -> String {
        self.ask("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    }

    /// A request with a body that says it has so many bytes, of which so many are sent.
    fn post(&self, announced: usize, sent: usize) -> TcpStream {
        let mut stream = self.connect();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {announced}\r\n\r\n"
        )
        .unwrap();
        let _ = stream.write_all(&vec![b'a'; sent]);
        stream
    }

    fn free(&self) -> usize {
        self.memory.0.available_permits() * UNIT
    }

    fn wait_until(&self, is_so: impl Fn(&Self) -> bool) {
        let begun = Now::now();
        while !is_so(self) {
            assert!(begun.elapsed() < Duration::from_secs(10), "{} bytes are free", self.free());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        let ended = self.serving.take().unwrap().join();
        assert!(std::thread::panicking() || ended.is_ok());
    }
}

fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    String::from_utf8_lossy(&all).into_owned()
}

fn limits() -> Limits {
    Limits {
        memory: Memory::new(8 << 20),
        head: Duration::from_millis(600),
        pace: Pace { grace: Duration::from_secs(15), rate: 1 << 20 },
        connections: 100,
    }
}

#[test]
fn bodies_are_whole_and_their_memory_is_given_back() {
    let world = World::new(limits());
    for length in [0, 1, FREE, FREE + 1, 3 << 20] {
        let mut stream = world.post(length, length);
        assert!(rest(&mut stream).ends_with(&format!("\r\n\r\n{length} bytes")), "{length}");
    }
    let chunks = format!("{:x}\r\n{}\r\n", 100_000, "a".repeat(100_000)).repeat(5);
    let head =
        "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert!(world.ask(&format!("{head}{chunks}0\r\n\r\n")).ends_with("500000 bytes"));
    world.wait_until(|world| world.free() == 8 << 20);
}

#[test]
fn unfinished_bodies_have_no_more_memory_than_there_is() {
    let world = World::new(limits());
    let held: Vec<TcpStream> = (0..3).map(|_| world.post(2 << 20, 1 << 20)).collect();
    world.wait_until(|world| world.free() < 3 << 20);
    // What is small is served all the same.
    let mut small = world.post(1000, 1000);
    assert!(rest(&mut small).ends_with("1000 bytes"));
    let answer = rest(&mut world.post(4 << 20, 4 << 20));
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 1"), "{answer}");
    assert!(answer.contains("no memory left for this request"), "{answer}");
    drop(held);
    assert!(rest(&mut world.post(4 << 20, 4 << 20)).ends_with("4194304 bytes"));
    world.wait_until(|world| world.free() == 8 << 20);
}

#[test]
fn what_is_too_large_is_not_kept() {
    let world = World::new(limits());
    let answer = rest(&mut world.post(MAX_BODY + 1, 1 << 20));
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(world.free(), 8 << 20);
}

#[test]
fn heads_and_bodies_that_drip_end() {
    let pace = Pace { grace: Duration::from_millis(600), rate: 1 << 20 };
    let world = World::new(Limits { pace, ..limits() });
    for begin in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: localhost\r\nX: "] {
        let begun = Now::now();
        let mut stream = world.connect();
        stream.write_all(begin.as_bytes()).unwrap();
        let mut other = stream.try_clone().unwrap();
        let dripping = std::thread::spawn(move || {
            while !begin.is_empty()
                && other.write_all(b"a").is_ok()
                && begun.elapsed() < Duration::from_secs(10)
            {
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        rest(&mut stream);
        assert!(begun.elapsed() < Duration::from_secs(5), "{begin}: {:?}", begun.elapsed());
        dripping.join().unwrap();
    }
    // An answer comes first, and then the idle connection ends.
    let begun = Now::now();
    assert!(world.ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").ends_with("here"));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let begun = Now::now();
    let mut stream = world.post(1 << 20, 10);
    let mut other = stream.try_clone().unwrap();
    let dripping = std::thread::spawn(move || {
        while other.write_all(b"a").is_ok() && begun.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let answer = rest(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    dripping.join().unwrap();
}

#[test]
fn heads_have_a_length() {
    let world = World::new(limits());
    let long = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "a".repeat(2 * MAX_HEAD));
    let answer = world.ask(&long);
    assert!(!answer.contains("200 OK"), "{}", answer.len());
    assert!(world.get().ends_with("here"));
}

#[test]
fn a_listener_has_so_many_connections_and_the_longest_silent_goes_for_another() {
    let world = World::new(Limits { connections: 4, head: Duration::from_secs(60), ..limits() });
    let mut held: Vec<TcpStream> = Vec::new();
    for _ in 0..4 {
        let mut stream = world.connect();
        stream.write_all(b"GET / HTTP/1.1\r\nX: ").unwrap();
        held.push(stream);
        std::thread::sleep(Duration::from_millis(50));
    }
    held[0].write_all(b"y").unwrap();
    std::thread::sleep(Duration::from_millis(100));
    let begun = Now::now();
    assert!(world.get().ends_with("here"));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // The second was silent longest: it has ended, the others have not.
    let is_open = |stream: &mut TcpStream| {
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let ended = stream.read(&mut [0]);
        ended.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    };
    assert_eq!(held.iter_mut().map(is_open).collect::<Vec<_>>(), [true, false, true, true]);
}

/// Whoever pipelines requests and never reads an answer.
fn never_reads(world: &World) -> TcpStream {
    let mut stream = world.connect();
    stream.set_nonblocking(true).unwrap();
    let requests = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1000);
    let begun = Now::now();
    let mut full = 0;
    // Until neither side takes any more.
    while full < 20 {
        assert!(begun.elapsed() < Duration::from_secs(60));
        full = if stream.write(requests.as_bytes()).is_ok() { 0 } else { full + 1 };
        std::thread::sleep(Duration::from_millis(5));
    }
    stream
}

#[test]
fn clients_that_never_read_do_not_take_a_listener_away() {
    let world = World::new(Limits { connections: 3, head: Duration::from_secs(60), ..limits() });
    let held: Vec<TcpStream> = (0..3).map(|_| never_reads(&world)).collect();
    let begun = Now::now();
    assert!(world.get().ends_with("here"));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    drop(held);
}

#[test]
fn a_client_that_never_reads_loses_its_connection() {
    let world = World::new(Limits { head: Duration::from_secs(60), ..limits() });
    let mut held = never_reads(&world);
    std::thread::sleep(crate::sandbox::socket::UNREAD + Duration::from_secs(1));
    held.set_nonblocking(false).unwrap();
    held.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
    // It is reset: what was asked for was never read.
    let request = [b'a'; 1 << 16];
    let error = (0..100).find_map(|_| held.write_all(&request).err()).unwrap();
    assert!(
        matches!(error.kind(), std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe),
        "{error:?}"
    );
}

#[test]
fn who_ends_waits_for_nobody_that_is_in_the_middle_of_something() {
    let world = World::new(Limits { head: Duration::from_secs(60), ..limits() });
    let mut held = [world.connect(), world.post(1 << 20, 10), world.connect(), world.connect()];
    held[2].write_all(b"GET / HTTP/1.1\r\nX: ").unwrap();
    // It reads nothing of its answer.
    held[3].write_all(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let begun = Now::now();
    drop(world);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[test]
fn the_pace_of_what_is_long_is_that_of_the_whole() {
    let begun = Instant::now();
    let pace = Pace { grace: Duration::from_secs(20), rate: 1 << 20 };
    assert_eq!(pace.deadline(begun, 0), begun + Duration::from_secs(20));
    assert_eq!(pace.deadline(begun, 10 << 20), begun + Duration::from_secs(30));
}
