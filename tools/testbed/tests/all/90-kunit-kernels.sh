# SPDX-License-Identifier: GPL-2.0-only
title="the unit tests of the modules, on the kernels that test 90 leaves out"
variants="debug kcsan rt"
one_cpu=220

host() { "$TESTBED/kunit.sh" --kernel "$variant"; }
