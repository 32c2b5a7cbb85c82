/* SPDX-License-Identifier: MIT */
#include "alloc/object.h"

const struct pf_type pfi_free_type = {"free", 0, 1, PINFOLD_SCAN_NONE, 0, 0, 0, 0, 0, NULL, NULL, NULL};
