/* SPDX-License-Identifier: MIT
 *
 * Options: the table of options.def as struct, defaults, parser, printer and reference.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gc/api/options.h"

extern char **environ;

enum kind { KIND_SIZE, KIND_COUNT, KIND_PERCENT, KIND_FLAG, KIND_CHOICE, KIND_STRESS };

struct row {
    const char *name;
    enum kind kind;
    size_t offset;
    size_t initial;
    size_t min;
    size_t max;
    const char *const *words; /* of a choice, by number */
    const char *sentence;
};

static const char *const initial_layout_words[] = {
#define WORD(name, word) #word,
    PINFOLD_INITIAL_LAYOUTS(WORD)
#undef WORD
};

static const struct row rows[] = {
#define WORDS_SIZE(name) NULL
#define WORDS_COUNT(name) NULL
#define WORDS_PERCENT(name) NULL
#define WORDS_FLAG(name) NULL
#define WORDS_STRESS(name) NULL
#define WORDS_CHOICE(name) name##_words
#define OPTION(name, kind, initial, min, max, sentence) \
    {#name, KIND_##kind, offsetof(struct pf_options, name), initial, min, max, WORDS_##kind(name), sentence},
#include "pinfold/options.def"
#undef OPTION
};
enum { ROWS = sizeof rows / sizeof rows[0] };

#define OPTION(name, kind, initial, min, max, sentence)                                        \
    _Static_assert((int64_t)(min) <= (int64_t)(max) && (int64_t)(initial) <= (int64_t)(max) && \
                       ((initial) == 0 || (int64_t)(initial) >= (int64_t)(min)),               \
                   #name " has a default outside its range");
#include "pinfold/options.def"
#undef OPTION

/* A growing description that tells how long it would be, like snprintf. */
struct text {
    char *start;
    size_t size;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void append(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t room = text->length < text->size ? text->size - text->length : 0;
    int length = vsnprintf(room != 0 ? text->start + text->length : NULL, room, format, arguments);
    va_end(arguments);
    text->length += length > 0 ? (size_t)length : 0;
}

__attribute__((format(printf, 2, 3))) static enum pf_status refuse(struct pf_message *message, const char *format,
                                                                   ...) {
    if (message != NULL) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message->text, sizeof message->text, format, arguments);
        va_end(arguments);
    }
    return PINFOLD_BAD_OPTION;
}

static void *field(struct pf_options *options, const struct row *row) {
    return (char *)options + row->offset;
}

static void write_number(struct pf_options *options, const struct row *row, size_t value) {
    if (row->kind == KIND_SIZE) {
        *(size_t *)field(options, row) = value;
    } else {
        *(uint32_t *)field(options, row) = (uint32_t)value;
    }
}

void pf_options_init(struct pf_options *options) {
    memset(options, 0, sizeof *options);
    for (size_t index = 0; index < ROWS; ++index) {
        if (rows[index].kind != KIND_STRESS) {
            write_number(options, &rows[index], rows[index].initial);
        }
    }
}

/* Digits at *text; moves it behind them. false when there are none or the number is too large. */
static bool parse_digits(const char **text, unsigned long long *number) {
    if (!isdigit((unsigned char)**text)) {
        return false;
    }
    int saved_errno = errno;
    char *end = NULL;
    errno = 0;
    *number = strtoull(*text, &end, 10);
    bool fits = errno == 0;
    errno = saved_errno;
    *text = end;
    return fits;
}

/* K, M, G, T are powers of 1000; Ki, Mi, Gi, Ti powers of 1024. */
static bool parse_unit(const char *text, unsigned long long *factor) {
    static const char letters[] = "KMGT";
    *factor = 1;
    if (*text == '\0') {
        return true;
    }
    const char *letter = strchr(letters, toupper((unsigned char)*text));
    if (letter == NULL) {
        return false;
    }
    bool is_binary = text[1] == 'i';
    for (const char *power = letters; power <= letter; ++power) {
        *factor *= is_binary ? 1024 : 1000;
    }
    return text[is_binary ? 2 : 1] == '\0';
}

/* 0 stands for "derived" where that is the default. */
static bool in_range(const struct row *row, size_t value) {
    bool is_derived = value == 0 && row->initial == 0 && row->kind == KIND_SIZE;
    return is_derived || (value >= row->min && value <= row->max);
}

static enum pf_status parse_number(const struct row *row, const char *text, size_t *value, struct pf_message *message) {
    static const char *const wanted[] = {
        "a size such as 65536, 64K, 32M or 32Mi", "a number", "a number of percent", "0 or 1", "", ""};
    const char *rest = text;
    unsigned long long number = 0;
    unsigned long long factor = 1;
    bool ok = parse_digits(&rest, &number) && (row->kind == KIND_SIZE ? parse_unit(rest, &factor) : *rest == '\0');
    if (!ok || number > SIZE_MAX / factor) {
        return refuse(message, "option %s: \"%.80s\" is not %s", row->name, text, wanted[row->kind]);
    }
    *value = (size_t)(number * factor);
    return in_range(row, *value)
               ? PINFOLD_OK
               : refuse(message, "option %s: %.80s is not between %zu and %zu", row->name, text, row->min, row->max);
}

static void append_words(struct text *text, const struct row *row) {
    for (size_t index = 0; index <= row->max; ++index) {
        append(text, "%s%s", index == 0 ? "" : index == row->max ? " or " : ", ", row->words[index]);
    }
}

static enum pf_status parse_choice(const struct row *row, const char *text, size_t *value, struct pf_message *message) {
    for (size_t index = 0; index <= row->max; ++index) {
        if (strcmp(text, row->words[index]) == 0) {
            *value = index;
            return PINFOLD_OK;
        }
    }
    char words[128];
    struct text wanted = {words, sizeof words, 0};
    append_words(&wanted, row);
    return refuse(message, "option %s: \"%.80s\" is not %s", row->name, text, words);
}

static enum pf_status parse_collect_every(const char *text, struct pf_stress *stress, struct pf_message *message) {
    unsigned long long number = 0;
    const char *rest = text;
    if (!parse_digits(&rest, &number) || *rest != '\0' || number == 0 || number > UINT32_MAX) {
        return refuse(message, "collect=%.60s is not collect=N with N from 1 to %u", text, UINT32_MAX);
    }
    stress->collect_every = (uint32_t)number;
    return PINFOLD_OK;
}

static uint8_t *stress_flag(struct pf_stress *stress, const char *word) {
    return strcmp(word, "compact") == 0    ? &stress->compact
           : strcmp(word, "sweep") == 0    ? &stress->sweep
           : strcmp(word, "expand") == 0   ? &stress->expand
           : strcmp(word, "poison") == 0   ? &stress->poison
           : strcmp(word, "verify") == 0   ? &stress->verify
           : strcmp(word, "parallel") == 0 ? &stress->parallel
                                           : NULL;
}

static enum pf_status parse_stress_word(const char *word, struct pf_stress *stress, struct pf_message *message) {
    if (strncmp(word, "collect=", 8) == 0) {
        return parse_collect_every(word + 8, stress, message);
    }
    uint8_t *flag = stress_flag(stress, word);
    if (flag == NULL) {
        return refuse(message, "\"%.60s\" is none of collect=N, compact, sweep, expand, poison, verify and parallel",
                      word);
    }
    *flag = 1;
    return PINFOLD_OK;
}

static enum pf_status parse_stress_list(const char *text, struct pf_stress *stress, struct pf_message *message) {
    struct pf_stress parsed = {0};
    while (*text != '\0') {
        char word[64];
        size_t length = strcspn(text, ",");
        if (length >= sizeof word) {
            return refuse(message, "\"%.60s...\" is no stress mode", text);
        }
        memcpy(word, text, length);
        word[length] = '\0';
        enum pf_status status = parse_stress_word(word, &parsed, message);
        if (status != PINFOLD_OK) {
            return status;
        }
        text += length;
        if (*text == ',' && *++text == '\0') {
            return refuse(message, "the list ends with a comma");
        }
    }
    if (parsed.sweep && (parsed.compact || parsed.expand)) {
        return refuse(message, "sweep contradicts %s", parsed.compact ? "compact" : "expand");
    }
    *stress = parsed;
    return PINFOLD_OK;
}

static enum pf_status parse_stress(const char *text, struct pf_stress *stress, struct pf_message *message) {
    struct pf_message reason;
    enum pf_status status = parse_stress_list(text, stress, &reason);
    return status == PINFOLD_OK ? status : refuse(message, "option stress=%.80s: %.120s", text, reason.text);
}

static const struct row *find_row(const char *name, size_t length) {
    for (size_t index = 0; index < ROWS; ++index) {
        if (strlen(rows[index].name) == length && strncmp(rows[index].name, name, length) == 0) {
            return &rows[index];
        }
    }
    return NULL;
}

static enum pf_status set_row(struct pf_options *options, const struct row *row, const char *text,
                              struct pf_message *message) {
    if (row->kind == KIND_STRESS) {
        return parse_stress(text, field(options, row), message);
    }
    size_t value = 0;
    enum pf_status status =
        row->kind == KIND_CHOICE ? parse_choice(row, text, &value, message) : parse_number(row, text, &value, message);
    if (status == PINFOLD_OK) {
        write_number(options, row, value);
    }
    return status;
}

enum pf_status pf_options_set(struct pf_options *options, const char *name, const char *text,
                              struct pf_message *message) {
    const struct row *row = find_row(name, strlen(name));
    if (row == NULL) {
        return refuse(message, "there is no option \"%.80s\" to set to \"%.80s\"", name, text);
    }
    return set_row(options, row, text, message);
}

/* "PINFOLD_GEN0_SIZE=32M" sets gen0_size. */
static enum pf_status set_from_variable(struct pf_options *options, const char *variable, struct pf_message *message) {
    char name[64];
    size_t length = strcspn(variable, "=");
    if (length >= sizeof name || variable[length] == '\0') {
        return refuse(message, "environment: %.80s is no option", variable - 8);
    }
    for (size_t index = 0; index < length; ++index) {
        name[index] = (char)tolower((unsigned char)variable[index]);
    }
    const struct row *row = find_row(name, length);
    if (row == NULL) {
        return refuse(message, "environment: PINFOLD_%.*s is no option", (int)length, variable);
    }
    struct pf_message reason;
    enum pf_status status = set_row(options, row, variable + length + 1, &reason);
    if (status != PINFOLD_OK) {
        refuse(message, "environment: %.230s", reason.text);
    }
    return status;
}

enum pf_status pf_options_from_environment(struct pf_options *options, struct pf_message *message) {
    struct pf_options changed = *options;
    for (char **variable = environ; variable != NULL && *variable != NULL; ++variable) {
        if (strncmp(*variable, "PINFOLD_", 8) == 0 && strncmp(*variable, "PINFOLD_TEST_", 13) != 0) {
            enum pf_status status = set_from_variable(&changed, *variable + 8, message);
            if (status != PINFOLD_OK) {
                return status;
            }
        }
    }
    *options = changed;
    return PINFOLD_OK;
}

static void append_stress(struct text *text, const struct pf_stress *stress) {
    static const char *const words[] = {"compact", "sweep", "expand", "poison", "verify", "parallel"};
    const uint8_t flags[] = {stress->compact, stress->sweep,  stress->expand,
                             stress->poison,  stress->verify, stress->parallel};
    const char *separator = "";
    if (stress->collect_every != 0) {
        append(text, "collect=%u", (unsigned)stress->collect_every);
        separator = ",";
    }
    for (size_t index = 0; index < sizeof flags; ++index) {
        if (flags[index]) {
            append(text, "%s%s", separator, words[index]);
            separator = ",";
        }
    }
}

static size_t read_number(const struct pf_options *options, const struct row *row) {
    const char *value = (const char *)options + row->offset;
    return row->kind == KIND_SIZE ? *(const size_t *)(const void *)value : *(const uint32_t *)(const void *)value;
}

static enum pf_status check_relations(const struct pf_options *options, struct pf_message *message) {
    uint32_t mask = options->ref_tag_mask;
    bool mask_is_low_bits = ((mask + 1) & mask) == 0;
    if (!mask_is_low_bits || options->ref_tags >> (mask + 1) != 0) {
        return refuse(message, "ref_tag_mask=%u and ref_tags=%u: the mask is 0, 1, 3 or 7, and no tag exceeds it",
                      (unsigned)mask, (unsigned)options->ref_tags);
    }
    if (options->stress.sweep && (options->stress.compact || options->stress.expand)) {
        return refuse(message, "option stress: sweep contradicts compact and expand");
    }
    return PINFOLD_OK;
}

enum pf_status pfi_options_check(const struct pf_options *options, struct pf_message *message) {
    for (size_t index = 0; index < ROWS; ++index) {
        const struct row *row = &rows[index];
        if (row->kind != KIND_STRESS && !in_range(row, read_number(options, row))) {
            return refuse(message, "option %s: %zu is not between %zu and %zu", row->name, read_number(options, row),
                          row->min, row->max);
        }
    }
    return check_relations(options, message);
}

size_t pf_options_print(const struct pf_options *options, char *text, size_t size) {
    struct text out = {text, size, 0};
    for (size_t index = 0; index < ROWS; ++index) {
        const void *value = (const char *)options + rows[index].offset;
        append(&out, "%s=", rows[index].name);
        if (rows[index].kind == KIND_STRESS) {
            append_stress(&out, value);
        } else if (rows[index].kind == KIND_CHOICE) {
            append(&out, "%s", rows[index].words[read_number(options, &rows[index])]);
        } else {
            append(&out, "%zu", read_number(options, &rows[index]));
        }
        append(&out, "\n");
    }
    return out.length;
}

size_t pf_options_reference(char *text, size_t size) {
    struct text out = {text, size, 0};
    for (size_t index = 0; index < ROWS; ++index) {
        const struct row *row = &rows[index];
        if (row->kind == KIND_STRESS) {
            append(&out, "%s: %s\n", row->name, row->sentence);
        } else if (row->kind == KIND_CHOICE) {
            append(&out, "%s (", row->name);
            append_words(&out, row);
            append(&out, ", default %s): %s\n", row->words[row->initial], row->sentence);
        } else {
            append(&out, "%s (%zu to %zu, default %zu): %s\n", row->name, row->min, row->max, row->initial,
                   row->sentence);
        }
    }
    return out.length;
}
