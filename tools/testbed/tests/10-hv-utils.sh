# SPDX-License-Identifier: GPL-2.0-only
# The proof that hvhost is right: a driver that we did not write works on it.
title="stock hv_utils binds, negotiates, answers heartbeats, sets the clock, powers off"

arguments() {
	printf '%s\n' \
		--device heartbeat,period-ms=200 \
		--device timesync,offset=100000 \
		--device shutdown,after=3
}

guest() {
	cat <<'END'
bound() { [ "$(driver_of "$(vmbus_device "$1")")" = "$2" ]; }
later() { [ "$(date +%s)" -ge $((begin + 90000)) ]; }

begin=$(date +%s)
stock hv_utils
for type in $HEARTBEAT $TIMESYNC $SHUTDOWN; do
	await 20 bound "$type" hv_utils || fail "$type is not bound to hv_utils"
done
await 20 later || fail "the host's time has not arrived"
echo "seconds $(($(date +%s) - begin))" | put clock
# From here on the host's shutdown request ends it: /sbin/poweroff
await 60 false || fail "no shutdown request came"
END
}

check() {
	matches "Linux sees Microsoft Hyper-V" "$(kernel_log)" "Hypervisor detected: Microsoft Hyper-V"
	matches "hv_vmbus negotiates 5.3" "$(kernel_log)" "Vmbus version:5\.3"
	at_least "heartbeats are answered" "$(device heartbeat answered)" 5
	at_least "the clock is set: offset in seconds" "$(figure clock seconds)" 90000
	at_least "the shutdown request is answered" "$(device shutdown acknowledged)" 1
	is "no protocol errors" "$(protocol_errors)" 0
}
