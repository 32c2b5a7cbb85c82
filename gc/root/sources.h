/* SPDX-License-Identifier: MIT
 *
 * Root sources: the embedder enumerates its own slots through a visitor.
 */
#ifndef PINFOLD_GC_ROOT_SOURCES_H
#define PINFOLD_GC_ROOT_SOURCES_H

#include "alloc/object.h"
#include "gc/root/visits.h"
#include "pinfold/root.h"

void pfi_sources_visit(const struct pf_root_source *sources, struct pfi_root_visits visits);

#endif
