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

guest() {
	echo kmcl
	case $variant in
	large)
		echo "checks external groups=external"
		echo "checks requests groups=request cases=external_*"
		;;
	small) echo "checks bounce groups=bounce" ;;
	esac
	# That mappings were bounced at all
	echo 'cat $DEBUG/swiotlb/io_tlb_used_hiwater 2>/dev/null | sed "s/^/most /" | put swiotlb'
	echo "unload kmcl_vmbus; unload kmcl"
}

check() {
	case $variant in
	large)
		cases external
		cases requests
		;;
	small) cases bounce ;;
	esac
	is "no protocol errors" "$(protocol_errors)" 0
}
