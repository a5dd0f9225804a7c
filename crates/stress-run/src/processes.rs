//! The processes that this one starts, and the interrupt that ends them.

pub(crate) mod interrupt;
pub(crate) mod offspring;
