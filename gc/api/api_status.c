/* SPDX-License-Identifier: MIT */
#include "pinfold/status.h"

const char *pf_status_text(enum pf_status status) {
    static const char *const texts[] = {
#define PINFOLD_TEXT(name, sentence) sentence,
        PINFOLD_STATUS_TABLE(PINFOLD_TEXT)
#undef PINFOLD_TEXT
    };
    return (unsigned)status < sizeof texts / sizeof texts[0] ? texts[status] : "unknown status";
}
