# SPDX-License-Identifier: GPL-2.0-only
title="the unit tests of the modules, in a Hyper-V guest"
one_cpu=yes

host() { "$TESTBED/kunit.sh" --kernel debug --hyperv; }
