# SPDX-License-Identifier: GPL-2.0-only
title="the modules build without a warning, W=1 and sparse, against the headers that test 85 leaves out"
variants="6.1-cloud-amd64 6.1-rt-amd64"

host() { succeeds "builds" "$TESTBED/modules.sh" "$variant"; }
