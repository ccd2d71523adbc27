//! being written

#![forbid(unsafe_code)]

pub mod decode;
pub mod json;
pub mod markets;
pub mod text;

#[cfg(test)]
mod samples;
