/* SPDX-License-Identifier: MIT
 *
 * When which client speaks next: a timing wheel. A client lies in the slot of its time, so thousands of them cost
 * nothing while they wait. Times are milliseconds since the wheel began to turn; one that is more than WHEEL_REACH
 * ahead comes up too early.
 */
#ifndef PINNED_ECHO_WHEEL_H
#define PINNED_ECHO_WHEEL_H

#include <stdint.h>

enum { WHEEL_TICK = 8, WHEEL_SLOTS = 1024, WHEEL_REACH = WHEEL_TICK * (WHEEL_SLOTS - 1) };

struct wheel_entry {
    struct wheel_entry *next;
};

struct wheel {
    uint64_t tick; /* the slots of all ticks before this one are empty */
    struct wheel_entry *slots[WHEEL_SLOTS];
};

/* Puts an entry, which is in no slot, where `time` belongs; a time that has passed comes up at the next turn. */
static inline void wheel_add(struct wheel *wheel, struct wheel_entry *entry, uint64_t time) {
    uint64_t tick = time / WHEEL_TICK < wheel->tick ? wheel->tick : time / WHEEL_TICK;
    struct wheel_entry **slot = &wheel->slots[tick % WHEEL_SLOTS];
    entry->next = *slot;
    *slot = entry;
}

/* Takes out an entry whose time has come by `now`; NULL when there is none left. */
static inline struct wheel_entry *wheel_take(struct wheel *wheel, uint64_t now) {
    while (wheel->tick <= now / WHEEL_TICK) {
        struct wheel_entry **slot = &wheel->slots[wheel->tick % WHEEL_SLOTS];
        if (*slot != NULL) {
            struct wheel_entry *entry = *slot;
            *slot = entry->next;
            return entry;
        }
        wheel->tick++;
    }
    return NULL;
}

#endif
