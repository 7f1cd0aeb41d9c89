/* Stands in for every real tool: exits at once, whatever its arguments. */

    .globl _start
_start:
#if defined(__x86_64__)
    xor %edi, %edi
    mov $231, %eax                  /* exit_group */
    syscall
#elif defined(__aarch64__)
    mov x0, #0
    mov x8, #94                     /* exit_group */
    svc 0
#else
#error "no stand-in for this architecture yet"
#endif

    .section .note.GNU-stack, "", %progbits
