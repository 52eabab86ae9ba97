//! What the processor and the kernel must have for the stub.

/// Whether the stub can run here. The error says what is missing.
pub(crate) fn suitable() -> Result<(), String> {
    /// `HWCAP2_FSGSBASE` of `arch/x86/include/uapi/asm/hwcap2.h`: user code may read and write the gs base.
    const HWCAP2_FSGSBASE: u64 = 1 << 1;
    // SAFETY: getauxval touches no memory of ours.
    let capabilities = unsafe { libc::getauxval(libc::AT_HWCAP2) };
    if capabilities & HWCAP2_FSGSBASE == 0 {
        return Err("inline needs the FSGSBASE instructions (Linux 5.9, processors since 2012)".to_owned());
    }
    if !std::arch::is_x86_feature_detected!("bmi2") {
        return Err("inline needs the BMI2 instructions".to_owned());
    }
    if !has_invariant_tsc() {
        return Err("inline needs an invariant time stamp counter".to_owned());
    }
    if !can_trace_by_seccomp() {
        return Err("inline needs seccomp filters that call a tracer".to_owned());
    }
    Ok(())
}

/// `CPUID.80000007H:EDX[8]`: the counter runs at one rate in all states of the processor.
fn has_invariant_tsc() -> bool {
    use core::arch::x86_64::__cpuid;
    const LEAF: u32 = 0x8000_0007;
    __cpuid(0x8000_0000).eax >= LEAF && __cpuid(LEAF).edx & 1 << 8 != 0
}

/// `SECCOMP_GET_ACTION_AVAIL` for RET_TRACE (seccomp(2), Linux 4.14).
fn can_trace_by_seccomp() -> bool {
    let action = libc::SECCOMP_RET_TRACE;
    // SAFETY: the action is live; the kernel only reads it.
    unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_ACTION_AVAIL, 0, &raw const action) == 0 }
}
