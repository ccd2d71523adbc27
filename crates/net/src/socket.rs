//! A TCP socket read and written without waiting, with the kernel's receive time where it is told.

use std::io;
use std::mem::{self, MaybeUninit};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::ptr;

/// What a read gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrived {
    /// So many bytes, at least one.
    Bytes(usize),
    /// None yet.
    Nothing,
    /// None ever again.
    End,
    /// The socket failed with this `errno`.
    Failed(i32),
}

/// What a write took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// So many bytes, possibly none.
    Bytes(usize),
    /// The socket failed with this `errno`.
    Failed(i32),
}

/// Of so many reads that give bytes one asks the kernel when they came: asking costs every read, the
/// idle ones above all, a hundred nanoseconds.
const SAMPLE: u8 = 16;

/// A connected, non-blocking socket.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    /// Nanoseconds the bytes of the last read waited in the kernel; 0 when it was not asked.
    waited_ns: u64,
    /// Reads until the kernel is asked again; `None` when it never is.
    until_sample: Option<u8>,
}

/// Room for one control message of the kernel, aligned as it must be.
type Control = [u64; 8];

impl Socket {
    /// Takes a connected stream over: no delay, no waiting, and with `stamps` time stamps of what
    /// comes, if the kernel has them.
    pub(crate) fn new(stream: TcpStream, stamps: bool) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        // Without them the engine runs as well and does not know how long bytes waited.
        let stamped = stamps && ask_for_stamps(stream.as_raw_fd()).is_ok();
        Ok(Self { stream, waited_ns: 0, until_sample: stamped.then_some(0) })
    }

    /// Reads what is there, never waiting.
    #[inline]
    pub(crate) fn read(&mut self, place: &mut [u8]) -> Arrived {
        if place.is_empty() {
            return Arrived::Nothing;
        }
        if self.until_sample == Some(0) {
            return self.read_stamped(place);
        }
        // SAFETY: 1. The descriptor is open as long as `self.stream`. 2. Pointer and length are
        // those of a slice borrowed for the whole call.
        let got = unsafe {
            libc::recv(self.stream.as_raw_fd(), place.as_mut_ptr().cast(), place.len(), 0)
        };
        match usize::try_from(got) {
            Ok(0) => Arrived::End,
            Ok(count) => {
                self.waited_ns = 0;
                self.until_sample = self.until_sample.map(|left| left.saturating_sub(1));
                Arrived::Bytes(count)
            }
            Err(_) => failed().map_or(Arrived::Nothing, Arrived::Failed),
        }
    }

    /// The same, and how long the bytes waited.
    fn read_stamped(&mut self, place: &mut [u8]) -> Arrived {
        let mut control: Control = [0; 8];
        let mut vector = libc::iovec { iov_base: place.as_mut_ptr().cast(), iov_len: place.len() };
        // SAFETY: a `msghdr` of zeros is a valid one that names nothing.
        let mut message: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
        message.msg_iov = &raw mut vector;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = mem::size_of::<Control>() as _;
        // SAFETY: 1. The descriptor is open as long as `self.stream`. 2. The message names `place`
        // and `control` with their true sizes, both borrowed or owned for the whole call.
        let got = unsafe { libc::recvmsg(self.stream.as_raw_fd(), &raw mut message, 0) };
        match usize::try_from(got) {
            Ok(0) => Arrived::End,
            Ok(count) => {
                self.waited_ns = waited(&message);
                self.until_sample = Some(SAMPLE - 1);
                Arrived::Bytes(count)
            }
            Err(_) => failed().map_or(Arrived::Nothing, Arrived::Failed),
        }
    }

    /// Hands over what the socket takes, never waiting.
    #[inline]
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Taken {
        // SAFETY: 1. The descriptor is open as long as `self.stream`. 2. Pointer and length are
        // those of a slice borrowed for the whole call.
        let took = unsafe {
            libc::send(
                self.stream.as_raw_fd(),
                bytes.as_ptr().cast(),
                bytes.len(),
                libc::MSG_NOSIGNAL,
            )
        };
        match usize::try_from(took) {
            Ok(count) => Taken::Bytes(count),
            Err(_) => failed().map_or(Taken::Bytes(0), Taken::Failed),
        }
    }

    /// Nanoseconds the bytes of the last read waited in the kernel; 0 when it was not asked.
    pub(crate) const fn waited_ns(&self) -> u64 {
        self.waited_ns
    }

    /// Says that nothing more will be sent.
    pub(crate) fn finish(&self) {
        // A socket that is already gone needs no word.
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

/// The `errno` of the call that just failed; `None` when it only would have waited.
#[inline]
fn failed() -> Option<i32> {
    match io::Error::last_os_error().raw_os_error() {
        Some(libc::EAGAIN | libc::EINTR) => None,
        Some(errno) => Some(errno),
        None => Some(libc::EIO),
    }
}

/// Asks the kernel to say with every read when its bytes arrived.
fn ask_for_stamps(socket: RawFd) -> io::Result<()> {
    const SIZE: libc::socklen_t = 4;
    const { assert!(mem::size_of::<libc::c_int>() == SIZE as usize) };
    let on: libc::c_int = 1;
    // SAFETY: the option's value is one C int, and that is what pointer and length describe.
    let outcome = unsafe {
        libc::setsockopt(
            socket,
            libc::SOL_SOCKET,
            libc::SO_TIMESTAMPNS,
            (&raw const on).cast(),
            SIZE,
        )
    };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// How long ago the kernel says that the bytes of `message` arrived.
#[inline]
fn waited(message: &libc::msghdr) -> u64 {
    if message.msg_controllen < mem::size_of::<libc::cmsghdr>() {
        return 0;
    }
    let Some(arrived) = stamp(message) else { return 0 };
    wall().saturating_sub(arrived)
}

/// Nanoseconds since 1970; unlike the standard library's clock it cannot panic.
fn wall() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a timespec of this frame; the call writes nothing else.
    let _ = unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut time) };
    let seconds = time.tv_sec.cast_unsigned().saturating_mul(1_000_000_000);
    seconds.saturating_add(time.tv_nsec.cast_unsigned())
}

/// The arrival time in nanoseconds since 1970 of the message's first control message.
fn stamp(message: &libc::msghdr) -> Option<u64> {
    // SAFETY: `message` is as the kernel left it: its control part is a sequence of whole headers.
    let first = unsafe { libc::CMSG_FIRSTHDR(message) };
    // SAFETY: it is null or points to a header in the control part, which outlives this function.
    let header = unsafe { first.as_ref() }?;
    let stamped =
        header.cmsg_level == libc::SOL_SOCKET && header.cmsg_type == libc::SCM_TIMESTAMPNS;
    if !stamped || (header.cmsg_len as usize) < mem::size_of::<libc::timespec>() {
        return None;
    }
    // SAFETY: `header` points into the control part, and this yields where its data begins.
    let data = unsafe { libc::CMSG_DATA(ptr::from_ref(header)) };
    // SAFETY: a message of this type carries one `timespec`; the read needs no alignment.
    let time = unsafe { ptr::read_unaligned(data.cast::<libc::timespec>()) };
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let nanos = u64::try_from(time.tv_nsec).ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}

#[cfg(test)]
mod tests;
