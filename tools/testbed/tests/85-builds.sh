# SPDX-License-Identifier: GPL-2.0-only
title="the modules build without a warning, W=1 and sparse, against every flavour of headers"
variants=$FLAVOURS

host() { succeeds "builds" "$TESTBED/modules.sh" "$variant"; }
