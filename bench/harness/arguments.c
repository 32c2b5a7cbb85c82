/* SPDX-License-Identifier: MIT
 *
 * The command line.
 */
#include "harness/arguments.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int parse_scale(const char *text, double *scale) {
    char *end = NULL;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(value) || value <= 0 || value > 1000) {
        return 0;
    }
    *scale = value;
    return 1;
}

struct parser {
    struct bench_run *run;
    const char *dashes; /* of the option at hand, as it was written */
    char *message;
    size_t message_size;
};

static int wrong(const struct parser *parser, const char *name, const char *text, const char *expected) {
    snprintf(parser->message, parser->message_size, "%s%s %s: expected %s", parser->dashes, name, text, expected);
    return 0;
}

static int set_workload_option(const struct parser *parser, const char *name, const char *text, int *found) {
    const struct bench_workload *workload = parser->run->workload;
    for (size_t i = 0; i < workload->option_count; i++) {
        const struct bench_option *option = &workload->options[i];
        if (strcmp(option->name, name) != 0) {
            continue;
        }
        *found = 1;
        uint64_t low = 0;
        uint64_t high = 0;
        if (!bench_option_parse(option, text, &low, &high)) {
            char expected[160];
            bench_option_describe(option, expected, sizeof expected);
            return wrong(parser, name, text, expected);
        }
        parser->run->option[i] = low;
        parser->run->option_high[i] = high;
        return 1;
    }
    return 1;
}

static int set_heap_limit(const struct parser *parser, const char *text) {
    uint64_t size = 0;
    if (!bench_system.limits_heap) {
        snprintf(parser->message, parser->message_size, "--heap-limit is not available: %s", bench_system.no_limit);
        return 0;
    }
    if (!bench_parse_size(text, &size) || size > SIZE_MAX) {
        return wrong(parser, "heap-limit", text, "a size such as 64M or 64Mi");
    }
    parser->run->heap_limit = (size_t)size;
    return 1;
}

static int set_threads(const struct parser *parser, const char *text) {
    const struct bench_workload *workload = parser->run->workload;
    uint64_t threads = 0;
    if (!bench_parse_number(text, &threads) || threads == 0) {
        return wrong(parser, "threads", text, "a number of threads, at least 1");
    }
    if (threads > workload->threads_max) {
        snprintf(parser->message, parser->message_size, "--threads %s: %s runs in at most %llu thread%s", text,
                 workload->name, (unsigned long long)workload->threads_max, workload->threads_max == 1 ? "" : "s");
        return 0;
    }
    parser->run->threads = threads;
    return 1;
}

static int set_trace(const struct parser *parser, const char *text) {
    if (!bench_system.explains) {
        snprintf(parser->message, parser->message_size, "--trace is not available: %s", bench_system.no_history);
        return 0;
    }
    parser->run->trace = text;
    return 1;
}

/* An option that every workload has; *found tells whether it is one. */
static int set_common_option(const struct parser *parser, const char *name, const char *text, int *found) {
    struct bench_run *run = parser->run;
    *found = 1;
    if (strcmp(name, "scale") == 0) {
        return parse_scale(text, &run->scale) || wrong(parser, name, text, "a number above 0 and at most 1000");
    }
    if (strcmp(name, "seed") == 0) {
        return bench_parse_number(text, &run->seed) || wrong(parser, name, text, "a whole number");
    }
    if (strcmp(name, "threads") == 0) {
        return set_threads(parser, text);
    }
    if (strcmp(name, "heap-limit") == 0) {
        return set_heap_limit(parser, text);
    }
    if (strcmp(name, "trace") == 0) {
        return set_trace(parser, text);
    }
    *found = 0;
    return 1;
}

static int set_option(const struct parser *parser, const char *name, const char *text) {
    int found = 0;
    if (strcmp(parser->dashes, "--") == 0 && !set_common_option(parser, name, text, &found)) {
        return 0;
    }
    if (!found && !set_workload_option(parser, name, text, &found)) {
        return 0;
    }
    if (!found) {
        snprintf(parser->message, parser->message_size, "%s has no option %s%s; see --help",
                 parser->run->workload->name, parser->dashes, name);
    }
    return found;
}

/* The dashes that `argument` begins with, or NULL when it is no option. Two are right everywhere. */
static const char *find_dashes(const char *argument, const struct bench_workload *workload) {
    if (strncmp(argument, "--", 2) == 0) {
        return argument[2] == '\0' ? NULL : "--";
    }
    return workload->single_dash && argument[0] == '-' && argument[1] != '\0' ? "-" : NULL;
}

/* One "--name value" or "--name=value" at arguments[*at]; *at moves to the last argument that was used. */
static int take_option(struct parser *parser, int count, char **arguments, int *at) {
    const char *argument = arguments[*at];
    parser->dashes = find_dashes(argument, parser->run->workload);
    if (parser->dashes == NULL) {
        snprintf(parser->message, parser->message_size, "\"%s\" is not an option; see --help", argument);
        return 0;
    }
    if (strcmp(argument, "--explain") == 0) {
        parser->run->explain = 1;
        if (!bench_system.explains) {
            snprintf(parser->message, parser->message_size, "--explain is not available: %s", bench_system.no_history);
        }
        return bench_system.explains;
    }
    char name[40];
    const char *begin = argument + strlen(parser->dashes);
    const char *equals = strchr(argument, '=');
    size_t length = equals == NULL ? strlen(begin) : (size_t)(equals - begin);
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), begin);
    if (equals != NULL) {
        return set_option(parser, name, equals + 1);
    }
    if (*at + 1 >= count) {
        snprintf(parser->message, parser->message_size, "%s%s needs a value", parser->dashes, name);
        return 0;
    }
    *at += 1;
    return set_option(parser, name, arguments[*at]);
}

static const struct bench_workload *find_workload(const struct bench_workload *const *workloads, const char *name) {
    for (; *workloads != NULL; workloads++) {
        if (strcmp((*workloads)->name, name) == 0) {
            return *workloads;
        }
    }
    return NULL;
}

static void set_defaults(struct bench_run *run, const struct bench_workload *workload) {
    run->workload = workload;
    run->scale = 1;
    run->seed = 42;
    run->threads = bench_is_threaded(workload) ? workload->threads_initial : 1;
    for (size_t i = 0; i < workload->option_count; i++) {
        run->option[i] = workload->options[i].initial;
        run->option_high[i] = workload->options[i].initial_high;
    }
}

enum bench_command bench_arguments_parse(int count, char **arguments, const struct bench_workload *const *workloads,
                                         struct bench_run *run, char *message, size_t message_size) {
    struct parser parser = {run, "--", message, message_size};
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--help") == 0) {
            return BENCH_COMMAND_HELP;
        }
    }
    if (count == 2 && strcmp(arguments[1], "--list") == 0) {
        return BENCH_COMMAND_LIST;
    }
    if (count == 2 && strcmp(arguments[1], "--list-threaded") == 0) {
        return BENCH_COMMAND_LIST_THREADED;
    }
    if (count < 2) {
        snprintf(message, message_size, "name a workload; --list shows them");
        return BENCH_COMMAND_WRONG;
    }
    const struct bench_workload *workload = find_workload(workloads, arguments[1]);
    if (workload == NULL) {
        snprintf(message, message_size, "there is no workload \"%s\"; --list shows them", arguments[1]);
        return BENCH_COMMAND_WRONG;
    }
    if (workload->needs_collector && !bench_system.collects) {
        snprintf(message, message_size, "%s measures collections, and %s has none", workload->name, bench_system.name);
        return BENCH_COMMAND_WRONG;
    }
    set_defaults(run, workload);
    for (int i = 2; i < count; i++) {
        if (!take_option(&parser, count, arguments, &i)) {
            return BENCH_COMMAND_WRONG;
        }
    }
    return BENCH_COMMAND_RUN;
}
