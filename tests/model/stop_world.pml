/* BROKEN_VARIANTS: LEAVE_WITHOUT_CAS ENTER_WITHOUT_COUNT RESUME_SIGNALS_ONE RESUMED_WAIT_WITHOUT_LOOP STOP_READS_FIRST DETACH_WITHOUT_COUNT SECOND_RETURNS_AT_ONCE UNMANAGED_STOPS_AT_ONCE */
/* SPDX-License-Identifier: MIT
 *
 * How the threads of a heap agree to stand still (gc/world/stop_world.c): a word of state for each thread, which it
 * changes itself by compare and exchange and a stopper by fetch-and-or; a mutex; a count of the threads that a stop still
 * waits for; a condition for the stopper, one for the others. Each atomic operation and each critical section is a step
 * of the model, in every order that there is. The order of ordinary memory accesses around them is no part of it.
 *
 * Three threads come and go between managed, native and detached as they like, for ever; two of them stop the world.
 * What takes the mutex by a thread's own will is bounded by `errands`: nothing promises a mutex to the one thread that
 * waits for it while others come and go, so that without the bound a call might really never return.
 *
 * Properties, named where they are checked: (1) while the collector works no thread is managed; (2) no thread touches
 * objects while the world is stopped; (3) there is one collector at a time; (4) every call returns: a stop is granted,
 * everybody goes on afterwards; (5) who is told that somebody else stopped the world has seen that stop end. */

#define THREADS 3
#define STOPPERS 2
#define ERRANDS 2 /* of those two; the other has one */
#define me _pid

#define MANAGED 0
#define NATIVE 1
#define STOP 2
#define NOBODY 255

byte state[THREADS];
bool attached[THREADS];

byte mutex = NOBODY; /* the thread that has it; what follows belongs to it */
bool is_stopping;
byte awaited;
byte waits_for_stopped; /* conditions: the threads that wait, a bit each */
byte waits_for_resumed;

/* What only the properties need. */
bool in_call[THREADS];
bool touches_objects[THREADS];
bool saw_a_stop_end[THREADS];
byte collectors;

/* A step that takes the mutex goes on to the next point where another thread can tell the difference. */
inline lock() {
    atomic { mutex == NOBODY -> mutex = me }
}

inline unlock() {
    mutex = NOBODY
}

/* `waiting` is one of the conditions: gives the mutex up, and takes it when it has been woken, which systems may do for
 * no reason at all. That counts as an errand, or it could go on for ever. */
inline wait(waiting) {
    atomic { waiting = waiting | (1 << me); unlock() }
    if
    :: atomic { (waiting & (1 << me)) == 0 -> lock() }
    :: atomic { errands > 0 && mutex == NOBODY -> errands--; waiting = waiting & ~(1 << me); lock() }
    fi
}

inline wake_all(waiting) {
    waiting = 0
}

inline wake_one(waiting) {
    if
    :: (waiting & 1) != 0 -> waiting = waiting & ~1
    :: (waiting & 2) != 0 -> waiting = waiting & ~2
    :: (waiting & 4) != 0 -> waiting = waiting & ~4
    :: waiting == 0
    fi
}

/* The calling thread is one that the stop has counted. With the mutex. */
inline arrive() {
    assert(is_stopping && awaited > 0 && state[me] == STOP);
    state[me] = NATIVE | STOP;
    awaited--;
    if
    :: awaited == 0 -> wake_one(waits_for_stopped)
    :: else
    fi
}

inline wait_until_resumed() {
#ifdef RESUMED_WAIT_WITHOUT_LOOP
    if
    :: is_stopping -> wait(waits_for_resumed)
    :: else
    fi
#else
    do
    :: is_stopping -> wait(waits_for_resumed)
    :: else -> break
    od
#endif
}

inline begin_call() {
    in_call[me] = true
}

inline end_call() {
    in_call[me] = false
}

/* pf_safepoint */
inline poll() {
    if
    :: atomic { state[me] != MANAGED -> begin_call() }
       atomic { lock(); arrive() }
       wait_until_resumed();
       atomic { state[me] = MANAGED; unlock(); end_call() }
    :: state[me] == MANAGED
    fi
}

inline native_enter() {
    if
    :: atomic { state[me] == MANAGED -> state[me] = NATIVE }
    :: atomic { state[me] != MANAGED -> begin_call() }
#ifdef ENTER_WITHOUT_COUNT
       atomic { lock(); state[me] = state[me] | NATIVE; unlock(); end_call() }
#else
       atomic { lock(); arrive(); unlock(); end_call() }
#endif
    fi
}

inline native_leave() {
    if
#ifdef LEAVE_WITHOUT_CAS
    :: state[me] == NATIVE; state[me] = MANAGED
#else
    :: atomic { state[me] == NATIVE -> state[me] = MANAGED }
#endif
    :: atomic { state[me] != NATIVE -> begin_call() }
       lock();
       wait_until_resumed();
       atomic { state[me] = MANAGED; unlock(); end_call() }
    fi
}

/* pf_thread_detach, and what happens when a thread exits, which may be native then. */
inline detach() {
    begin_call();
    atomic {
        lock();
#ifndef DETACH_WITHOUT_COUNT
        if
        :: state[me] == STOP -> arrive()
        :: else
        fi
#endif
    }
    wait_until_resumed();
    atomic { attached[me] = false; state[me] = MANAGED; unlock(); end_call() }
}

inline attach() {
    begin_call();
    lock();
    wait_until_resumed();
    atomic { attached[me] = true; state[me] = MANAGED; unlock(); end_call() }
}

inline ask_to_stop(target, self) {
    if
    :: target != self && attached[target] ->
#ifdef STOP_READS_FIRST
        atomic { awaited = awaited + ((state[target] & NATIVE) == 0) }
        state[target] = state[target] | STOP
#else
        atomic { awaited = awaited + ((state[target] & NATIVE) == 0); state[target] = state[target] | STOP }
#endif
    :: else
    fi
}

inline let_go(target) {
    state[target] = state[target] & ~STOP
}

/* One step after another, as other threads poll and change between managed and native meanwhile. With the mutex. At
 * first the stopper spins without it, for a while. */
inline stop_others(self) {
    is_stopping = true;
    ask_to_stop(0, self);
    ask_to_stop(1, self);
    ask_to_stop(2, self);
    if
    :: awaited > 0 -> unlock(); lock()
    :: else
    fi;
    do
    :: awaited > 0 -> wait(waits_for_stopped)
    :: else -> break
    od
}

inline resume_others() {
    lock();
    let_go(0);
    let_go(1);
    let_go(2);
    atomic {
        is_stopping = false;
        saw_a_stop_end[0] = true;
        saw_a_stop_end[1] = true;
        saw_a_stop_end[2] = true;
#ifdef RESUME_SIGNALS_ONE
        wake_one(waits_for_resumed);
#else
        wake_all(waits_for_resumed);
#endif
        unlock()
    }
}

#define stands_still(thread) (thread == me || !attached[thread] || (state[thread] & NATIVE) != 0)

inline work_as_collector() {
    collectors++;
    assert(collectors == 1);                                              /* (3) */
    assert(stands_still(0) && stands_still(1) && stands_still(2));        /* (1) */
    assert(!touches_objects[0] && !touches_objects[1] && !touches_objects[2]); /* (2) */
    collectors--
}

inline collect_stopped(self) {
    stop_others(self);
    unlock();
    work_as_collector();
    resume_others();
    end_call()
}

/* By a managed thread. One that comes second is not the one: it arrives like one that polls. */
inline collect() {
    begin_call();
    atomic { lock(); saw_a_stop_end[me] = false }
    if
    :: is_stopping ->
#ifdef SECOND_RETURNS_AT_ONCE
        atomic { assert(saw_a_stop_end[me]); unlock(); end_call() }
#else
        atomic { arrive() }
        wait_until_resumed();
        atomic { assert(saw_a_stop_end[me]); state[me] = MANAGED; unlock(); end_call() } /* (5) */
#endif
    :: else -> collect_stopped(me)
    fi
}

/* By a native thread, or one that is not attached: no stop waits for it, so it waits until it is the one. */
inline collect_unmanaged() {
    begin_call();
    lock();
#ifndef UNMANAGED_STOPS_AT_ONCE
    wait_until_resumed();
#endif
    collect_stopped(NOBODY)
}

inline work_on_objects() {
    atomic { touches_objects[me] = true; assert(collectors == 0) } /* (2) */
    touches_objects[me] = false
}

active [THREADS] proctype thread() {
    byte errands = (me < STOPPERS -> ERRANDS : 1);

    if
    :: me < STOPPERS -> errands--; collect_unmanaged()
    :: true
    fi;
    attach();
    do
    :: work_on_objects(); poll()
    :: native_enter();
       if
       :: me < STOPPERS && errands > 0 -> errands--; collect_unmanaged()
       :: true
       fi;
       if
       :: native_leave()
       :: break /* the thread exits, native */
       fi
    :: errands > 0 -> errands--;
       if
       :: me < STOPPERS -> collect()
       :: detach(); attach()
       fi
    :: break
    od;
    detach()
}

/* (4) Of the two that stop the world one is enough. Deadlocks are found without a formula. */
ltl stopper_returns { [] (in_call[0] -> <> !in_call[0]) }
ltl other_returns { [] (in_call[2] -> <> !in_call[2]) }
