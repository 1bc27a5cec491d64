# SPDX-License-Identifier: GPL-2.0-only
title="hvhost's own unit tests"

host() {
	mkdir -p "$KMCL_BUILD/hvhost-check"
	succeeds "make -C tools/hvhost check" make -C "$TOP/tools/hvhost" "O=$KMCL_BUILD/hvhost-check" check
}
