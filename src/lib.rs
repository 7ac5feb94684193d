//! Cupola.
