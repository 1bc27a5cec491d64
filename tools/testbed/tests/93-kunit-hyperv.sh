# SPDX-License-Identifier: GPL-2.0-only
title="the unit tests of the modules, in a Hyper-V guest, on a kernel that checks everything"
one_cpu=330

host() { "$TESTBED/kunit.sh" --kernel kasan --hyperv; }
