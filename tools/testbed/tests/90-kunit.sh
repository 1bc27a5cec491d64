# SPDX-License-Identifier: GPL-2.0-only
title="the unit tests of the modules"
one_cpu=160

host() { "$TESTBED/kunit.sh"; }
