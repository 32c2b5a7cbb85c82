/* SPDX-License-Identifier: MIT
 *
 * What heap creation needs of the options.
 */
#ifndef PINFOLD_GC_API_OPTIONS_H
#define PINFOLD_GC_API_OPTIONS_H

#include "pinfold/heap.h"

/* Checks every option against its range, and the options against each other; the message names the first that is
 * wrong. */
enum pf_status pfi_options_check(const struct pf_options *options, struct pf_message *message);

#endif
