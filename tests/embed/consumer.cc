/* SPDX-License-Identifier: MIT
 *
 * The consumer in C++: the same work through the same headers.
 */
#include "consumer.h"

int main() {
    return consumer_run();
}
