/* SPDX-License-Identifier: MIT
 *
 * Pinfold: a precise, generational mark-compact garbage collector. This header includes all the others.
 */
#ifndef PINFOLD_PINFOLD_H
#define PINFOLD_PINFOLD_H

#define PINFOLD_VERSION_MAJOR 0
#define PINFOLD_VERSION_MINOR 1
#define PINFOLD_VERSION_PATCH 0

#include "pinfold/address.h"
#include "pinfold/alloc.h"
#include "pinfold/barrier.h"
#include "pinfold/collect.h"
#include "pinfold/event.h"
#include "pinfold/finalizer.h"
#include "pinfold/fork.h"
#include "pinfold/handle.h"
#include "pinfold/heap.h"
#include "pinfold/limits.h"
#include "pinfold/pin.h"
#include "pinfold/root.h"
#include "pinfold/stack.h"
#include "pinfold/stats.h"
#include "pinfold/status.h"
#include "pinfold/thread.h"
#include "pinfold/type.h"
#include "pinfold/walk.h"
#include "pinfold/weak_table.h"

#endif
