//! The whole system, tested from outside: one binary, one module a subject.

mod floors;
