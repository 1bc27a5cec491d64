# SPDX-License-Identifier: GPL-2.0-only
title="what the checkers of these kernels must notice fails a run, each by its name"
variants="debug kcsan rt"
one_cpu=20

host() { "$TESTBED/kunit.sh" --kernel "$variant" --provoke; }
