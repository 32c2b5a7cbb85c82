/* BROKEN_VARIANTS: SLEEP_WITHOUT_LOOKING WAIT_WITHOUT_LOOP END_SIGNALS_ONE END_IGNORES_PARTS JOIN_WITHOUT_COUNT WORK_WHILE_WAITING */
/* SPDX-License-Identifier: MIT
 *
 * How workers that mark together share work and find out that there is none left (gc/state/mark_queue.c): pfi_mark_queue_
 * join, give and take, with each critical section in steps where another worker can see a difference, which is where it
 * reads `parts` and `is_over` without the mutex.
 *
 * Worker 0 begins with one entry; following an entry may find others, ENTRIES in all. The others join when they like,
 * perhaps when all is over. Whether a worker sees that somebody wants work is left to chance, as what it reads without the
 * mutex may be old. How long one that waits looks before it sleeps is left to chance as well. Conditions may wake a worker
 * for no reason; how often is bounded, or it could go on for ever.
 *
 * Properties: (1) nobody is sent away while there is an entry on a stack or in a part; (2) nobody holds an entry while it
 * counts as waiting; (3) there is never a part for which nobody waits, so that there is room for all; (4) everybody is sent
 * away in the end: no wake-up is lost. */

#define WORKERS 3
#define ENTRIES 6
#define SPURIOUS 1
#define me _pid
#define NOBODY 255

byte mutex = NOBODY; /* the worker that has it; what follows belongs to it */
byte members = 1;
byte waiting;
byte parts;
byte part[WORKERS]; /* entries in each */
bool is_over;
byte waits; /* the condition `changed`: the workers that wait, a bit each */

byte stack[WORKERS];       /* each worker's own */
byte unseen = ENTRIES - 1; /* entries that following others may still find */

/* What only the properties need. */
byte gone;
bool counted[WORKERS]; /* as waiting */

inline lock() {
    atomic { mutex == NOBODY -> mutex = me }
}

inline unlock() {
    mutex = NOBODY
}

inline wait() {
    atomic { waits = waits | (1 << me); unlock() }
    if
    :: atomic { (waits & (1 << me)) == 0 -> lock() }
    :: atomic { spurious > 0 && mutex == NOBODY -> spurious--; waits = waits & ~(1 << me); lock() }
    fi
}

inline wake_one() {
    if
    :: (waits & 1) != 0 -> waits = waits & ~1
    :: (waits & 2) != 0 -> waits = waits & ~2
    :: (waits & 4) != 0 -> waits = waits & ~4
    :: waits == 0
    fi
}

inline wake_all() {
#ifdef END_SIGNALS_ONE
    wake_one()
#else
    waits = 0
#endif
}

#define has_news (parts > 0 || is_over)
#define no_work (stack[0] + stack[1] + stack[2] == 0 && parts == 0)

/* The newest entry is followed: it refers to nothing, or to one or two that nobody has seen. */
inline follow() {
    assert(!counted[me]);
    atomic {
        stack[me]--;
        if
        :: true
        :: unseen >= 1 -> unseen = unseen - 1; stack[me] = stack[me] + 1
        :: unseen >= 2 -> unseen = unseen - 2; stack[me] = stack[me] + 2
        fi
    }
}

inline give() {
    lock();
    if
    :: waiting > parts ->
        atomic {
            part[parts] = stack[me] / 2;
            stack[me] = stack[me] - part[parts]
        }
        parts++;
        assert(parts <= waiting && waiting <= members);
        wake_one()
    :: else
    fi;
    unlock()
}

inline join() {
    lock();
    is_in = !is_over;
#ifndef JOIN_WITHOUT_COUNT
    members = members + is_in;
#endif
    unlock()
}

/* A worker that looks for news and one that waits for them without looking do the same, but for the time between. */
inline wait_for_news() {
    unlock();
    if
    :: has_news
    :: true /* has looked long enough */
    fi;
    lock();
#ifdef SLEEP_WITHOUT_LOOKING
    wait()
#else
#ifdef WAIT_WITHOUT_LOOP
    if
    :: !has_news -> wait()
    :: else
    fi
#else
    do
    :: !has_news -> wait()
    :: else -> break
    od
#endif
#endif
}

#ifdef END_IGNORES_PARTS
#define is_end (waiting == members)
#else
#define is_end (waiting == members && parts == 0)
#endif

/* Fills the stack, or finds that all is over, and then `is_in` is false. */
inline take() {
    lock();
    atomic { waiting++; counted[me] = true }
    if
    :: is_end -> is_over = true; wake_all()
    :: else
    fi;
    if
    :: !has_news -> wait_for_news()
    :: else
    fi;
    if
    :: parts > 0 ->
#ifdef WORK_WHILE_WAITING
        counted[me] = false;
#else
        atomic { waiting--; counted[me] = false }
#endif
        parts--;
        atomic { stack[me] = part[parts]; part[parts] = 0 }
    :: else -> is_in = false
    fi;
    unlock()
}

active [WORKERS] proctype worker() {
    bool is_in = true;
    byte spurious = SPURIOUS;
    if
    :: me == 0 -> stack[0] = 1
    :: else -> join()
    fi;
    do
    :: is_in && stack[me] > 0 ->
        if
        :: stack[me] >= 2 -> give()
        :: true
        fi;
        follow()
    :: is_in && stack[me] == 0 -> take()
    :: !is_in -> break
    od;
    assert(no_work);
    gone++
}

ltl everybody_is_sent_away { <> (gone == WORKERS) }
