# SPDX-License-Identifier: GPL-2.0-only
# 31 and 16 MiB in one GPADL each: a header and some 400 bodies. Older kernels bind this driver
# only where there is a monitor.
title="stock uio_hv_generic: large GPADLs are made and torn down, the channel opens and closes"

arguments() { printf '%s\n' --device gpadl,monitor=on --device echo,silent=on,monitor=on; }

guest() {
	cat <<'END'
stock uio_hv_generic
drivers=/sys/bus/vmbus/drivers/uio_hv_generic
bound() { [ "$(driver_of "$1")" = uio_hv_generic ]; }
types="fae20227-5ec4-441d-bd90-faafe4a5ce37 97683cbb-ecf6-4c20-bb86-35f8ba0e67f4"
for type in $types; do
	echo $type >$drivers/new_id
	await 20 bound "$(vmbus_device $type)" || fail "$type is not bound"
done
for type in $types; do
	device=$(vmbus_device $type)
	uio=$(ls "/sys/bus/vmbus/devices/$device/uio")
	for round in 1 2 3; do
		exec 3<>"/dev/$uio"
		exec 3>&-
	done
	echo "$device" >$drivers/unbind
done
END
}

check() {
	local in=.vmbus.messages_in out=.vmbus.messages_out
	is "the channel opens" "$(device_field gpadl opens)" 3
	is "the other one, too" "$(device_field echo opens)" 3
	at_least "large GPADLs need bodies" "$(stat $in.gpadl_body)" 800
	is "every GPADL is answered" "$(stat $out.gpadl_created)" "$(stat $in.gpadl_header)"
	is "every teardown is confirmed" "$(stat $out.gpadl_torndown)" "$(stat $in.gpadl_teardown)"
	is "no GPADL is left" "$(stat .vmbus.gpadls)" 0
	is "no protocol errors" "$(protocol_errors)" 0
}
