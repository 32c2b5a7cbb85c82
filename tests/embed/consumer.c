/* SPDX-License-Identifier: MIT
 *
 * The consumer in C: consumer.h has the work. Two files include it, as in a real program, so that a header which
 * defines something twice fails to link.
 */
#include "consumer.h"

int second_file_run(void);

int main(void) {
    return consumer_run() || second_file_run();
}
