use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::{Arrived, SAMPLE, Socket, Taken};

fn pair() -> (Socket, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (far, _) = listener.accept().unwrap();
    far.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    (Socket::new(near, true).unwrap(), far)
}

/// Reads until something comes.
fn wait(socket: &mut Socket, place: &mut [u8]) -> Arrived {
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        match socket.read(place) {
            Arrived::Nothing => std::thread::yield_now(),
            other => return other,
        }
    }
    panic!("nothing came in 20 s");
}

#[test]
fn a_read_without_bytes_does_not_wait() {
    let (mut socket, _far) = pair();
    assert_eq!(socket.read(&mut [0; 8]), Arrived::Nothing);
    assert_eq!(socket.read(&mut []), Arrived::Nothing);
}

#[test]
fn bytes_come_and_the_kernel_says_how_long_they_waited() {
    let (mut socket, mut far) = pair();
    far.write_all(b"hello").unwrap();
    let mut place = [0; 8];
    assert_eq!(wait(&mut socket, &mut place), Arrived::Bytes(5));
    assert_eq!(&place[..5], b"hello");
    assert!(socket.waited_ns() < 20_000_000_000);
    // Then so many reads are not sampled, and one is again.
    for read in 1..=2 * u32::from(SAMPLE) {
        assert_eq!(socket.until_sample == Some(0), read % u32::from(SAMPLE) == 0);
        far.write_all(b"x").unwrap();
        assert_eq!(wait(&mut socket, &mut place), Arrived::Bytes(1));
    }
}

#[test]
fn a_socket_that_is_not_to_ask_never_does() {
    let (socket, mut far) = pair();
    let mut socket = Socket::new(socket.stream, false).unwrap();
    for _ in 0..40 {
        far.write_all(b"x").unwrap();
        assert_eq!(wait(&mut socket, &mut [0; 8]), Arrived::Bytes(1));
        assert_eq!((socket.waited_ns(), socket.until_sample), (0, None));
    }
}

#[test]
fn the_end_and_a_reset_are_told_apart() {
    let (mut socket, far) = pair();
    drop(far);
    assert_eq!(wait(&mut socket, &mut [0; 8]), Arrived::End);
    let (mut socket, mut far) = pair();
    // Closing with unread bytes resets.
    assert_eq!(socket.write(b"x"), Taken::Bytes(1));
    far.write_all(b"y").unwrap();
    assert_eq!(wait(&mut socket, &mut [0; 1]), Arrived::Bytes(1));
    let mut peeked = [0; 1];
    far.peek(&mut peeked).unwrap();
    drop(far);
    assert_eq!(wait(&mut socket, &mut [0; 8]), Arrived::Failed(libc::ECONNRESET));
}

#[test]
fn a_full_socket_takes_a_part_or_nothing() {
    let (mut socket, mut far) = pair();
    let chunk = vec![7; 1 << 20];
    let mut sent = 0;
    loop {
        match socket.write(&chunk) {
            Taken::Bytes(0) => break,
            Taken::Bytes(count) => sent += count,
            Taken::Failed(errno) => panic!("errno {errno}"),
        }
    }
    socket.finish();
    let mut all = Vec::new();
    far.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), sent);
}
