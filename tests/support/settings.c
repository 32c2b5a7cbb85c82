/* SPDX-License-Identifier: MIT
 *
 * Written once by settings_read, before any test runs; read only afterwards.
 */
#define _POSIX_C_SOURCE 200809L
#include "tests/support/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct setting {
    const char *variable;
    uint64_t value;
    int is_set;
};

static struct setting seed_setting = {"PINFOLD_TEST_SEED", 0, 0};
static struct setting operations_setting = {"PINFOLD_TEST_OPERATIONS", 0, 0};
static struct setting seconds_setting = {"PINFOLD_TEST_SECONDS", 0, 0};

static const char fault_variable[] = "PINFOLD_TEST_FAULT";
static char fault_text[200];

static void take(struct setting *setting) {
    const char *text = getenv(setting->variable);
    if (text == NULL) {
        return;
    }
    char *end;
    errno = 0;
    setting->value = strtoull(text, &end, 0);
    if (errno != 0 || end == text || *end != '\0') {
        (void)fprintf(stderr, "%s=%s is not a number\n", setting->variable, text);
        exit(EXIT_FAILURE);
    }
    setting->is_set = 1;
    (void)unsetenv(setting->variable);
}

void settings_read(void) {
    take(&seed_setting);
    take(&operations_setting);
    take(&seconds_setting);
    const char *fault = getenv(fault_variable);
    if (fault != NULL) {
        (void)snprintf(fault_text, sizeof(fault_text), "%s", fault);
        (void)unsetenv(fault_variable);
    }
}

struct seed_range settings_seeds(uint64_t count) {
    if (seed_setting.is_set) {
        return (struct seed_range){seed_setting.value, 1};
    }
    return (struct seed_range){1, count};
}

uint64_t settings_operations(uint64_t otherwise) {
    return operations_setting.is_set ? operations_setting.value : otherwise;
}

uint64_t settings_seconds(uint64_t otherwise) {
    return seconds_setting.is_set ? seconds_setting.value : otherwise;
}

const char *settings_fault(void) {
    return fault_text[0] == '\0' ? NULL : fault_text;
}
