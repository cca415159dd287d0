use std::net::TcpListener;
use std::thread;

use super::*;

const ADDRESS: [u8; 4] = [192, 0, 2, 7];

/// An answer to `query`: `code`, and one address when it is 0 and IPv4 was asked for.
fn answer(query: &[u8], code: u8, truncated: bool) -> Vec<u8> {
    let mut out = query.to_vec();
    (out[2], out[3]) = (if truncated { 0x83 } else { 0x81 }, 0x80 | code);
    if code == 0 && !truncated && query[query.len() - 3] == 1 {
        out[7] = 1;
        out.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        out.extend(ADDRESS);
    }
    out
}

/// A name server on loopback that answers each datagram with what `answers` makes of it.
fn serve(answers: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            for answer in answers(&buffer[..length]) {
                let _ = socket.send_to(&answer, from);
            }
        }
    });
    address
}

fn servers(addresses: &[SocketAddr]) -> Servers {
    let mut servers = Servers::parse("search inner.example\noptions attempts:1");
    servers.addresses = addresses.to_vec();
    servers.timeout = Duration::from_millis(300);
    servers
}

fn found() -> Vec<IpAddr> {
    vec![ADDRESS.into()]
}

#[test]
fn a_server_is_asked_for_both_kinds_of_address() {
    let server = serve(|query| vec![answer(query, 0, false)]);
    assert_eq!(lookup("key.example", "", Some(&servers(&[server]))).unwrap(), found());
}

#[test]
fn hosts_and_localhost_need_no_server() {
    assert_eq!(lookup("key.example", "192.0.2.7 key.example", None).unwrap(), found());
    assert_eq!(lookup("LOCALHOST.", "", None).unwrap().len(), 2);
    assert!(matches!(lookup("key.example", "", None), Err(NameError::NoServers(_))));
    assert!(matches!(lookup("key.example", "", Some(&servers(&[]))), Err(NameError::NoAnswer { .. })));
}

#[test]
fn names_are_searched_where_the_file_says() {
    let server = serve(|query| {
        let known =
            query.windows(13).any(|part| part == b"\x05inner\x07example".as_slice().get(..13).unwrap());
        vec![answer(query, if known { 0 } else { 3 }, false)]
    });
    assert_eq!(lookup("key", "", Some(&servers(&[server]))).unwrap(), found());
    assert_eq!(lookup("key.other", "", Some(&servers(&[server]))).unwrap(), found());
    assert!(matches!(lookup("key.", "", Some(&servers(&[server]))), Err(NameError::NoSuchName(_))));
}

/// Somebody who guesses gets no hearing, and does not end the wait for the real answer.
#[test]
fn answers_to_something_else_are_passed_over() {
    let server = serve(|query| {
        let mut guessed = answer(query, 3, false);
        guessed[0] ^= 1;
        vec![guessed, b"x".to_vec(), answer(query, 0, false)]
    });
    assert_eq!(lookup("key.example", "", Some(&servers(&[server]))).unwrap(), found());
}

#[test]
fn a_server_that_fails_is_followed_by_the_next() {
    let broken = serve(|query| vec![answer(query, 2, false)]);
    let silent = serve(|_| Vec::new());
    let good = serve(|query| vec![answer(query, 0, false)]);
    assert_eq!(lookup("key.example", "", Some(&servers(&[broken, silent, good]))).unwrap(), found());
    let error = lookup("key.example", "", Some(&servers(&[broken]))).unwrap_err().to_string();
    assert!(error.contains("it failed") && error.contains(&broken.to_string()), "{error}");
}

#[test]
fn a_long_answer_comes_over_tcp() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = tcp.local_addr().unwrap();
    let udp = UdpSocket::bind(address).unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = udp.recv_from(&mut buffer) {
            let _ = udp.send_to(&answer(&buffer[..length], 0, true), from);
        }
    });
    thread::spawn(move || {
        for stream in tcp.incoming() {
            let mut stream = stream.unwrap();
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            let mut query = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut query).unwrap();
            let answer = answer(&query, 0, false);
            let _ = stream.write_all(&u16::try_from(answer.len()).unwrap().to_be_bytes());
            let _ = stream.write_all(&answer);
        }
    });
    assert_eq!(lookup("key.example", "", Some(&servers(&[address]))).unwrap(), found());
}

#[test]
fn through_the_client_a_name_leads_to_a_server() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = reqwest::Client::builder().no_proxy().dns_resolver(Names).build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
    });
    let answer = runtime.block_on(client.get(format!("http://localhost:{port}/")).send()).unwrap();
    assert_eq!(answer.status(), 204);
}
