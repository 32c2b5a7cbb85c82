/* SPDX-License-Identifier: MIT */
#include "gc/state/plug_list.h"

#include "alloc/platform/os_memory.h"

static const size_t list_size = PINFOLD_LISTED_PLUGS * sizeof(struct pfi_listed_plug);

bool pfi_plug_list_init(struct pfi_plug_list *list) {
    list->plugs = (struct pfi_listed_plug *)pfi_os_map_lazy(list_size);
    pfi_plug_list_clear(list);
    return list->plugs != NULL;
}

void pfi_plug_list_finish(struct pfi_plug_list *list) {
    pfi_os_release((uintptr_t)list->plugs, list_size);
}
