# SPDX-License-Identifier: GPL-2.0-only
title="how the guest ends is how hvhost ends"
kernels=6.12-amd64
cpu_counts=1
variants="status reset timeout"
timeout=90
kmsg=no
case $variant in
status) expect=$((32 + 5)) ;;
reset) expect=6 ;;
timeout) expect=5 timeout=15 ;;
esac

guest() {
	case $variant in
	status) echo "exit 5" ;;
	reset) echo "reboot -f; await 60 false" ;;
	timeout) echo "await 600 false" ;;
	esac
}
