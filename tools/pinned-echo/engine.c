/* SPDX-License-Identifier: MIT
 *
 * The choice of an engine.
 */
#include "engine.h"

struct engine *engine_open(enum engine_choice choice, int listener, unsigned connections, struct engine_note *note) {
    *note = (struct engine_note){{0}};
    if (choice == ENGINE_EPOLL) {
        return engine_open_epoll(listener, note);
    }
    struct engine *engine = engine_open_uring(listener, connections, note);
    if (engine != NULL || choice == ENGINE_URING) {
        return engine;
    }
    struct engine_note no_epoll;
    engine = engine_open_epoll(listener, &no_epoll);
    if (engine == NULL) {
        *note = no_epoll;
    }
    return engine;
}
