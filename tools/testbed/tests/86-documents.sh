# SPDX-License-Identifier: GPL-2.0-only
# The code on these pages, taken out by doc-code, is built the way they say: against a
# kmcl that DKMS has installed, or rather what a driver of another tree sees of it.
title="the code in the documents compiles without a warning, and does what they say"
cpu_counts=2
timeout=240
DOCUMENTS="writing-a-driver porting-from-windows loopback"
FIRST=d3000000-0000-4000-8000-000000000001
SECOND=d3000000-0000-4000-8000-000000000002

work() { printf '%s\n' "$SHARE/documents/$kernel"; }

# installed_kmcl RELEASE: as /var/lib/dkms/kmcl
installed_kmcl() {
	local modules dir
	modules=$("$TESTBED/modules.sh" --copy "$(work)/modules" "$kernel")
	dir=$(work)/kmcl/1/$1/x86_64
	mkdir -p "$dir"
	cp "$modules/Module.symvers" "$dir/"
	ln -s "$modules" "$(work)/kmcl/1/source"
	ln -s "1/$1/x86_64" "$(work)/kmcl/kernel-$1-x86_64"
}

# Sparse, too, but for Windows sources, of which it knows nothing
compile() {
	local name dir release check
	release=$(cat "$("$TESTBED/kernels.sh" "$kernel")/release")
	installed_kmcl "$release"
	for name in $DOCUMENTS; do
		(cd "$TOP" && "$TESTBED/doc-code" "Documentation/$name.md" "$(work)/code") || return
	done
	for dir in "$(work)"/code/*/; do
		check=0
		if command -v sparse >/dev/null && ! grep -q wdk "$dir/Kbuild"; then check=1; fi
		make -C "/lib/modules/$release/build" "M=${dir%/}" W=1 "C=$check" \
			"kmcl=$(work)/kmcl/kernel-$release-x86_64" modules || return
	done
}

# build: leaves log, and ok if all is well; lists the modules for JOB_FILES
build() {
	local module
	mkdir -p "$(work)"
	if compile >"$(work)/log" 2>&1 </dev/null; then : >"$(work)/ok"; fi
	for module in "$(work)"/code/*/*.ko; do
		[ ! -e "$module" ] || printf 'lib/modules/%s=%s\n' "$(basename "$module")" "$module"
	done
}

arguments() {
	printf '%s\n' --device "echo,instance=$FIRST" --device "echo,instance=$SECOND" \
		--rescind-after "1,$FIRST,reoffer=0.2" \
		--device source,count=1000,min=16,max=2000 --device gpadl
}

guest() {
	mapfile -t JOB_FILES < <(build)
	[ -e "$(work)/ok" ] || return 0		# check() tells
	printf 'FIRST=%s SECOND=%s\n' "$FIRST" "$SECOND"
	cat <<'END'
said() { [ "$(dmesg | grep -c "$1")" -ge "$2" ]; }
# says MODULE TEXT [TIMES]
says() {
	await 60 said "$1: $2" "${3:-1}" || {
		for dir in $DEBUG/kmcl/*; do cat $dir/state $dir/stats; done | put stuck
		fail "$1 does not say: $2"
	}
}
kmcl
mount -t tracefs none /sys/kernel/tracing
echo 1 >/sys/kernel/tracing/events/kmcl/kmcl_state/enable
put modalias "/sys/bus/vmbus/devices/$FIRST/modalias"

# reserve NAME: the second device is for the channel of that name
reserve() { echo "$1" >"/sys/bus/vmbus/devices/$SECOND/driver_override"; }

reserve guide_send
load guide_first
says guide_first "18 bytes sent, 24 came back"
# Taken away and offered again
says guide_first "18 bytes sent, 24 came back" 2
# What it says is said in a callback, which may not have returned
active() { grep -Fxq active "$DEBUG/kmcl/$1/state"; }
await 60 active guide_first || true
put state $DEBUG/kmcl/guide_first/state

load guide_send
says guide_send "1000 packets"
says guide_send "scatterlist"
put counters $DEBUG/kmcl/guide_send/stats
unload guide_send

load guide_receive
state() { grep -Fxq "$1" $DEBUG/kmcl/guide_receive/state; }
await 60 state active || fail "guide_receive does not become active"
completed() { [ "$(sed -n 's/^incoming_completed //p' $DEBUG/kmcl/guide_receive/stats)" = "$1" ]; }
echo 1 >/sys/module/guide_receive/parameters/paused
put paused $DEBUG/kmcl/guide_receive/state
echo 0 >/sys/module/guide_receive/parameters/paused
await 60 completed 1000 || { put stuck $DEBUG/kmcl/guide_receive/stats; fail "guide_receive is not done"; }
unload guide_receive

load guide_share
says guide_share "65536 bytes shared"
unload guide_share

load kmcl_wdk
reserve CrcClient
load crcclient parameters=Count=1000
says crcclient "1000 requests"
put log $DEBUG/crcclient/log
await 60 active CrcClient || true
put named $DEBUG/kmcl/CrcClient/state
unload crcclient
unload kmcl_wdk

load kmcl_loopback
load guide_loopback
says guide_loopback "BOTH ENDS"
unload guide_loopback
unload kmcl_loopback

unload guide_first
grep kmcl_ /sys/kernel/tracing/trace | put trace
echo 0 >/sys/kernel/tracing/events/kmcl/kmcl_state/enable
unload kmcl_vmbus
unload kmcl
dmesg | sed -n 's/^\[[^]]*\] \(guide_\|crcclient\)/\1/p' | put said
END
}

page() { cat "$TOP/Documentation/$1.md"; }

# prints DOCUMENT MODULE: the module has printed each line that the document shows
prints() {
	local line
	while IFS= read -r line; do
		succeeds "prints '$line'" grep -Fxq -- "$line" "$JOB/files/said"
	done < <(page "$1" | sed -n "s/^    \($2: .*\)/\1/p")
}

# first_column DOCUMENT HEADING: the names there
first_column() {
	page "$1" | sed -n "/^| $2 |/,/^\$/p" | sed '1,2d' | cut -d'|' -f2 | grep -o '`[^`]*`' | tr -d '`'
}

# code_of FILE...: without comments
code_of() { gcc -fpreprocessed -dD -E -P -x c - < <(cd "$TOP/include" && cat "$@") 2>/dev/null; }

# same WHAT LIST EXPECTED
same() {
	local difference
	if difference=$(diff <(printf '%s\n' "$3") <(printf '%s\n' "$2")); then
		pass "$1"
	else
		fail "$1" "$difference"
	fi
}

# missing NAME...: those that the document at standard input does not mention
missing() {
	local text name
	text=$(cat)
	for name; do
		grep -qw -- "$name" <<<"$text" || printf '%s\n' "$name"
	done
}

server_functions() { code_of kmcl/server.h | grep -o '\<kmcl_[a-z_]*(' | tr -d '(' | sort -u; }
native_functions() { code_of kmcl/kmcl.h | grep -o '\<kmcl_[a-z_]*(' | tr -d '(' | sort -u; }

# What Windows' headers here declare for drivers to call
windows_functions() {
	code_of wdk/wdm.h wdk/wdf.h wdk/ntdef.h |
		grep -oE '\<((Ke|Ex|Rtl|Io|Mm|Zw|Wdf|Interlocked|Kd|Dbg|Insert|Remove|Initialize)[A-Z]\w*[a-z2]|IsListEmpty|PAGED_CODE)\(' |
		tr -d '(' | sort -u
}

# What they quote, but for messages of compilers and of the kernel
messages() {
	{
		page porting-from-windows | sed -n '/^| symptom |/,/^$/p' | cut -d'|' -f2
		page writing-a-driver | sed -n '/^`state` also says/,/^$/p' | tr '\n' ' '
	} | grep -o '"[^"]*"' | tr -d '"' |
		grep -vxE 'multi-character character constant|ignoring return value of|sleeping function called from invalid context'
}

unknown_messages() {
	local message
	messages | sort -u | while IFS= read -r message; do
		grep -rqF -- "$message" "$TOP/drivers" "$TOP/include" || printf '%s\n' "$message"
	done
}

check_code() {
	if [ ! -e "$(work)/ok" ]; then
		fail "the code compiles" "$(tail -n 20 "$(work)/log")"
		return 1
	fi
	pass "the code compiles"
	is "without a warning" "$(grep -iE 'warning|error:' "$(work)/log" | grep -v 'the compiler differs')" ""
}

check_guide() {
	local name
	for name in guide_first guide_send guide_receive guide_share; do
		prints writing-a-driver "$name"
	done
	is "every form of external data arrives" "$(file said | grep -c 'guide_send: [a-z]*: [0-9]* bytes are right')" 5
	is "so do packets that want no answer" "$(device "$SECOND" oneway)" 2
	prints loopback guide_loopback
	is "every packet of the source was completed rightly" "$(device source completed)" 1000
	is "and in no other way" "$(stat '[.devices[] | select(.device == "source").counters | .duplicate, .unknown, .mismatched] | add')" 0
	is "the module's alias is the device's" "$(tr '\0' '\n' <"$(work)/code/guide/guide_first.ko" | sed -n 's/^alias=//p')" "$(file modalias)"
	is "active" "$(file state)" active
	is "paused" "$(file paused)" paused
	is "opened again after it was taken away" "$(device_field "$FIRST" opens)" 2
	matches "events can be seen" "$(file trace)" 'kmcl_state: guide_first enabled -> opening'
}

check_port() {
	prints porting-from-windows crcclient
	is "the log in debugfs has the same" "$(file log)" "$(file said | grep crcclient)"
	is "the channel has its name" "$(file named)" active
	is "the host has seen external data" "$(device "$SECOND" gpa_packets)" $((6 + 1001))
}

check_names() {
	same "every counter is explained" "$(first_column writing-a-driver counter | sort)" "$(file counters | cut -d' ' -f1 | sort)"
	same "every event is explained" "$(first_column writing-a-driver event | sort)" \
		"$(sed -n 's/^TRACE_EVENT(\(.*\),/\1/p;s/^DEFINE_EVENT([^ ]*, \(.*\),/\1/p' "$TOP/drivers/kmcl/trace.h" | sort)"
	is "every function is mentioned" "$(page writing-a-driver | missing $(native_functions))" ""
	is "every function of a server is mentioned" "$(page loopback | missing $(server_functions))" ""
	is "every function that is mentioned exists" \
		"$(for name in $DOCUMENTS; do page "$name"; done | grep -o '\<kmcl_[a-z_]*(' | tr -d '(' | sort -u | comm -23 - <({ native_functions; server_functions; } | sort -u))" ""
	is "every function of Windows is listed" \
		"$(page porting-from-windows | sed -n '/^## What there is/,/^## What is not/p' | missing $(windows_functions))" ""
	same "the client interface is in its order" "$(first_column porting-from-windows function)" \
		"$(code_of wdk/vmbuskernelmodeclientlibapi.h | tr '\n' ' ' | grep -o 'struct _KMCL_CLIENT_INTERFACE_V1 {[^}]*' | grep -o '\<Vmb[A-Za-z]*')"
	same "the server's functions are in theirs" "$(first_column porting-from-windows 'server function')" \
		"$(code_of wdk/vmbuskernelmodeclientlibapi.h | tr '\n' ' ' | grep -o 'struct _KMCL_SERVER_ONLY_METHODS {[^}]*' | grep -o '\<Vmb[A-Za-z]*')"
	same "every flag of a server is explained" "$(first_column porting-from-windows 'server flag' | sort)" \
		"$(code_of wdk/vmbuskernelmodeclientlibapi.h | grep -o '\<VMBUS_SERVER_CHANNEL_[A-Z_]*_FLAG_[A-Z_]*' | sort -u)"
	same "every flag is explained" "$(first_column porting-from-windows flag | sort)" \
		"$(code_of wdk/vmbuskernelmodeclientlibapi.h | grep -o '\<VMBUS_CHANNEL_[A-Z_]*_FLAG_[A-Z_]*' | sort -u)"
	at_least "there are messages" "$(messages | wc -l)" 10
	is "every message is one that is said" "$(unknown_messages)" ""
	is "every status exists" "$(page porting-from-windows | grep -o '\<STATUS_[A-Z_]*[A-Z]\>' | sort -u |
		comm -23 - <(grep -o '\<STATUS_[A-Z_]*[A-Z]\>' "$TOP/include/wdk/ntstatus.h" | sort -u))" ""
}

check() {
	check_code || return 0
	check_guide
	check_port
	check_names
	is "no protocol errors" "$(protocol_errors)" 0
}
