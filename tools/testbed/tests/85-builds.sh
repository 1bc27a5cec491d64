# SPDX-License-Identifier: GPL-2.0-only
title="the modules build without a warning, W=1 and sparse, against Debian's headers"
variants="6.1-amd64 6.12-amd64 6.12-cloud-amd64 6.12-rt-amd64"

host() { succeeds "builds" "$TESTBED/modules.sh" "$variant"; }
