# SPDX-License-Identifier: GPL-2.0-only
title="every protocol version negotiates and opens channels"
cpu_counts=1
variants="5.3 5.2 5.1 5.0 4.1 4.0 3.0"

arguments() {
	printf '%s\n' --vmbus-version "$variant" --device heartbeat,period-ms=100 --device shutdown,after=2
}

guest() {
	cat <<'END'
stock hv_utils
await 60 false || fail "no shutdown request came"
END
}

check() {
	matches "hv_vmbus negotiates $variant" "$(kernel_log)" "Vmbus version:${variant/./\\.}"
	at_least "heartbeats are answered" "$(device heartbeat answered)" 1
	is "no protocol errors" "$(protocol_errors)" 0
}
