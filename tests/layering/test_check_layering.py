#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of check_layering.py: small trees in a temporary folder, each wrong in one way, and one that is right."""

import os
import tempfile
import unittest

import check_layering
import layers


class LayeringTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        for header in ("include/pinfold/heap.h", "include/pinfold/alloc.h", "alloc/platform/bitmap.h",
                       "alloc/segment.h", "gc/state/mark_bits.h", "gc/root/frames.h", "gc/phase/mark.h",
                       "gc/phase/plan.h", "gc/heap.h", "gc/collect.h", "gc/world/safepoint.h", "bench/harness.h"):
            self.write(header, "struct nothing;\n")

    def write(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)

    def violations(self):
        return check_layering.check_tree(self.root)[0]

    def assert_refused(self, path, text, line, fragment):
        self.write(path, text)
        found = self.violations()
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(f"{path}:{line}: "), found[0])
        self.assertIn(fragment, found[0])

    def test_a_right_tree_is_clean(self):
        self.write("gc/phase/mark.c", '#include "gc/phase/mark.h"\n#include "gc/root/frames.h"\n'
                                      '#include "alloc/segment.h"\n#include <string.h>\n')
        self.write("gc/phase/plan_tree.c", '#include "gc/phase/plan.h"\n')
        self.write("gc/collect.c", '#include "gc/phase/mark.h"\n#include "gc/phase/plan.h"\n#include "gc/heap.h"\n')
        self.write("bench/main.c", '#include "harness.h"\n#include <pinfold/heap.h>\n#include <pthread.h>\n')
        self.assertEqual(self.violations(), [])

    def test_alloc_must_not_know_the_collector(self):
        self.assert_refused("alloc/segment.c", '#include <stddef.h>\n\n#include "gc/collect.h"\n', 3, "gc/script")

    def test_platform_must_not_know_segments(self):
        self.assert_refused("alloc/platform/bitmap.c", '#include "alloc/segment.h"\n', 1, "must not include alloc ")

    def test_public_headers_include_nothing_from_below(self):
        self.assert_refused("include/pinfold/type.h", '#include "alloc/segment.h"\n', 1, "must not include alloc ")

    def test_a_phase_must_not_include_a_phase(self):
        self.assert_refused("gc/phase/plan.c", '#include "gc/phase/mark.h"\n', 1, "do not include each other")

    def test_world_must_not_see_phases(self):
        self.assert_refused("gc/world/mutator.c", '#include "gc/phase/mark.h"\n', 1, "gc/phase")

    def test_policy_sees_numbers_only(self):
        self.assert_refused("gc/policy/budget.c", '#include "pinfold/heap.h"\n#include "alloc/segment.h"\n', 2, "alloc")

    def test_policy_must_not_allocate(self):
        self.assert_refused("gc/policy/budget.c", '#include "pinfold/alloc.h"\n', 1, "include/pinfold/alloc.h")

    def test_bench_uses_the_public_interface_only(self):
        self.assert_refused("bench/main.c", '#include "../alloc/segment.h"\n', 1, "bench must not include alloc")

    def test_tools_use_the_public_interface_only(self):
        self.assert_refused("tools/scheme/main.c", '#include "gc/heap.h"\n', 1, "tools must not include gc/noun")

    def test_a_call_to_the_system_needs_a_fault_point(self):
        self.assert_refused("gc/state/list.c", "void f(void) {\n    int x = 0;\n    g = malloc(x);\n}\n", 3,
                            "malloc is called without a fault point")

    def test_a_fault_point_in_the_statement_before_does_not_count(self):
        self.assert_refused("alloc/platform/os.c", "int x = pfi_fault(A, 0);\nint y = munmap(p, n);\n", 2, "munmap")

    def test_calls_behind_fault_points_wrappers_comments_and_strings_are_clean(self):
        self.write("alloc/platform/os.c", "int r = pfi_fault(A, n) ? -1 :\n    munmap(p, n);\n"
                                          "if (!pfi_fault(B, n)) {\n    madvise(p, n, 4);\n}\n"
                                          'g = pfi_malloc(3); s->open(2); h("malloc(1)"); /* fopen("x") */\n')
        self.write("tests/unit/os.c", "void *p = malloc(1);\n")
        self.assertEqual(self.violations(), [])

    def test_libatomic_ops_has_one_user(self):
        self.write("alloc/platform/atomics.h", "#include <atomic_ops.h>\n")
        self.assert_refused("gc/world/stop.c", "#include <atomic_ops.h>\n", 1, "alloc/platform/atomics.h")

    def test_libunwind_has_one_user(self):
        self.write("alloc/platform/stack_unwind.c", "#include <libunwind.h>\n")
        self.assert_refused("gc/root/stacks.c", "#include <libunwind.h>\n", 1, "stack_unwind")

    def test_a_source_file_must_not_be_included(self):
        self.write("alloc/platform/vector.c", "")
        self.assert_refused("alloc/context.c", '#include "alloc/platform/vector.c"\n', 1, "source file")

    def test_a_missing_file_is_found(self):
        self.assert_refused("gc/collect.c", '#include "gc/heep.h"\n', 1, "names no file")

    def test_conditionals_belong_to_the_platform(self):
        self.assert_refused("gc/heap.c", "int a;\n#ifdef __linux__\nint b;\n#endif\n", 2, "#ifdef")

    def test_include_guards_and_platform_conditionals_are_allowed(self):
        self.write("gc/state/plug.h", "/* words */\n#ifndef PLUG_H\n#define PLUG_H\n#endif\n")
        self.write("alloc/platform/clock.c", "#if __linux__\n#endif\n")
        self.write("alloc/layout.h", "#ifndef LAYOUT_H\n#define LAYOUT_H\n#if 1\n#endif\n#endif\n")
        self.assertEqual(self.violations(), [])

    def test_only_the_first_ifndef_is_a_guard(self):
        self.assert_refused("gc/heap.h", "#ifndef A\n#define A\n#ifndef B\n#define B\n#endif\n#endif\n", 3, "#ifndef")

    def test_an_include_in_a_comment_counts_for_nothing(self):
        self.write("alloc/segment.c", '/* an example:\n#include "gc/collect.h"\n*/\n')
        self.assertEqual(self.violations(), [])

    def test_a_line_number_behind_a_comment_is_right(self):
        self.assert_refused("alloc/segment.c", '/* two\nlines */\n#include "gc/collect.h"\n', 3, "gc/script")

    def test_a_file_in_a_new_folder_of_the_library_needs_a_layer(self):
        saved = dict(layers.LAYERS)
        self.addCleanup(layers.LAYERS.update, saved)
        del layers.LAYERS["tests"]
        self.assert_refused("tests/unit/segment.c", "int a;\n", 1, "no layer")

    def test_every_layer_has_its_rights_and_every_right_names_a_layer(self):
        self.assertEqual(set(layers.LAYERS), set(layers.MAY_INCLUDE))
        for layer, targets in layers.MAY_INCLUDE.items():
            self.assertLessEqual(set(targets), set(layers.LAYERS), layer)
        for layer in layers.STRANGERS + layers.NO_CONDITIONALS + list(layers.ALSO) + list(layers.SEARCH_PATH):
            self.assertIn(layer, layers.LAYERS)


if __name__ == "__main__":
    unittest.main()
