# SPDX-License-Identifier: GPL-2.0-only
title="DKMS: add, build, install and remove, for the flavours that test 91 leaves out"
variants="6.1-cloud-amd64 6.1-rt-amd64 6.12-cloud-amd64 6.12-rt-amd64"

host() { "$TESTBED/dkms-test.sh" "$variant"; }
