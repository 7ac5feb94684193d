//! Loops over lanes with the processor's widest vector instructions.

/// Runs a loop with the widest vector instructions of the processor. The loop is compiled for each instruction set and
/// selected at run time. The result is the same with every instruction set, because operations are never fused.
#[inline(always)]
pub(crate) fn vectorized<R>(run: impl pulp::NullaryFnOnce<Output = R>) -> R {
    pulp::Arch::new().dispatch(run)
}
