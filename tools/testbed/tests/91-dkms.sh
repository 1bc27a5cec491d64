# SPDX-License-Identifier: GPL-2.0-only
title="DKMS: add, build, install and remove, and what it declines"

host() { "$TESTBED/dkms-test.sh"; }
