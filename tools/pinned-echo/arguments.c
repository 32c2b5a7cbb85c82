/* SPDX-License-Identifier: MIT
 *
 * Reads the command line: options with a number in a range, which one table describes, and the name of an engine.
 */
#include "arguments.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct number_option {
    const char *name;
    size_t offset; /* of the unsigned in struct arguments */
    unsigned initial, least, most;
    const char *sentence;
};

/* The ephemeral ports of one address are the limit of connections; the wheel of the clients that of pauses. */
static const struct number_option number_options[] = {
    {"--seconds", offsetof(struct arguments, seconds), 10, 1, 3600, "how long the clients talk"},
    {"--connections", offsetof(struct arguments, connections), 2000, 1, 25000, "how many connections are held open"},
    {"--buffer", offsetof(struct arguments, buffer), 4096, 64, 1 << 20, "bytes of a receive buffer"},
    {"--pause", offsetof(struct arguments, pause), 3000, 1, 5000, "longest silence of a slow client, in milliseconds"},
};

static const char *const engine_names[] = {[ENGINE_AUTO] = "auto", [ENGINE_URING] = "uring", [ENGINE_EPOLL] = "epoll"};

static unsigned *number_of(struct arguments *arguments, const struct number_option *option) {
    return (unsigned *)(void *)((char *)arguments + option->offset);
}

static const struct number_option *find_number_option(const char *name) {
    for (size_t i = 0; i < sizeof number_options / sizeof number_options[0]; i++) {
        if (strcmp(number_options[i].name, name) == 0) {
            return &number_options[i];
        }
    }
    return NULL;
}

static bool set_number(struct arguments *arguments, const struct number_option *option, const char *text, char *message,
                       unsigned message_size) {
    char *end = NULL;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    bool is_number = text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
    if (!is_number || value < option->least || value > option->most) {
        snprintf(message, message_size, "%s takes a whole number from %u to %u, not \"%s\"", option->name,
                 option->least, option->most, text);
        return false;
    }
    *number_of(arguments, option) = (unsigned)value;
    return true;
}

static bool set_engine(struct arguments *arguments, const char *text, char *message, unsigned message_size) {
    for (unsigned i = 0; i < sizeof engine_names / sizeof engine_names[0]; i++) {
        if (strcmp(engine_names[i], text) == 0) {
            arguments->engine = (enum engine_choice)i;
            return true;
        }
    }
    snprintf(message, message_size, "--engine takes auto, uring or epoll, not \"%s\"", text);
    return false;
}

/* One option with its value. */
static bool set_option(struct arguments *arguments, const char *name, const char *text, char *message,
                       unsigned message_size) {
    const struct number_option *option = find_number_option(name);
    if (option == NULL && strcmp(name, "--engine") != 0) {
        snprintf(message, message_size, "\"%s\" is no option of this program; --help lists them", name);
        return false;
    }
    if (text == NULL) {
        snprintf(message, message_size, "%s needs a value; --help lists them", name);
        return false;
    }
    return option != NULL ? set_number(arguments, option, text, message, message_size)
                          : set_engine(arguments, text, message, message_size);
}

bool arguments_parse(struct arguments *arguments, int count, char **words, char *message, unsigned message_size) {
    *arguments = (struct arguments){.engine = ENGINE_AUTO};
    for (size_t i = 0; i < sizeof number_options / sizeof number_options[0]; i++) {
        *number_of(arguments, &number_options[i]) = number_options[i].initial;
    }
    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--help") == 0) {
            arguments->help = true;
            continue;
        }
        char name[32];
        const char *equals = strchr(words[i], '=');
        size_t length = equals != NULL ? (size_t)(equals - words[i]) : strlen(words[i]);
        snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), words[i]);
        const char *text = equals != NULL ? equals + 1 : i + 1 < count ? words[++i] : NULL;
        if (!set_option(arguments, name, text, message, message_size)) {
            return false;
        }
    }
    return true;
}

void arguments_print_help(void) {
    printf(
        "usage: pinned-echo [OPTION VALUE ...]\n"
        "An echo server on loopback with its own clients; its receive buffers are pinned objects of a Pinfold heap.\n"
        "  --engine NAME       auto, uring (io_uring) or epoll; auto takes io_uring where the kernel allows it\n");
    for (size_t i = 0; i < sizeof number_options / sizeof number_options[0]; i++) {
        const struct number_option *option = &number_options[i];
        printf("  %-15s N   %s: %u to %u, by default %u\n", option->name, option->sentence, option->least, option->most,
               option->initial);
    }
    printf("Exits with 0 when every byte came back right, 1 when not, 2 when it could not start.\n");
}
