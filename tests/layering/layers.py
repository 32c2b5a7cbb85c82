# SPDX-License-Identifier: MIT
"""The layers of Pinfold as data: which folder may include which. check_layering.py reads this table and nothing else.

    include <- alloc/platform <- alloc <- gc/state <- gc/root <- gc/phase <- gc (nouns, then the script) <- gc/api

"A <- B": B may include A and all to its left. policy, world and observe stand beside this chain, with rights of their
own. To move a boundary, change a row here, and say why in the README of the folder.
"""

# Layer -> the files it holds, as fnmatch patterns from the repository root. The first match wins, so the more specific
# layers come first.
LAYERS = {
    "include": ["include/pinfold/*"],
    "alloc/platform": ["alloc/platform/*"],
    "alloc": ["alloc/*"],
    "gc/state": ["gc/state/*"],
    "gc/root": ["gc/root/*"],
    "gc/phase": ["gc/phase/*"],
    "gc/policy": ["gc/policy/*"],
    "gc/world": ["gc/world/*"],
    "gc/observe": ["gc/observe/*"],
    "gc/api": ["gc/api/*"],
    "gc/noun": ["gc/heap.*", "gc/cycle.*", "gc/cycle_budget.*", "gc/give_back.*"],
    "gc/script": ["gc/*"],
    "tests": ["tests/*"],
    "bench": ["bench/*"],
    "tools": ["tools/*"],
}

BELOW_ROOT = ["include", "alloc/platform", "alloc", "gc/state"]
BELOW_PHASE = BELOW_ROOT + ["gc/root"]
BELOW_SCRIPT = BELOW_PHASE + ["gc/noun", "gc/phase", "gc/policy", "gc/world", "gc/observe"]

# Layer -> the layers it may include besides itself.
MAY_INCLUDE = {
    "include": [],
    "alloc/platform": ["include"],
    "alloc": ["include", "alloc/platform"],
    "gc/state": ["include", "alloc/platform", "alloc"],
    "gc/root": BELOW_ROOT,
    "gc/phase": BELOW_PHASE,
    "gc/policy": [],
    "gc/world": ["include", "alloc/platform", "alloc", "gc/state"],
    "gc/observe": BELOW_PHASE + ["gc/noun"],
    "gc/noun": BELOW_SCRIPT,
    "gc/script": BELOW_SCRIPT,
    "gc/api": BELOW_SCRIPT + ["gc/script"],
    "tests": BELOW_SCRIPT + ["gc/script", "gc/api"],
    "bench": ["include"],
    "tools": ["include"],
}

# Layer -> single files (patterns) that it may include in addition.
ALSO = {
    # Phases that are worth it share their work out among the heap's worker threads.
    "gc/phase": ["gc/world/worker.h"],
    # Policy sees numbers: records and options of the public interface, checks and bare figures, never a structure.
    "gc/policy": [
        "include/pinfold/event.h",
        "include/pinfold/heap.h",
        "include/pinfold/limits.h",
        "include/pinfold/stats.h",
        "include/pinfold/status.h",
        "alloc/layout.h",
        "alloc/platform/check.h",
    ],
}

# Layers whose files do not include each other unless they belong to the same concept, which is the first word of the
# file name: plan.c and plan_tree.c may include plan.h, but not mark.h. What phases share is a noun of gc/state.
STRANGERS = ["gc/phase"]

# System headers (patterns) -> the only files of the library that may include them.
SYSTEM_HEADERS = {
    "atomic_ops*": ["alloc/platform/atomics.h"],
    "libunwind*": ["alloc/platform/stack_unwind.*"],
    "stdatomic.h": [],
    "pthread.h": ["alloc/platform/*"],
    "sched.h": ["alloc/platform/*"],
    "signal.h": ["alloc/platform/*"],
    "sys/mman.h": ["alloc/platform/*"],
    "sys/resource.h": ["alloc/platform/*"],
    "unistd.h": ["alloc/platform/*"],
}

# Calls to the system that can fail, as far as the library makes them. Each is made where the statement has passed a
# fault point (alloc/platform/fault.h), so that tests can make it fail. Those that cannot fail with the attributes
# in use (locks, conditions, clocks) are not here, nor is what is called in order to fail (readable.c).
FALLIBLE_CALLS = ["mmap", "mremap", "munmap", "mprotect", "madvise", "mlock", "malloc", "calloc", "realloc",
                  "reallocarray", "aligned_alloc", "posix_memalign", "strdup", "strndup", "asprintf", "vasprintf",
                  "fopen", "fdopen", "open_memstream", "open", "openat", "opendir", "getline", "pipe", "eventfd",
                  "sched_getaffinity", "pthread_create", "pthread_attr_init", "pthread_key_create",
                  "pthread_setspecific", "pthread_getattr_np", "pthread_getname_np", "unw_init_local", "CPU_ALLOC",
                  "getrlimit"]

# Layers that must not choose at compile time: #if, #ifdef and their kin are for platform code, include guards excepted.
# The files after it may, for what they are: figures that depend on the word size.
NO_CONDITIONALS = ["alloc", "gc/state", "gc/root", "gc/phase", "gc/policy", "gc/world", "gc/observe", "gc/noun",
                   "gc/script", "gc/api"]
CONDITIONALS_ALLOWED = ["alloc/layout.h"]

# Where a quoted include is looked for after the folder of the file itself: layer -> folders from the repository root.
# "include" and the root hold for everyone.
SEARCH_PATH = {
    "tests": ["tests"],
    "bench": ["bench"],
    "tools": ["tools", "tools/scheme"],
}

# Files whose calls fail as their answer: no fault point can make them fail in another way.
CALLS_THAT_ASK = ["alloc/platform/readable.c"]
