# SPDX-License-Identifier: GPL-2.0-only
title="devices come and go while the guest runs, with stock drivers"
cpu_counts="1 2"

arguments() {
	printf '%s\n' \
		--device shutdown \
		--add-after 1,heartbeat,period-ms=100 \
		--rescind-after 1,heartbeat,reoffer=0.2,count=3 \
		--rescind-after 1,shutdown
}

guest() {
	cat <<'END'
stock hv_utils
gone() { ! vmbus_device "$1" >/dev/null; }
# hv_utils says so each time that it has negotiated
bound() { [ "$(dmesg | grep -c "Heartbeat IC version")" -eq 4 ]; }
await 20 gone "$SHUTDOWN" || fail "the shutdown device is still there"
await 60 bound || fail "the heartbeat device came $(dmesg | grep -c "Heartbeat IC version") times"
[ "$(driver_of "$(vmbus_device "$HEARTBEAT")")" = hv_utils ] || fail "the last one is not bound"
END
}

check() {
	is "offered" "$(device_field heartbeat offers)" 4
	is "opened" "$(device_field heartbeat opens)" 4
	is "taken away" "$(device_field heartbeat rescinds)" 3
	is "the other is gone for good" "$(device_field shutdown rescinds)" 1
	is "no protocol errors" "$(protocol_errors)" 0
}
