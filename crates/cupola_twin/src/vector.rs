//! Loops over lanes, as wide as the processor can.

/// Runs a loop with the widest vectors that the processor has: compiled for each, chosen when it runs. The result is the same with all of
/// them, since no operation is put together with another one.
#[inline(always)]
pub(crate) fn vectorized<R>(run: impl pulp::NullaryFnOnce<Output = R>) -> R {
    pulp::Arch::new().dispatch(run)
}
