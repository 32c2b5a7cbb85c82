/* SPDX-License-Identifier: MIT */
#include "gc/world/stop_world.h"

#include "alloc/platform/check.h"
#include "alloc/platform/clock.h"
#include "alloc/platform/thread.h"

enum {
    SPIN_NS = 20000 /* threads that poll arrive within this: about what sleeping and being woken costs */
};

static void make_locks(struct pfi_world *world) {
    pfi_mutex_init(&world->mutex);
    pfi_condition_init(&world->stopped);
    pfi_condition_init(&world->resumed);
}

void pfi_world_init(struct pfi_world *world, struct pf_thread **threads, uint64_t slow_ns,
                    pfi_slow_thread_function *report_slow, void *report_context) {
    *world = (struct pfi_world){
        .threads = threads, .slow_ns = slow_ns, .report_slow = report_slow, .report_context = report_context};
    make_locks(world);
}

void pfi_world_finish(struct pfi_world *world) {
    pfi_condition_finish(&world->resumed);
    pfi_condition_finish(&world->stopped);
    pfi_mutex_finish(&world->mutex);
}

/* `thread` stands still from now on, or at least does not touch objects. */
static void count_down_locked(struct pfi_world *world, struct pf_thread *thread) PINFOLD_NEEDS(world->mutex) {
    pfi_word_fetch_or(&thread->state, PINFOLD_NATIVE);
    pfi_counter_subtract(&world->awaited, 1);
    if (pfi_counter_read(&world->awaited) == 0) {
        pfi_condition_signal(&world->stopped);
    }
}

static void wait_while_stopping_locked(struct pfi_world *world) PINFOLD_NEEDS(world->mutex) {
    while (world->is_stopping) {
        pfi_condition_wait(&world->resumed, &world->mutex);
    }
}

/* What every managed thread does when somebody else is stopping the world; nothing otherwise. */
static void stand_still_locked(struct pfi_world *world, struct pf_thread *self) PINFOLD_NEEDS(world->mutex) {
    if (world->is_stopping) {
        count_down_locked(world, self);
        wait_while_stopping_locked(world);
        pfi_word_store(&self->state, PINFOLD_MANAGED);
    }
}

void pfi_world_arrive(struct pfi_world *world, struct pf_thread *thread) {
    PINFOLD_REQUIRE(!pf_thread_is_native(thread),
                    "a safepoint of thread %s, which is native: it must not touch objects", pf_thread_name(thread));
    pfi_mutex_lock(&world->mutex);
    stand_still_locked(world, thread);
    pfi_mutex_unlock(&world->mutex);
}

void pfi_world_enter_native(struct pfi_world *world, struct pf_thread *thread) {
    PINFOLD_REQUIRE(!pf_thread_is_native(thread), "pf_native_enter: thread %s is native already",
                    pf_thread_name(thread));
    pfi_mutex_lock(&world->mutex);
    if (world->is_stopping) {
        count_down_locked(world, thread);
    } else {
        pfi_word_fetch_or(&thread->state, PINFOLD_NATIVE);
    }
    pfi_mutex_unlock(&world->mutex);
}

void pfi_world_leave_native(struct pfi_world *world, struct pf_thread *thread) {
    PINFOLD_REQUIRE(pf_thread_is_native(thread), "pf_native_leave: thread %s is not native", pf_thread_name(thread));
    pfi_mutex_lock(&world->mutex);
    wait_while_stopping_locked(world);
    pfi_word_store(&thread->state, PINFOLD_MANAGED);
    pfi_mutex_unlock(&world->mutex);
}

/* Asks everyone to stop; `awaited` is the number of those who still run. */
static void ask_all_locked(struct pfi_world *world, const struct pf_thread *self) PINFOLD_NEEDS(world->mutex) {
    for (struct pf_thread *thread = *world->threads; thread != NULL; thread = thread->next) {
        if (thread != self && (pfi_word_fetch_or(&thread->state, PINFOLD_STOP) & PINFOLD_NATIVE) == 0) {
            pfi_counter_add(&world->awaited, 1);
        }
    }
}

static void report_slow_locked(const struct pfi_world *world, const struct pf_thread *self)
    PINFOLD_NEEDS(world->mutex) {
    uint64_t waited_ns = pfi_clock_now_ns() - world->stop_began_ns;
    for (const struct pf_thread *thread = *world->threads; thread != NULL; thread = thread->next) {
        if (thread != self && (pfi_word_load(&thread->state) & PINFOLD_NATIVE) == 0) {
            world->report_slow(world->report_context, thread, waited_ns);
        }
    }
}

/* The mutex is free meanwhile: those who arrive need it. */
static void spin_until_stopped(struct pfi_world *world) PINFOLD_NEEDS(world->mutex) {
    uint64_t deadline = pfi_clock_now_ns() + SPIN_NS;
    pfi_mutex_unlock(&world->mutex);
    while (pfi_counter_read(&world->awaited) != 0 && pfi_clock_now_ns() < deadline) {
        pfi_thread_relax();
    }
    pfi_mutex_lock(&world->mutex);
}

static void wait_until_stopped_locked(struct pfi_world *world, const struct pf_thread *self)
    PINFOLD_NEEDS(world->mutex) {
    if (pfi_counter_read(&world->awaited) != 0) {
        spin_until_stopped(world);
    }
    bool is_reported = false;
    while (pfi_counter_read(&world->awaited) != 0) {
        if (is_reported) {
            pfi_condition_wait(&world->stopped, &world->mutex);
        } else if (!pfi_condition_wait_until(&world->stopped, &world->mutex, world->stop_began_ns + world->slow_ns)) {
            report_slow_locked(world, self);
            is_reported = true;
        }
    }
}

/* A callback that runs while the world is stopped must not stop it. */
static void lock_outside_stop(struct pfi_world *world, const struct pf_thread *self) PINFOLD_ACQUIRES(world->mutex) {
    PINFOLD_REQUIRE(self == NULL || !pf_thread_is_native(self), "thread %s asks for a collection while it is native",
                    pf_thread_name(self));
    pfi_mutex_lock(&world->mutex);
    if (world->stopper == pfi_thread_identity()) {
        pfi_mutex_unlock(&world->mutex); /* the fatal handler may leave by longjmp */
        pfi_fatal("a collection was asked for inside a collection: a callback must not");
    }
}

bool pfi_world_stop(struct pfi_world *world, struct pf_thread *self) {
    lock_outside_stop(world, self);
    if (world->is_stopping && self != NULL) {
        stand_still_locked(world, self);
        pfi_mutex_unlock(&world->mutex);
        return false;
    }
    wait_while_stopping_locked(world);
    world->is_stopping = true;
    world->stopper = pfi_thread_identity();
    world->stop_began_ns = pfi_clock_now_ns();
    ask_all_locked(world, self);
    wait_until_stopped_locked(world, self);
    world->stop_ns = pfi_clock_now_ns() - world->stop_began_ns;
    pfi_mutex_unlock(&world->mutex);
    return true;
}

void pfi_world_resume(struct pfi_world *world) {
    pfi_mutex_lock(&world->mutex);
    for (struct pf_thread *thread = *world->threads; thread != NULL; thread = thread->next) {
        pfi_word_fetch_and(&thread->state, ~(uintptr_t)PINFOLD_STOP);
    }
    world->is_stopping = false;
    world->stopper = NULL;
    pfi_condition_broadcast(&world->resumed);
    pfi_mutex_unlock(&world->mutex);
}

void pfi_world_hold(struct pfi_world *world, struct pf_thread *self) {
    pfi_mutex_lock(&world->mutex);
    if (self != NULL) {
        stand_still_locked(world, self);
    }
    wait_while_stopping_locked(world);
}

void pfi_world_hold_managed(struct pfi_world *world) {
    pfi_mutex_lock(&world->mutex);
}

void pfi_world_release(struct pfi_world *world) {
    pfi_mutex_unlock(&world->mutex);
}

void pfi_world_add(struct pfi_world *world, struct pf_thread *thread) {
    thread->next = *world->threads;
    *world->threads = thread;
    ++world->thread_count;
}

void pfi_world_remove(struct pfi_world *world, struct pf_thread *thread) {
    struct pf_thread **link = world->threads;
    while (*link != thread) {
        PINFOLD_REQUIRE(*link != NULL, "thread %p is not attached to its heap", (void *)thread);
        link = &(*link)->next;
    }
    *link = thread->next;
    --world->thread_count;
}

PINFOLD_NOT_ANALYSED void pfi_world_restart_alone(struct pfi_world *world, struct pf_thread *self) {
    make_locks(world);
    *world->threads = NULL;
    world->thread_count = 0;
    world->is_stopping = false;
    world->stopper = NULL;
    if (self != NULL) {
        pfi_word_fetch_and(&self->state, ~(uintptr_t)PINFOLD_STOP);
        pfi_world_add(world, self);
    }
}
