# SPDX-License-Identifier: GPL-2.0-only
title="the unit tests of the modules, in Hyper-V guests of the kernels that test 93 leaves out"
variants="kasan kcsan rt"
one_cpu=yes

# Nested, KASAN's boot alone takes minutes: Documentation/kunit.md

host() { KMCL_KUNIT_TIMEOUT=3600 "$TESTBED/kunit.sh" --kernel "$variant" --hyperv; }
