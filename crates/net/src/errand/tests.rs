use std::sync::mpsc;
use std::time::Duration;

use super::{Errand, ErrandHandle, spawn_errands};
use crate::http::{HttpClient, HttpOptions};
use crate::tls::Tls;

struct Doubler(mpsc::Sender<u32>);

impl Errand for Doubler {
    type Job = u32;
    type Answer = u32;
    fn run(&mut self, job: u32, _http: &HttpClient, answer: &mut dyn FnMut(u32)) {
        answer(job);
        answer(2 * job);
        let _ = self.0.send(job);
    }
}

fn http() -> HttpClient {
    HttpClient::new(&Tls::new(None).unwrap(), HttpOptions::default())
}

#[test]
fn a_job_gives_its_answers_in_order() {
    let (done, wait) = mpsc::channel();
    let mut handle = spawn_errands("errand-test", Doubler(done), http(), 8).unwrap();
    assert_eq!(handle.poll(), None);
    handle.submit(21).unwrap();
    assert_eq!(wait.recv_timeout(Duration::from_secs(20)), Ok(21));
    assert_eq!((handle.poll(), handle.poll(), handle.poll()), (Some(21), Some(42), None));
}

#[test]
fn the_thread_ends_when_its_handle_is_dropped() {
    let (done, wait) = mpsc::channel();
    let handle = spawn_errands("errand-test", Doubler(done), http(), 8).unwrap();
    drop(handle);
    // The errand, and with it its sender, is dropped when the thread ends.
    assert_eq!(
        wait.recv_timeout(Duration::from_secs(20)),
        Err(mpsc::RecvTimeoutError::Disconnected)
    );
}

#[test]
fn an_answer_nobody_fetches_does_not_keep_the_thread_alive() {
    let (done, wait) = mpsc::channel();
    let mut handle = spawn_errands("errand-test", Doubler(done), http(), 1).unwrap();
    handle.submit(1).unwrap();
    drop(handle);
    assert_eq!(wait.recv_timeout(Duration::from_secs(20)), Ok(1));
    assert_eq!(
        wait.recv_timeout(Duration::from_secs(20)),
        Err(mpsc::RecvTimeoutError::Disconnected)
    );
}

#[test]
fn a_pair_lets_a_test_play_the_thread() {
    let (mut handle, mut peer) = ErrandHandle::<u8, u16>::pair(2);
    assert_eq!(handle.submit(1), Ok(()));
    assert_eq!(handle.submit(2), Ok(()));
    assert_eq!(handle.submit(3), Err(3));
    assert_eq!((peer.next_job(), peer.next_job(), peer.next_job()), (Some(1), Some(2), None));
    assert_eq!(peer.answer(700), Ok(()));
    assert_eq!(handle.poll(), Some(700));
    drop(peer);
    assert_eq!(handle.submit(4), Err(4));
}
