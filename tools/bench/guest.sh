# SPDX-License-Identifier: GPL-2.0-only
# What the benchmark's guest runs (tools/testbed/guest-lib). The bench script puts
# in front: DRIVERS, SAMPLES, PACKETS, FLOWS (packets of one flow), WHERE (trace, yes or no).

DEPTHS="1 16 256"
SIZES="16 256 4096"
TURNS="1 2 3 4 5"
DRIVER=

# run NAME KIND DEPTH BYTES COUNT: measure, and hand the result out as DRIVER.NAME
run() {
	local name=$1
	shift
	echo "$*" >"$DEBUG/bench/run" || fail "$DRIVER: $*"
	put "$DRIVER.$name" "$DEBUG/bench/result"
}

# mark NAME: has L1 read its counters, and gives it the time to
mark() {
	say "mark $DRIVER.$1"
	usleep 200000
}

# marked NAME KIND DEPTH BYTES COUNT: with the exits that it costs, several times
marked() {
	local name=$1 turn
	shift
	for turn in $TURNS; do
		mark "$name.$turn.begin"
		echo "$*" >"$DEBUG/bench/run" || fail "$DRIVER: $*"
		mark "$name.$turn.end"
		put "$DRIVER.$name.$turn" "$DEBUG/bench/result"
	done
}

# What the marks cost by themselves
idle() {
	local turn
	for turn in $TURNS; do
		mark "idle.$turn.begin"
		mark "idle.$turn.end"
	done
}

# instance N
instance() { echo "be000000-0000-4000-8000-00000000000$1"; }

# open N: device N in the hands of $DRIVER
open() {
	local parameter=device=$1
	[ "$DRIVER" != wdk ] || parameter="parameters=Device=$1"
	[ "$DRIVER" != raw ] || override "$1" "$MODULE"
	load "$MODULE" "$parameter"
}

close() {
	unload "$MODULE"
	[ "$DRIVER" != raw ] || override "$1" ''
}

override() { echo "$2" >"/sys/bus/vmbus/devices/$(instance "$1")/driver_override"; }

echo_samples() {
	local depth bytes
	say "$DRIVER: sends and round trips, $SAMPLES samples each"
	run signal signal 1 16 "$SAMPLES"
	for bytes in $SIZES; do
		run "send-$bytes" send 16 "$bytes" "$SAMPLES"
		for depth in $DEPTHS; do
			run "trip-$depth-$bytes" trip "$depth" "$bytes" "$SAMPLES"
			[ "$depth" -gt 16 ] || run "off-$depth-$bytes" trip-off "$depth" "$bytes" "$SAMPLES"
		done
	done
}

echo_flows() {
	local depth bytes
	say "$DRIVER: exits, 5 times $FLOWS packets each; allocations, $PACKETS packets"
	idle
	for bytes in $SIZES; do
		marked "burst-$bytes" burst 1 "$bytes" "$FLOWS"
		marked "ping-$bytes" ping 1 "$bytes" "$FLOWS"
		for depth in $DEPTHS; do
			marked "flow-$depth-$bytes" flow "$depth" "$bytes" "$FLOWS"
		done
	done
	run allocations-warm flow 16 256 1000
	run allocations flow 16 256 "$PACKETS"
}

sources() {
	local device=2 bytes
	say "$DRIVER: packets from the host"
	for bytes in $SIZES; do
		open $device
		run "take-$bytes" take 16 "$bytes" "$SAMPLES"
		run "takeoff-$bytes" take-off 16 "$bytes" "$SAMPLES"
		marked "serve-$bytes" serve 16 "$bytes" "$FLOWS"
		close $device
		device=$((device + 1))
	done
}

# traced NAME KIND DEPTH BYTES: the instructions of one sample
traced() {
	local name=$1
	shift
	echo "$* 1" >"$DEBUG/bench/run" || fail "$DRIVER: $*"
	put "trace-$DRIVER-$name" "$DEBUG/bench_base/trace"
}

echo_traces() {
	say "$DRIVER: instructions of a send and of round trips, one by one"
	traced send-16 send-trace 16 16
	traced trip-1 trip-trace 1 16
	traced trip-16 trip-trace 16 16
}

source_traces() {
	say "$DRIVER: instructions of packets from the host, one by one"
	open 2
	traced take-16 take-trace 16 16
	close 2
}

measure() {
	DRIVER=$1
	MODULE=bench_$1
	say "$DRIVER"
	open 1
	echo_samples
	echo_flows
	[ "$WHERE" = no ] || echo_traces
	close 1
	sources
	[ "$WHERE" = no ] || source_traces
}

say "loading hv_vmbus, kmcl, kmcl_vmbus"
kmcl
case " $DRIVERS " in *" wdk "*) load kmcl_wdk ;; esac
load bench_base
load bench_bus
say "calibrating"
put calibration "$DEBUG/bench_base/calibration"
put allocations "$DEBUG/bench_base/allocations"
for driver in $DRIVERS; do measure "$driver"; done
put mitigations /sys/devices/system/cpu/vulnerabilities/spectre_v2
say "done"
