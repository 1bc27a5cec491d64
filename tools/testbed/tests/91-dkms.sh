# SPDX-License-Identifier: GPL-2.0-only
title="DKMS: add, build, install and remove, what it declines, the hook of kernel packages"
variants="6.1-amd64 6.12-amd64 declined hook"

host() { "$TESTBED/dkms-test.sh" "$variant"; }
