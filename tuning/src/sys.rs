//! The two questions only a raw system call answers: how well the kernel's clock is disciplined, and how a
//! network card gathers its interrupts. Both only read; both work without privilege.

#![expect(
    unsafe_code,
    reason = "no safe wrapper among the libraries of this house has these two calls"
)]

use std::io;
use std::os::fd::AsRawFd as _;

/// What adjtimex says: whether the clock is synchronised, and the bounds of its error in microseconds.
pub(crate) fn clock_state() -> io::Result<(bool, i64, i64)> {
    // SAFETY: timex is plain numbers; all zero is a valid one, and its mode 0 only reads.
    let mut timex: libc::timex = unsafe { core::mem::zeroed() };
    // SAFETY: the pointer is to a timex that outlives the call.
    let state = unsafe { libc::adjtimex(&raw mut timex) };
    if state < 0 {
        return Err(io::Error::last_os_error());
    }
    let synced = state != libc::TIME_ERROR && timex.status & libc::STA_UNSYNC == 0;
    Ok((synced, timex.maxerror, timex.esterror))
}

const ETHTOOL_GCOALESCE: u32 = 0x0e;
const SIOCETHTOOL: libc::Ioctl = 0x8946;
/// Words of `struct ethtool_coalesce`, and which of them are looked at.
const COALESCE_WORDS: usize = 23;
const RX_USECS: usize = 1;
const RX_ADAPTIVE: usize = 10;

/// How long a card waits before it interrupts, in microseconds, and whether it decides so itself.
pub(crate) fn coalescing(interface: &str) -> io::Result<(u32, bool)> {
    let name = interface.as_bytes();
    if name.is_empty() || name.len() >= libc::IFNAMSIZ || name.contains(&0) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let socket = std::net::UdpSocket::bind(("127.0.0.1", 0))?;
    let mut words = [0_u32; COALESCE_WORDS];
    if let Some(command) = words.first_mut() {
        *command = ETHTOOL_GCOALESCE;
    }
    // SAFETY: ifreq is plain bytes and a pointer; all zero is a valid one.
    let mut request: libc::ifreq = unsafe { core::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(name) {
        *to = libc::c_char::from_ne_bytes([*from]);
    }
    request.ifr_ifru.ifru_data = words.as_mut_ptr().cast();
    // SAFETY: 1. `request` outlives the call. 2. The kernel writes one ethtool_coalesce through its data
    // pointer, which is as many words as `words` has.
    let done = unsafe { libc::ioctl(socket.as_raw_fd(), SIOCETHTOOL, &raw mut request) };
    if done < 0 {
        return Err(io::Error::last_os_error());
    }
    let word = |at: usize| words.get(at).copied().unwrap_or(0);
    Ok((word(RX_USECS), word(RX_ADAPTIVE) != 0))
}
