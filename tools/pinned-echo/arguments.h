/* SPDX-License-Identifier: MIT
 *
 * The command line of pinned-echo. Every option has a default and a range, so that a run ends by itself.
 */
#ifndef PINNED_ECHO_ARGUMENTS_H
#define PINNED_ECHO_ARGUMENTS_H

#include <stdbool.h>

enum engine_choice { ENGINE_AUTO, ENGINE_URING, ENGINE_EPOLL };

struct arguments {
    unsigned seconds;     /* how long the clients talk */
    unsigned connections; /* all of them are held from the beginning to the end */
    unsigned buffer;      /* bytes of a receive buffer */
    unsigned pause;       /* longest silence of a slow client, in milliseconds */
    enum engine_choice engine;
    bool help;
};

/* Reads the command line. False: `message` holds a sentence that names the argument and what would be accepted. */
bool arguments_parse(struct arguments *arguments, int count, char **words, char *message, unsigned message_size);

/* Writes what there is to choose to standard output. */
void arguments_print_help(void);

#endif
