#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks every include of the project, and the library's calls to the system, against the tables in layers.py:
check_layering.py [ROOT].

Prints one line "file:line: what is wrong" per violation and exits with 1 when there is any.
"""

import fnmatch
import os
import re
import sys

import layers

FOLDERS = ("include", "alloc", "gc", "tests", "bench", "tools")
LIBRARY = ("include/", "alloc/", "gc/")
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
CONDITIONAL = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif)\b\s*(.*)")
FALLIBLE = re.compile(r"(?<![\w.>])(" + "|".join(layers.FALLIBLE_CALLS) + r")\s*\(")
FAULT_POINT = re.compile(r"\bpfi_fault\(")
DEFINE = re.compile(r"\s*#\s*define\s+(\w+)")


def matches(path, patterns):
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def layer_of(path):
    for layer, patterns in layers.LAYERS.items():
        if matches(path, patterns):
            return layer
    return None


def concept_of(path):
    """The first word of the file's name: plan for gc/phase/plan_tree.c."""
    return re.split(r"[_.]", os.path.basename(path))[0]


def without_comments(text):
    """Blanks block comments, keeping the line structure, so that an example in a comment is no include."""
    return re.sub(r"/\*.*?\*/", lambda comment: re.sub(r"[^\n]", " ", comment.group()), text, flags=re.DOTALL)


def source_files(root):
    for folder in FOLDERS:
        for directory, _, names in os.walk(os.path.join(root, folder)):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".def", ".cc", ".cpp")):
                    yield os.path.relpath(os.path.join(directory, name), root)


def resolve(root, path, name, quoted):
    """The project's file that an include names, or None for a system header."""
    candidates = [os.path.join("include", name)]
    if quoted:
        search = [os.path.dirname(path), ""] + layers.SEARCH_PATH.get(layer_of(path), [])
        candidates = [os.path.join(folder, name) for folder in search] + candidates
    for candidate in candidates:
        if os.path.isfile(os.path.join(root, candidate)):
            return os.path.normpath(candidate)
    return None


def judge_project_include(path, target):
    """A sentence when `path` must not include `target`, else None."""
    layer, target_layer = layer_of(path), layer_of(target)
    if target.endswith(".c"):
        return f"includes the source file {target}"
    if matches(target, layers.ALSO.get(layer, [])):
        return None
    if target_layer == layer:
        if layer in layers.STRANGERS and concept_of(path) != concept_of(target):
            return f"{layer} files do not include each other, but this includes {target}"
        return None
    if target_layer not in layers.MAY_INCLUDE[layer]:
        return f"{layer} must not include {target_layer} ({target})"
    return None


def judge_system_include(path, name):
    if not path.startswith(LIBRARY) or path in layers.CALLS_THAT_ASK:
        return None
    for pattern, owners in layers.SYSTEM_HEADERS.items():
        if fnmatch.fnmatchcase(name, pattern) and not matches(path, owners):
            return f"<{name}> belongs to {', '.join(owners) or 'no file'}"
    return None


def check_include(root, path, quoted, name):
    target = resolve(root, path, name, quoted)
    if target is not None:
        return judge_project_include(path, target)
    if quoted:
        return f'"{name}" names no file of the project'
    return judge_system_include(path, name)


def is_include_guard(lines, index, argument):
    """#ifndef NAME as the file's first directive, with #define NAME as its second."""
    directives = [number for number, line in enumerate(lines) if line.lstrip().startswith("#")]
    if len(directives) < 2 or directives[0] != index:
        return False
    define = DEFINE.match(lines[directives[1]])
    return define is not None and define.group(1) == argument.strip()


def check_conditional(path, lines, index):
    if layer_of(path) not in layers.NO_CONDITIONALS or matches(path, layers.CONDITIONALS_ALLOWED):
        return None
    conditional = CONDITIONAL.match(lines[index])
    if conditional is None or is_include_guard(lines, index, conditional.group(2)):
        return None
    return f"#{conditional.group(1)} outside the platform layer"


def check_calls(path, text):
    """Yields (line number, sentence) for each call that no fault point in its statement, or around it, can make fail."""
    if not path.startswith(LIBRARY) or path in layers.CALLS_THAT_ASK:
        return
    for call in FALLIBLE.finditer(text):
        begin = max(text.rfind(end, 0, call.start()) for end in ";}") + 1
        if not FAULT_POINT.search(text, begin, call.start()):
            yield text.count("\n", 0, call.start()) + 1, f"{call.group(1)} is called without a fault point"


def without_strings(text):
    """Blanks what string literals hold."""
    return re.sub(r'"(\\.|[^"\\\n])*"', lambda literal: '"' + " " * (len(literal.group()) - 2) + '"', text)


def check_file(root, path):
    """Yields (line number, sentence) for each violation in one file."""
    if layer_of(path) is None:
        yield 1, "belongs to no layer of layers.py"
        return
    with open(os.path.join(root, path), encoding="utf-8") as file:
        text = without_comments(file.read())
    lines = text.split("\n")
    for index, line in enumerate(lines):
        include = INCLUDE.match(line)
        if include:
            sentence = check_include(root, path, include.group(1) == '"', include.group(2))
        else:
            sentence = check_conditional(path, lines, index)
        if sentence:
            yield index + 1, sentence
    yield from check_calls(path, without_strings(text))


def check_tree(root):
    """All violations of the tree under `root`, as "file:line: sentence", and the number of files looked at."""
    violations, files = [], 0
    for path in source_files(root):
        files += 1
        violations += [f"{path}:{number}: {sentence}" for number, sentence in check_file(root, path)]
    return violations, files


def main(arguments):
    root = arguments[0] if arguments else os.path.join(os.path.dirname(__file__), "..", "..")
    violations, files = check_tree(os.path.abspath(root))
    for violation in violations:
        print(violation)
    print(f"{files} files, {len(violations)} violations")
    return 1 if violations or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
