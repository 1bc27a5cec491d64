# SPDX-License-Identifier: GPL-2.0-only
title="what the checkers of the KUnit kernel must notice fails a run, each by its name"
one_cpu=25

host() { "$TESTBED/kunit.sh" --provoke; }
