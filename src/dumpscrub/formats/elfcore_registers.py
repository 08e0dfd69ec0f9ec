"""Where registers stand in the notes of an ELF core, for the machines that dumpscrub knows.

Offsets and indices are those of ``user_regs_struct`` and its kin in the Linux kernel's ``arch/*/include``.
"""

from __future__ import annotations

from dataclasses import dataclass

MACHINES = {
    3: "i386",
    8: "mips",
    20: "powerpc",
    21: "powerpc64",
    22: "s390",
    40: "arm",
    62: "x86-64",
    183: "aarch64",
    243: "riscv",
    258: "loongarch",
}
"""Names of ``e_machine``."""


@dataclass(frozen=True, slots=True)
class GeneralRegisters:
    """The general registers in NT_PRSTATUS: ``count`` of ``word`` bytes each from offset ``first``.

    ``editable`` are half-open index ranges, in order, of those that hold data. All others are followed by a debugger:
    instruction, stack and frame pointers, link registers, flags, segments.
    """

    first: int
    word: int
    count: int
    stack_pointer: int
    editable: tuple[tuple[int, int], ...]

    @property
    def times(self) -> tuple[int, int]:
        """Where in front of the registers the four times that the thread took begin and end: two words each."""
        return self.first - 8 * self.word, self.first


GENERAL = {
    # r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp, then segments
    ("x86-64", True): GeneralRegisters(112, 8, 27, 19, ((0, 4), (5, 15))),
    # ebx ecx edx esi edi ebp eax ds es fs gs orig_eax eip cs eflags esp ss
    ("i386", False): GeneralRegisters(72, 4, 17, 15, ((0, 5), (6, 7))),
    # x0..x28 x29=frame x30=link sp pc pstate
    ("aarch64", True): GeneralRegisters(112, 8, 34, 31, ((0, 29),)),
    # r0..r10 (r7 is the frame pointer of Thumb code) r11=frame r12 sp lr pc cpsr orig_r0
    ("arm", False): GeneralRegisters(72, 4, 18, 13, ((0, 7), (8, 11), (12, 13))),
}
"""By machine and whether the core is 64 bit."""

_END = -1
_VECTOR_AREAS = {
    ("x86-64", "FPREGSET"): ((32, 416),),  # FXSAVE: x87 registers, then XMM
    ("i386", "FPREGSET"): ((28, 108),),  # FSAVE: x87 registers alone
    ("i386", "PRXFPREG"): ((32, 288),),  # FXSAVE with eight XMM
    ("x86-64", "X86_XSTATE"): ((32, 416), (576, _END)),  # FXSAVE, header, then YMM, ZMM and more
    ("i386", "X86_XSTATE"): ((32, 416), (576, _END)),
    ("aarch64", "FPREGSET"): ((0, 512),),
    ("aarch64", "ARM_SVE"): ((16, _END),),
    ("aarch64", "ARM_SSVE"): ((16, _END),),
    ("aarch64", "ARM_ZA"): ((16, _END),),
    ("arm", "ARM_VFP"): ((0, 256),),
}


def vector_area(machine: str, kind: str, length: int) -> tuple[tuple[int, int], ...]:
    """The byte ranges of a register note of ``length`` bytes that hold register values; the whole where unknown."""
    areas = _VECTOR_AREAS.get((machine, kind), ((0, _END),))
    clipped = ((first, length if last == _END else min(last, length)) for first, last in areas)
    return tuple((first, last) for first, last in clipped if first < last)
