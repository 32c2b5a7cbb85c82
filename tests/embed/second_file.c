/* SPDX-License-Identifier: MIT
 *
 * The second file of the C consumer: the same work on a heap of its own.
 */
#include "consumer.h"

int second_file_run(void);

int second_file_run(void) {
    return consumer_run();
}
