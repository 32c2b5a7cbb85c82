/* SPDX-License-Identifier: MIT
 *
 * without_uring PROGRAM [ARGUMENT ...]: runs a program for which the kernel refuses io_uring with EPERM, as a container
 * does. Exits with 77 where system calls cannot be filtered.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { EXIT_NOT_STARTED = 2, EXIT_SKIPPED = 77 };

int main(int count, char **words) {
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof instructions / sizeof instructions[0], instructions};
    if (count < 2) {
        fprintf(stderr, "usage: without_uring PROGRAM [ARGUMENT ...]\n");
        return EXIT_NOT_STARTED;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
        fprintf(stderr, "without_uring: system calls cannot be filtered here: %s\n", strerror(errno));
        return EXIT_SKIPPED;
    }
    execv(words[1], words + 1);
    fprintf(stderr, "without_uring: %s cannot be run: %s\n", words[1], strerror(errno));
    return EXIT_NOT_STARTED;
}
