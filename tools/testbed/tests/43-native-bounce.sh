# SPDX-License-Identifier: GPL-2.0-only
title="external data through swiotlb, as in a confidential VM; and what happens when it is full"
cpu_counts=1
timeout=600
variants="large small"
case $variant in
large) append="swiotlb=force" ;;
small)
	append="swiotlb=512,force"
	allow=("swiotlb buffer is full")
	;;
esac

arguments() {
	check_device echo echo
	check_device echo silent,silent=on
	check_device echo pair,hold=2,idle-ms=60000
	check_device echo forty,hold=40,idle-ms=60000
	check_device echo shuffle,hold=8,order=random
	check_device echo invert,gpa-write=on
	check_device echo storm,gpa-write=on,hold=8,order=random
}

# What each guest's kernel says of bounced mappings. One before 6.4 keeps no mark of the most
# that were in use: there the first of them are looked for in the trace.
guest() {
	cat <<'END'
mark=$DEBUG/swiotlb/io_tlb_used_hiwater
tracing=/sys/kernel/tracing
if [ ! -e $mark ]; then
	[ -d $tracing/events ] || mount -t tracefs none $tracing
	echo 1 >$tracing/events/swiotlb/swiotlb_bounced/enable
fi
kmcl
END
	case $variant in
	large)
		echo "checks external groups=external"
		echo "checks requests groups=request cases=external_*"
		;;
	small) echo "checks bounce groups=bounce" ;;
	esac
	cat <<'END'
if [ -e $mark ]; then
	cat $mark
else
	echo 0 >$tracing/events/swiotlb/swiotlb_bounced/enable
	head -n 100 $tracing/trace | grep -c swiotlb_bounced: || true
fi | sed "s/^/most /" | put swiotlb
unload kmcl_vmbus
unload kmcl
END
}

check() {
	case $variant in
	large)
		cases external
		cases requests
		;;
	small) cases bounce ;;
	esac
	at_least "mappings were bounced" "$(figure swiotlb most)" 1
	is "no protocol errors" "$(protocol_errors)" 0
}
