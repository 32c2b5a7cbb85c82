/* SPDX-License-Identifier: MIT */
#include "gc/state/plug_list.h"

enum { FIRST = 64 << 10 /* bytes that a list begins with */ };

static void use_memory(struct pfi_plug_list *list) {
    list->plugs = (struct pfi_listed_plug *)list->memory.start;
    list->capacity = list->memory.committed / sizeof *list->plugs;
    list->capacity = list->capacity < PINFOLD_LISTED_PLUGS ? list->capacity : PINFOLD_LISTED_PLUGS;
}

bool pfi_plug_list_init(struct pfi_plug_list *list, struct pfi_account *account) {
    if (!pfi_extent_init(&list->memory, account, PINFOLD_LISTED_PLUGS * sizeof *list->plugs, FIRST)) {
        return false;
    }
    use_memory(list);
    pfi_plug_list_clear(list);
    return true;
}

void pfi_plug_list_finish(struct pfi_plug_list *list) {
    pfi_extent_finish(&list->memory);
}

bool pfi_plug_list_grow(struct pfi_plug_list *list) {
    list->is_complete = list->is_complete && pfi_extent_grow(&list->memory);
    use_memory(list);
    return list->is_complete;
}

void pfi_plug_list_release(struct pfi_plug_list *list) {
    pfi_plug_list_clear(list);
    pfi_extent_shrink(&list->memory, FIRST);
    use_memory(list);
}
