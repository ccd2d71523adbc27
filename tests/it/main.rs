//! The whole system, tested from outside: one binary, one module a subject.

mod books;
mod canary;
mod closed;
mod config;
mod control;
mod doctor;
mod engine;
mod exclusive;
mod floors;
mod golden;
mod keys;
mod lease;
mod paper;
mod refusals;
mod reload;
mod restart;
mod run;
