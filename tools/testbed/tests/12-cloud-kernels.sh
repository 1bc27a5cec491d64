# SPDX-License-Identifier: GPL-2.0-only
title="Debian's cloud kernels run on hvhost"
kernels="6.1-cloud-amd64 6.12-cloud-amd64"
cpu_counts=1
modules=no

arguments() { printf '%s\n' --device heartbeat,period-ms=100 --device shutdown,after=2; }

guest() {
	cat <<'END'
stock hv_utils
await 60 false || fail "no shutdown request came"
END
}

check() {
	matches "hv_vmbus negotiates" "$(kernel_log)" "Vmbus version:5\.3"
	at_least "heartbeats are answered" "$(device heartbeat answered)" 1
}
