# SPDX-License-Identifier: GPL-2.0-only
title="stock hv_utils signals through the monitor page where the offer says so"
variants="5.3 3.0"

arguments() {
	printf '%s\n' \
		--vmbus-version "$variant" \
		--device heartbeat,period-ms=50,monitor=on \
		--device timesync,monitor=on,mmio-mb=8 \
		--device shutdown,after=3
}

guest() {
	cat <<'END'
stock hv_utils
bound() { [ "$(driver_of "$(vmbus_device "$SHUTDOWN")")" = hv_utils ]; }
await 20 bound || fail "hv_utils is not bound"
for type in $HEARTBEAT $TIMESYNC $SHUTDOWN; do
	dir=/sys/bus/vmbus/devices/$(vmbus_device $type)
	echo "id $(cat "$dir/monitor_id" 2>/dev/null || echo none)" | put "monitor-$type"
done
await 60 false || fail "no shutdown request came"
END
}

check() {
	at_least "heartbeats are answered" "$(device heartbeat answered)" 10
	is "none with a wrong number" "$(device heartbeat wrong_seq)" 0
	at_least "they are signalled through the page" "$(channel heartbeat monitor_signals_in)" 10
	is "and by no hypercall" "$(channel heartbeat signals_in)" 0
	at_least "timesync, too" "$(channel timesync monitor_signals_in)" 1
	is "the shutdown device has no monitor" "$(channel shutdown monitor_signals_in)" 0
	at_least "and is signalled by hypercalls" "$(channel shutdown signals_in)" 1
	is "Linux knows the monitor id" "$(figure monitor-57164f39-9115-4e78-ab55-382f3bd5422d id)" 0
	is "of both" "$(figure monitor-9527e630-d0ae-497b-adce-e80ab0175caf id)" 1
	at_least "the shutdown request is answered" "$(device shutdown acknowledged)" 1
	is "no protocol errors" "$(protocol_errors)" 0
}
