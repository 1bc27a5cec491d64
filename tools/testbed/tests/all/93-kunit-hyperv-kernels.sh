# SPDX-License-Identifier: GPL-2.0-only
title="the unit tests of the modules, in Hyper-V guests of the kernels that test 93 leaves out"
variants="debug kcsan rt"
one_cpu=330

host() { "$TESTBED/kunit.sh" --kernel "$variant" --hyperv; }
